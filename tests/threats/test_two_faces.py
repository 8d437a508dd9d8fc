"""A file that one program shows as a picture and another as a document is judged as the document."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from certsvc.domain.report import Kind
from certsvc.ofd.headers import CENTRAL_MAGIC, END_MAGIC
from certsvc.qr.encode import encode
from certsvc.qr.payload import verify_url
from tests.world import World

FORGED_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
)


def _photo_of(world: World, token: str, form: str) -> bytes:
    """Draw the symbol of a genuine copy, which anybody can photograph."""
    modules = encode(verify_url(world.settings.public_url, token))
    side = len(modules)
    image = Image.new("L", (side + 8, side + 8), 255)
    for row, cells in enumerate(modules):
        for column, dark in enumerate(cells):
            image.putpixel((column + 4, row + 4), 0 if dark else 255)
    packed = io.BytesIO()
    image.resize((600, 600), Image.Resampling.NEAREST).save(packed, form)
    return packed.getvalue()


def _with_comment(jpeg: bytes, comment: bytes) -> bytes:
    """Put a comment at the front of a JPEG, where PDF readers still look for their mark."""
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def _forged_ofd() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("OFD.xml", "<ofd:OFD xmlns:ofd='http://www.ofdspec.org/2016'/>")
    return packed.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_picture_with_a_package_behind_it_is_no_photo(world: World, form: str) -> None:
    """OFD readers open it by its end; the symbol in front is of somebody's genuine copy."""
    world.initial()
    photo = _photo_of(world, str(world.endorse()["token"]), form)
    assert world.verify(file=photo).status == "VALID", "the symbol alone leads to its record"

    for behind in (_forged_ofd(), _forged_ofd() + b"\n"):
        report = world.verify(file=photo + behind)
        assert report.kind is Kind.OFD
        assert report.verdict != "VALID"


def test_a_picture_with_a_pdf_in_its_comment_is_no_photo(world: World) -> None:
    """PDF readers take the mark anywhere in the first kilobyte."""
    world.initial()
    photo = _photo_of(world, str(world.endorse()["token"]), "JPEG")
    assert world.verify(file=_with_comment(photo, b"a fine day")).status == "VALID"

    report = world.verify(file=_with_comment(photo, FORGED_PDF))
    assert report.kind is Kind.PDF
    assert report.status != "VALID"


def test_a_photo_that_only_has_the_marks_of_a_package_is_a_photo(world: World) -> None:
    """Four bytes come by chance; a directory that ends where the end begins does not."""
    world.initial()
    photo = _photo_of(world, str(world.endorse()["token"]), "JPEG")

    for behind in (END_MAGIC, END_MAGIC + bytes(18), CENTRAL_MAGIC + END_MAGIC + b"\x11" * 18):
        assert world.verify(file=photo + behind).status == "VALID"
