"""Writes the pictures of docs/story.md: the page ``make story`` leaves, and the sample desk in use.

    make images

Everybody in them is made up. The fonts are those of the certificates, so that they look alike on any machine.
"""

from __future__ import annotations

import base64
import io
import lzma
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from certsvc.client import Client
from tests.browser.chromium import running
from tests.tools import need

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "samples"))

from registration_desk import office  # noqa: E402  # lies in samples/, which is no package
from registration_desk.book import Book  # noqa: E402
from registration_desk.outbox import deliver_due  # noqa: E402
from registration_desk.pages import create_desk  # noqa: E402
from registration_desk.story import tell_story  # noqa: E402
from registration_desk.tale import CONTRACT  # noqa: E402
from registration_desk.telling import Teller  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
FONT: Final = ROOT / "templates" / "fonts" / "serif.ttf.xz"
DESK: Final = (1000, 1100)
PHONE: Final = (390, 1250)
COLOURS: Final = 128


def main() -> None:
    """Play the tale once in a temporary folder and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, running(need("chromium")) as browser:
        place = Path(folder) / "story"
        if not tell_story(place, Teller("zh", print, as_json=False)):
            raise SystemExit("the tale did not go as told; no picture was taken")
        _take(browser, (place / "story.html").as_uri(), DESK, "story")
        with _desk(Book(Path(folder) / "desk.db")) as url:
            _take(browser, f"{url}/applications/1", PHONE, "desk-application")
            _take(browser, f"{url}/", PHONE, "desk-home")


@contextmanager
def _desk(book: Book) -> Iterator[str]:
    """Serve a desk with two applications on their way; the certificate service is away."""
    said = {"employer": "e1", "specialty": "建筑工程", "qualification": "样本资格证书", **CONTRACT}
    for person in ("p1", "p2"):
        office.apply(book, "initial", person, said)
    office.confirm(book, 1)
    office.accept(book, 1)
    office.approve(book, 1)
    with Client("http://127.0.0.1:9", api_key="cs_none", sleep=lambda _: None) as nobody:
        deliver_due(book, nobody)
        server = make_server("127.0.0.1", 0, create_desk(book, nobody, nobody), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _take(browser: Browser, url: str, size: tuple[int, int], name: str) -> None:
    """Write what is seen first of a page."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="light", bypass_csp=True
    )
    page = context.new_page()
    page.goto(url)
    font = base64.b64encode(lzma.decompress(FONT.read_bytes())).decode("ascii")
    page.add_style_tag(
        content=f"@font-face {{ font-family: shown; src: url(data:font/ttf;base64,{font}) }} "
        "body { font-family: shown }"
    )
    page.evaluate("document.fonts.ready")
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.convert("RGB").quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)
    context.close()


if __name__ == "__main__":
    main()
