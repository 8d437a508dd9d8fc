"""Small certificates written in one pass, and the same laid out anew around changes, signed by our key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from PIL import Image

from certsvc.page.model import DocumentFacts, Page, Path, Picture, TextRun
from certsvc.pdf.draft import CONTENTS, Draft
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.plan import Planner
from certsvc.sealing.pdf import seal_draft, sign_digest
from certsvc.sealing.port import Signer
from tests.images import file_of
from tests.page.sample import sample_fonts
from tests.sealing.samples import AT, LOCATION, REASON, a_stamp

FACTS = DocumentFacts(title="样张 sample", document_id="C1", created_at="2026-11-20T03:04:05Z", metadata=())
_OBJECT = re.compile(rb"(?<=\n)(\d{1,3}) 0 obj\n")


def a_small_page() -> Page:
    """Everything a page can have, a little of each: two cuts of a font, a photo, a picture with a mask."""
    clear = Image.new("RGBA", (6, 4), (10, 20, 30, 40))
    return Page(
        width_mm=100,
        height_mm=80,
        static=(
            Path(segments=(("M", 5.0, 5.0), ("L", 95.0, 5.0)), stroke="#c2a368", opacity=0.5),
            TextRun(text="样张", x_mm=10, y_mm=20, size_pt=12, font="serif"),
        ),
        variable=(
            TextRun(text="姓名 1", x_mm=10, y_mm=30, size_pt=10, font="serif", field="name"),
            Picture(
                content=file_of(Image.new("RGB", (16, 16), (200, 100, 50)), "JPEG"),
                media="image/jpeg",
                x_mm=40,
                y_mm=30,
                width_mm=10,
                height_mm=10,
                field="photo",
            ),
            Picture(
                content=file_of(clear, "PNG"),
                media="image/png",
                x_mm=60,
                y_mm=30,
                width_mm=6,
                height_mm=4,
                field="signature",
            ),
        ),
        stamp=a_stamp(),
    )


@cache
def a_renderer() -> PDFRenderer:
    """Make one for the run."""
    return PDFRenderer(Planner(sample_fonts()))


@cache
def a_draft() -> Draft:
    """The small page before its seal."""
    return a_renderer().render(a_small_page(), FACTS)


def a_compiled_pdf(signer: Signer, draft: Draft | None = None) -> bytes:
    """The small page, or another draft, sealed."""
    return seal_draft(draft or a_draft(), signer=signer, at=AT, reason=REASON, location=LOCATION)


def objects_of(sealed: bytes) -> Sequence[bytes]:
    """Every object of a file written in one pass, whole, in its order; the signature's is the last."""
    starts = [found.start() for found in _OBJECT.finditer(sealed)]
    # Chance puts the word into no stream of the small page.
    return [sealed[at:end] for at, end in zip(starts, [*starts[1:], sealed.rindex(b"xref\n0 ")], strict=True)]


def laid_out(objects: Sequence[bytes], signer: Signer, *, trailer: bytes = b"", header: bytes = b"") -> bytes:
    """A file of these objects with right offsets, lengths of the byte range and a signature by *signer*.

    Args:
        objects: as objects_of() returns them, changed in any way; one has a hole.
        signer: whose key is misused.
        trailer: put into the trailer's dictionary.
        header: instead of ours.
    """
    body, places = header or b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", {}
    for part in objects:
        if found := re.match(rb"(\d+) 0 obj", part):
            places[int(found[1])] = len(body)
        body += part
    size = max(places) + 1
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        body += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    info = next((n for n, at in places.items() if b"<< /Title" in body[at : at + 30]), 1)
    name = hashlib.sha256(FACTS.document_id.encode()).hexdigest()[:32].encode()
    body += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R /ID [<%b> <%b>]" % (size, info, name, name)
    body += trailer + b" >>\nstartxref\n%d\n%%%%EOF\n" % start
    return signed_anew(body, signer)


def signed_anew(data: bytes, signer: Signer) -> bytes:
    """The same bytes with the byte range of their only hole and a good signature in it."""
    hole = data.rindex(CONTENTS + b"<") + len(CONTENTS)
    end = data.index(b">", hole) + 1
    found = list(re.finditer(rb"/ByteRange \[[0-9 ]*\] *", data[:hole]))[-1]
    byte_range = (b"/ByteRange [0 %d %d %d]" % (hole, end, len(data) - end)).ljust(len(found[0]) - 1) + b" "
    data = data[: found.start()] + byte_range[: len(found[0])] + data[found.end() :]
    container = sign_digest(signer, hashlib.sha256(data[:hole] + data[end:]).digest())
    digits = container.hex().upper().encode().ljust(end - hole - 2, b"0")
    return data[: hole + 1] + digits + data[end - 1 :]
