"""Writes docs/images: the demo certificate and the pages a person meets, from the samples (made-up people).

    make images

Everything stands on one day, so that a picture changes only when the page does.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from certsvc.cli.demo import DEMO_OPERATOR, PURPOSE, demo_operator, record_samples
from certsvc.config import load_settings
from certsvc.rendering.png import preview
from certsvc.web.app import create_app
from certsvc.wiring import Services, build, initialise
from tests.browser.chromium import running
from tests.portraits import Taken, as_file, portrait
from tests.readers.ofdjs import DPI, OFDJS
from tests.tools import NO_OFD_JS, PACKAGES, find_ofd_js

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
PUBLIC_URL: Final = "https://verify.example.cn"
STANDS_AT: Final = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
LATER: Final = timedelta(days=3)
LONG_STORY: Final = "京1992015202300016"
"""A sample to whom everything happened."""
PHONE: Final = (390, 844)
DESK: Final = (1280, 860)
CERTIFICATE_DPI: Final = 110
FROM_A_PHONE: Final = Taken(size=(1500, 2000), ground=(225, 225, 225), shadow=15)
COLOURS: Final = 128
LARGEST: Final = 300_000
"""Bytes; a picture nobody waits for."""

Scheme = Literal["light", "dark"]


class _Clock:
    """Stands still."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What there is to show."""

    file: bytes
    """An endorsed copy in force, PDF bytes."""
    ofd: bytes
    """The same as OFD."""
    second_class: bytes
    """An endorsed copy of a second-class constructor, PDF bytes."""
    token: str
    superseded: str
    """Token of a copy whose holder changed employer afterwards."""
    number: str
    """Registration number of the holder who visits 我的证书."""


def main() -> None:
    """Write every picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit(f"chromium is not on this machine: apt-get install {PACKAGES['chromium']}")
    script = find_ofd_js()
    if script is None:
        sys.exit(f"{NO_OFD_JS}: make tools")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        services, issued = _issue(Path(folder))
        _write("certificate.png", preview(issued.file, CERTIFICATE_DPI))
        _write("constructor-2.png", preview(issued.second_class, CERTIFICATE_DPI))
        with _served(services) as url, running(Path(chromium)) as browser:
            _write("ofd-certificate.png", _smaller(OFDJS(browser, script).draw(issued.ofd).picture))
            _photograph(browser, url, issued)
            _visit(browser, url, services, issued.number)
            _sit_down(browser, url, services)


def _issue(folder: Path) -> tuple[Services, Issued]:
    """Make an instance with the samples, two copies, and a change of employer between them and now."""
    clock = _Clock(STANDS_AT)
    settings = load_settings({"CERTSVC_DATA_DIR": str(folder), "CERTSVC_PUBLIC_URL": PUBLIC_URL})
    initialise(settings, dev=True, clock=clock)
    services = build(settings, clock)
    first, second, *_, last = record_samples(services)

    copy = _endorse(services, first)
    moved = _endorse(services, second)
    other = str(_endorse(services, last)["endorsement_id"])
    clock.instant += LATER
    services.recorder.record(
        {
            "source_id": "pictures-change-employer",
            "type": "change_employer",
            "effective_at": clock.instant.isoformat(),
            "registration_number": second,
            "employer": {"name": "示例城建有限公司", "uscc": "91990000MA0000015Q"},
        }
    )
    clock.instant += timedelta(hours=1)
    pdf, ofd = (
        services.enquiry.endorsement_file(str(copy["endorsement_id"]), fmt).content for fmt in ("pdf", "ofd")
    )
    second_class = services.enquiry.endorsement_file(other, "pdf").content
    return services, Issued(
        file=pdf,
        ofd=ofd,
        second_class=second_class,
        token=str(copy["token"]),
        superseded=str(moved["token"]),
        number=second,
    )


def _endorse(services: Services, number: str) -> Mapping[str, object]:
    return services.desk.endorse(number, {"purpose": PURPOSE}, client_id="pictures", key=number[1:]).body


@contextmanager
def _served(services: Services) -> Iterator[str]:
    """Serve in this process, where the clock stands."""
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _photograph(browser: Browser, url: str, issued: Issued) -> None:
    """Open each page as a person would and keep the first thing the screen shows."""
    with _opened(browser, PHONE, "light", "zh-CN") as page:
        page.goto(f"{url}/verify")
        _upload(page, issued.file)
        _write("page-valid-zh-390.png", page.screenshot())
        page.goto(f"{url}/verify")
        _upload(page, issued.file + b" ")
        _write("page-altered-zh-390.png", page.screenshot())
    with _opened(browser, PHONE, "dark", "zh-CN") as page:
        page.goto(f"{url}/v/{issued.token}")
        _write("page-record-dark-zh-390.png", page.screenshot())
    with _opened(browser, PHONE, "light", "zh-CN") as page:
        page.goto(f"{url}/photo")
        _upload(page, as_file(portrait(FROM_A_PHONE)), "photo.jpg", "image/jpeg", "#fixed")
        _write("page-photo-zh-390.png", page.screenshot())
    with _opened(browser, DESK, "light", "en-GB") as page:
        page.goto(f"{url}/v/{issued.superseded}")
        _write("page-superseded-en-1280.png", page.screenshot())


def _visit(browser: Browser, url: str, services: Services, number: str) -> None:
    """Come in to 我的证书 by a link, as its holder does, before and after a copy was made."""
    services.desk.original(number)
    with _opened(browser, PHONE, "light", "zh-CN") as page:
        _come_in(page, url, services, number)
        _write("my-zh-390.png", page.screenshot())
        page.click('a[href*="/endorse"]')
        page.fill("#purpose", PURPOSE)
        _write("my-endorse-zh-390.png", page.screenshot())
        form = page.url
        page.click("form:has(#purpose) button")
        page.wait_for_url("**/my/copies/**")
    with _opened(browser, PHONE, "dark", "zh-CN") as page:
        _come_in(page, url, services, number)
        page.goto(form)
        _write("my-taken-dark-zh-390.png", page.screenshot())
    with _opened(browser, DESK, "light", "en-GB") as page:
        _come_in(page, url, services, number)
        _write("my-en-1280.png", page.screenshot())


def _sit_down(browser: Browser, url: str, services: Services) -> None:
    """Work at the desk: a registration with its timeline, and what runs out."""
    password = demo_operator(services, services.settings.data_dir / "operator-password")
    with _opened(browser, DESK, "light", "zh-CN") as page:
        page.goto(f"{url}/desk/login")
        page.fill("#name", DEMO_OPERATOR)
        page.fill("#password", password)
        page.click("form:has(#password) button")
        page.wait_for_url("**/desk/")
        page.goto(f"{url}/desk/registrations/{LONG_STORY}")
        page.locator(".timeline").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('.timeline').scrollIntoView()")
        _write("operator-timeline-zh-1280.png", page.screenshot())
        page.goto(f"{url}/desk/expiring?within_days=730")
        _write("operator-expiring-zh-1280.png", page.screenshot())
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.goto(f"{url}/desk/registrations/{LONG_STORY}")
        _write("operator-registration-zh-390.png", page.screenshot())


def _come_in(page: Page, url: str, services: Services, number: str) -> None:
    path = urlsplit(services.holders.links.make(number, made_by="").url).path
    page.goto(f"{url}{path}")
    page.click("main button")
    page.wait_for_selector(".own")


@contextmanager
def _opened(browser: Browser, size: tuple[int, int], scheme: Scheme, locale: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale=locale,
        device_scale_factor=1.5,
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def _upload(
    page: Page,
    file: bytes,
    name: str = "certificate.pdf",
    kind: str = "application/pdf",
    then: str = "article",
) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": file})
    page.click("form:has(#file) button")
    page.wait_for_selector(then)


def _smaller(picture: bytes) -> bytes:
    """Bring a page as ofd.js drew it to the size of the other certificate."""
    image = Image.open(io.BytesIO(picture))
    size = round(image.width * CERTIFICATE_DPI / DPI), round(image.height * CERTIFICATE_DPI / DPI)
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()


def _write(name: str, picture: bytes) -> None:
    """Write a picture with a palette of its own: flat pages need few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(IMAGES / name, optimize=True)
    size = (IMAGES / name).stat().st_size
    print(f"{name:32} {image.width} x {image.height}  {size:7,} bytes")
    if size > LARGEST:
        sys.exit(f"{name} is larger than {LARGEST:,} bytes")


if __name__ == "__main__":
    main()
