"""Files made to harm whoever opens them, written by hand: bombs, claims, traps."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from io import BytesIO
from typing import Final

import pikepdf
from PIL import Image

PNG: Final = b"\x89PNG\r\n\x1a\n"
TWO_GIGABYTES: Final = 2 << 30


@cache
def deflated_zeros(size: int) -> bytes:
    """Return *size* zeros, deflated to a thousandth; one deflated piece is repeated, which is quick."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = packer.compress(bytes(size % (1 << 20))) + packer.flush(zlib.Z_FINISH)
    checksum = struct.pack(">I", (size % 65_521) << 16 | 1)
    return b"\x78\xda" + piece * (size >> 20) + rest + checksum


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def a_png(width: int, height: int, pixels: bytes, *more: bytes, depth: int = 8, colours: int = 2) -> bytes:
    """Return a PNG whose header claims a size, whatever its deflated *pixels* hold."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    return PNG + header + b"".join(more) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def a_pdf(*objects: bytes) -> bytes:
    """Return a PDF of numbered objects with a right cross-reference table; number 1 is the catalog."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def a_stream(content: bytes, words: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (words, len(content), content)


def a_page(
    content: bytes, *, words: bytes = b"", resources: bytes = b"", more: Iterable[bytes] = ()
) -> bytes:
    """Return a PDF of one page with this content stream object; *more* are objects from number 5 on."""
    return a_pdf(
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % words,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents 4 0 R >>"
        % resources,
        content,
        *more,
    )


def a_picture_page(image: bytes) -> bytes:
    """Return a PDF whose one page is the image object."""
    draw = a_stream(b"q 595 0 0 842 0 0 cm /I Do Q")
    return a_page(draw, resources=b"/XObject << /I 5 0 R >>", more=(image,))


def _image(width: int, height: int, pixels: bytes, colours: bytes = b"/DeviceRGB") -> bytes:
    words = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8"
    return a_stream(pixels, words % (width, height, colours) + b" /Filter /FlateDecode")


def pages(count: int) -> bytes:
    """Return a PDF of so many blank pages."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + count))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    return a_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        *([page] * count),
    )


def encrypted() -> bytes:
    """Return a PDF that wants a password."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pages(1))) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def with_script_and_attachment() -> bytes:
    """Return a PDF that runs a script, calls home when opened and carries a program."""
    words = (
        b"/OpenAction << /S /JavaScript /JS (app.launchURL\\('http://127.0.0.1/'\\)) >> "
        b"/AA << /WC << /S /URI /URI (file:///etc/passwd) >> >> "
        b"/Names << /EmbeddedFiles << /Names "
        b"[(a.exe) << /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>] >> >>"
    )
    return a_page(a_stream(b""), words=words, more=(a_stream(b"MZ" * 50, b"/Type /EmbeddedFile"),))


def many_scans() -> bytes:
    """Return a progressive JPEG of 100,000 empty scans; each walks the whole picture, which took 38 s."""
    out = BytesIO()
    Image.effect_noise((1500, 2100), 40).convert("RGB").save(out, "JPEG", progressive=True)
    photo = out.getvalue()
    last = photo.rindex(b"\xff\xda")
    empty = photo[last : last + 2 + int.from_bytes(photo[last + 2 : last + 4], "big")]
    return photo[:-2] + empty * 100_000 + b"\xff\xd9"


def truncated_jpeg() -> bytes:
    """Return the first half of a photo."""
    out = BytesIO()
    Image.effect_noise((800, 600), 40).save(out, "JPEG")
    return out.getvalue()[: len(out.getvalue()) // 2]


def nested(depth: int) -> bytes:
    """Return a PDF whose catalog holds arrays in arrays."""
    return a_page(a_stream(b""), words=b"/X " + b"[" * depth + b"]" * depth)


def a_form_in_a_circle() -> bytes:
    """Return a PDF whose page draws a form that draws itself, many times over."""
    form = a_stream(
        b"/F Do " * 1000,
        b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /F 5 0 R >> >>",
    )
    return a_page(a_stream(b"/F Do " * 1000), resources=b"/XObject << /F 5 0 R >>", more=(form,))


HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "PDF, page content of 2 GB": lambda: a_page(
        a_stream(deflated_zeros(TWO_GIGABYTES), b"/Filter /FlateDecode")
    ),
    "PDF, picture of 2 GB": lambda: a_picture_page(_image(8000, 8000, deflated_zeros(TWO_GIGABYTES))),
    "PDF, picture claiming 100,000 x 100,000": lambda: a_picture_page(
        _image(100_000, 100_000, deflated_zeros(1 << 20))
    ),
    "PDF, picture of 64 M pixels, CMYK": lambda: a_picture_page(
        _image(8000, 8000, deflated_zeros(4 * 64_000_000), b"/DeviceCMYK")
    ),
    "PDF, 100 pages": lambda: pages(100),
    "PDF, encrypted": encrypted,
    "PDF, script and attachment": with_script_and_attachment,
    "PDF, nested 100,000 deep": lambda: nested(100_000),
    "PDF, form in a circle": a_form_in_a_circle,
    "PDF, 10 MB of brackets": lambda: b"%PDF-1.7\n" + b"[" * 10_000_000,
    "PNG, pixels of 2 GB": lambda: a_png(7000, 7000, deflated_zeros(TWO_GIGABYTES)),
    "PNG, 64 M pixels and one row": lambda: a_png(8000, 8001, deflated_zeros(8001 * 24_001)),
    "PNG, 64 M pixels": lambda: a_png(8000, 8000, deflated_zeros(8000 * 24_001)),
    "PNG, 64 M pixels, 16 bits, see-through": lambda: a_png(
        8000, 8000, deflated_zeros(8000 * 64_001), depth=16, colours=6
    ),
    "PNG, claiming a billion pixels": lambda: a_png(31_700, 31_700, zlib.compress(b"")),
    "PNG, comment of 2 GB": lambda: a_png(
        300, 300, zlib.compress(bytes(300 * 901)), chunk(b"zTXt", b"C\0\0" + deflated_zeros(TWO_GIGABYTES))
    ),
    "JPEG, 100,000 scans": many_scans,
    "JPEG, truncated": truncated_jpeg,
    "10 MB of zeros": lambda: bytes(10 << 20),
    "nothing": lambda: b"",
}
