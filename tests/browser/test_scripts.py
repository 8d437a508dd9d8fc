"""What the script of /verify adds: camera, smaller photos, a dropped file. Every form works without it."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from certsvc.rendering.png import preview
from tests.browser.conftest import Visit
from tests.browser.instance import Instance
from tests.browser.symbols import hold_before_camera, photograph
from tests.browser.visitor import Visitor
from tests.conftest import ROOT

IN_FORCE: Final = "登记有效，请与纸面逐项核对"
LONGEST: Final = 3000
WATCH: Final = """(() => {
  const submit = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = async function () {
    const [file] = this.querySelector("input[type=file]").files;
    const bytes = Array.from(new Uint8Array(await file.arrayBuffer()));
    sessionStorage.setItem("went", bytes.map(one => one.toString(16).padStart(2, "0")).join(""));
    submit.call(this);
  };
})()"""
KEPT_READER: Final = {
    "jsQR.js": "bc40c8a15196236b2314db0856f72ca0b49980cd5413b8c852a7349f5fee0859",
    "LICENSE-jsQR.txt": "c6596eb7be8581c18be736c846fb9173b69eccf6ef94c5135893ec56bd92ba08",
}
"""jsqr 1.4.0, dist/jsQR.js and LICENSE, byte for byte."""
OWN_READER: Final = """globalThis.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(video) { return video.videoWidth > 0 ? [{rawValue: "TEXT"}] : []; }
}"""
PLAYING: Final = """new Promise(done => {
  const video = document.querySelector("#scan-video");
  if (video.videoWidth > 0) done();
  else video.addEventListener("playing", () => done(), {once: true});
})"""
DROP: Final = """([name, type, hex]) => {
  const file = new File([Uint8Array.from(hex.match(/../g), pair => parseInt(pair, 16))], name, {type});
  const held = new DataTransfer();
  held.items.add(file);
  for (const kind of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: held}));
}"""


def choose_and_send(visitor: Visitor, field: str, content: bytes, name: str, kind: str) -> bytes:
    """Choose a file in a field, press its button; returns the bytes of it that went up."""
    visitor.go("/verify")
    visitor.page.set_input_files(field, {"name": name, "mimeType": kind, "buffer": content})
    visitor.send(field)
    return bytes.fromhex(visitor.page.evaluate("sessionStorage.getItem('went')"))


def watch_forms(visitor: Visitor) -> Visitor:
    """Keep what a form holds at the moment it goes up; playwright does not show the files of a request."""
    visitor.page.add_init_script(WATCH)
    return visitor


def test_camera_opens_the_record_its_symbol_names(visit: Visit, instance: Instance, film: Path) -> None:
    """Only the token is taken from the picture: the page stays on this host, whatever port it has."""
    hold_before_camera(f"{instance.public_url}/v/{instance.valid.token}".upper(), film)
    visitor: Visitor = visit()
    visitor.go("/verify")
    with visitor.page.expect_navigation():
        visitor.page.click("#scan-start")

    assert visitor.page.url.startswith(f"{instance.url}/v/{instance.valid.token}")
    assert visitor.verdict == IN_FORCE
    # What the camera saw went nowhere: two pages, the style, the font, the scripts.
    assert {request.method for request in visitor.requests} == {"GET"}


def test_browsers_own_reader_is_preferred(visit: Visit, instance: Instance, film: Path) -> None:
    """A phone that can read symbols by itself never fetches the kept reader. Here one is pretended."""
    hold_before_camera("", film)
    visitor: Visitor = visit()
    visitor.page.add_init_script(
        OWN_READER.replace("TEXT", f"{instance.public_url}/v/{instance.valid.token}")
    )
    visitor.go("/verify")
    with visitor.page.expect_navigation():
        visitor.page.click("#scan-start")

    assert visitor.verdict == IN_FORCE
    assert not any("jsQR" in request.url for request in visitor.requests)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://evil.example/v/{token}", "指向其他网站"),
        ("http://l27.0.0.1:8000/v/{token}", "与本服务相似"),
        ("{public_url}/v/{token}x", "二维码的内容不是本服务的格式"),
    ],
    ids=["foreign", "look-alike", "damaged"],
)
def test_camera_never_opens_a_strange_link(
    visit: Visit, instance: Instance, film: Path, text: str, code: str
) -> None:
    """It is handed to the server as a text, and the page says whose it is not."""
    hold_before_camera(text.format(token=instance.valid.token, public_url=instance.public_url), film)
    visitor: Visitor = visit()
    visitor.go("/verify")
    with visitor.page.expect_navigation():
        visitor.page.click("#scan-start")

    assert visitor.opened[-1] == "/verify" and visitor.requests[-1].url.startswith(instance.url)
    assert visitor.page.locator(".verdict.refused").is_visible()
    assert code in visitor.words


def test_camera_is_closed_again(visit: Visit, instance: Instance, film: Path) -> None:
    """By its button: the light goes out, and the way in is as it was."""
    hold_before_camera("", film)
    visitor: Visitor = visit("en")
    visitor.go("/verify")
    visitor.page.click("#scan-start")
    visitor.page.wait_for_selector("#scan-stop:visible")
    visitor.page.evaluate(PLAYING)
    stream = visitor.page.evaluate_handle("document.querySelector('#scan-video').srcObject")
    visitor.page.click("#scan-stop")

    assert stream.evaluate("one => one.getTracks().map(track => track.readyState)") == ["ended"]
    assert visitor.page.locator("#scan-start").is_visible()
    assert visitor.page.evaluate("document.querySelector('#scan-video').srcObject") is None


def test_camera_that_may_not_be_used_is_said(visit: Visit, instance: Instance) -> None:
    """In a sentence with another way, not by a dead button."""
    visitor: Visitor = visit()
    visitor.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
    )
    visitor.go("/verify")
    visitor.page.click("#scan-start")
    visitor.page.wait_for_selector("#scan-start:visible")

    assert "未获准使用摄像头" in visitor.page.inner_text("#scan-said")


def test_without_a_camera_nothing_is_offered(visit: Visit, instance: Instance) -> None:
    """As in a chat program's own browser: the plain forms are all there is, and they are enough."""
    visitor: Visitor = visit()
    visitor.page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'mediaDevices', {value: undefined})"
    )
    visitor.go("/verify")

    assert not visitor.page.locator("#scan").is_visible()
    assert visitor.page.locator("#photo").is_visible()


def test_large_photo_goes_up_smaller_and_upright_and_is_still_read(visit: Visit, instance: Instance) -> None:
    """A photo of 6,000 pixels would take minutes in a building's cellar."""
    visitor = watch_forms(visit())
    text = f"{instance.public_url}/v/{instance.valid.token}".upper()
    photo = photograph(text, (4500, 6000), turned=True)
    sent = choose_and_send(visitor, "#photo", photo, "IMG_0001.jpg", "image/jpeg")

    assert visitor.verdict == IN_FORCE
    image = Image.open(io.BytesIO(sent))
    assert (image.format, image.size) == ("JPEG", (2250, LONGEST))
    assert image.getexif().get(0x0112, 1) == 1
    assert len(sent) < len(photo)


def test_small_photo_and_files_go_up_byte_for_byte(visit: Visit, instance: Instance) -> None:
    """A file whose bytes were touched could never be verified."""
    visitor = watch_forms(visit())
    photo = preview(instance.valid.file, 150)
    for content, name, kind in (
        (photo, "photo.png", "image/png"),
        (instance.valid.file, "证书.pdf", "application/pdf"),
        (instance.valid.ofd, "证书.ofd", "application/ofd"),
        (b"\xff\xd8\xff broken", "broken.jpg", "image/jpeg"),
    ):
        assert choose_and_send(visitor, "#file", content, name, kind) == content


def test_photo_is_read_without_scripts(visit: Visit, instance: Instance) -> None:
    """Whole, then; slower, and just as well."""
    visitor: Visitor = visit(scripts=False)
    photo = photograph(f"{instance.public_url}/v/{instance.valid.token}".upper(), (1500, 2000), turned=True)
    visitor.go("/verify")
    visitor.page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    visitor.send("#photo")

    assert visitor.verdict == IN_FORCE


def test_dropped_file_is_verified(visit: Visit, instance: Instance) -> None:
    """Anywhere on the page: no desk has to find the right spot."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    with visitor.page.expect_navigation():
        visitor.page.evaluate(DROP, ["证书.pdf", "application/pdf", instance.valid.file.hex()])

    assert visitor.verdict == "有效"


def test_buttons_are_ready_again_after_going_back(visit: Visit, instance: Instance) -> None:
    """Who verifies ten certificates in a row goes back nine times."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    visitor.upload(instance.valid.file)
    visitor.page.go_back()
    button = visitor.page.locator("form:has(#file) button")

    assert button.is_enabled() and button.inner_text() == "核验"


def test_kept_reader_is_the_published_one() -> None:
    """Another byte in somebody else's script is another script; its licence stands beside it."""
    folder = ROOT / "templates" / "web" / "vendor"
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    assert found == KEPT_READER
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert re.search(r"jsQR.*\n.*Apache License 2\.0", notice)
