"""Small unsigned PDF/A-2b files and stamps, written by hand so that each byte is known."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path as FilePath

from PIL import ImageCms

from certsvc.page.model import Path, Stamp
from certsvc.sealing.pdf_reference import seal_pdf
from certsvc.sealing.port import Signer

AT = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
PLAN = FilePath(__file__).parents[2] / "keys" / "pki.toml"
REASON = "签发 Issued"
LOCATION = "示例省 Example"

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">sample</rdf:li></rdf:Alt></dc:title>
<xmp:CreateDate>2026-11-20T03:04:05Z</xmp:CreateDate><xmp:ModifyDate>2026-11-20T03:04:05Z</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def a_stamp() -> Stamp:
    """A ring, a bar and a curve, some of it see-through."""
    ring = Path(
        segments=(
            ("M", 40.0, 20.0),
            ("C", 40.0, 31.0, 31.0, 40.0, 20.0, 40.0),
            ("C", 9.0, 40.0, 0.0, 31.0, 0.0, 20.0),
            ("C", 0.0, 9.0, 9.0, 0.0, 20.0, 0.0),
            ("C", 31.0, 0.0, 40.0, 9.0, 40.0, 20.0),
            ("Z",),
        ),
        stroke="#cc0000",
        width_mm=1.0,
        opacity=0.8,
    )
    bar = Path(segments=(("M", 10.0, 19.0), ("L", 30.0, 19.0), ("L", 30.0, 21.0), ("Z",)), fill="#cc0000")
    return Stamp(paths=(ring, bar), x_mm=130.0, y_mm=220.0, width_mm=40.0, height_mm=40.0)


@cache
def an_unsigned_pdf(*, page_extra: bytes = b"", catalog_extra: bytes = b"", objects: bytes = b"") -> bytes:
    """One A4 page with a grey box, PDF/A-2b, without fonts.

    Args:
        page_extra: put into the page's dictionary.
        catalog_extra: put into the catalog.
        objects: bodies of further objects from number 9 on, split by ``|``.
    """
    content = zlib.compress(b"0.5 g 100 100 200 300 re f")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 6 0 R /OutputIntents [7 0 R]" + catalog_extra + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.2756 841.8898] /Contents 4 0 R"
        b" /Resources << >>" + page_extra + b" >>",
        _stream(b"/Filter /FlateDecode", content),
        b"<< /Title (sample) /CreationDate (D:20261120030405Z) /ModDate (D:20261120030405Z) >>",
        _stream(b"/Type /Metadata /Subtype /XML", _XMP.encode()),
        b"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /DestOutputProfile 8 0 R >>",
        _stream(b"/N 3", profile),
        *(objects.split(b"|") if objects else []),
    ]
    return written(dict(enumerate(bodies, start=1)), root=1, info=5)


def written(bodies: Mapping[int, bytes], *, root: int, info: int | None = None) -> bytes:
    """Lay out numbered objects as a PDF 1.7 with one cross-reference table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in bodies.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(bodies) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number]
    name = hashlib.sha256(bytes(out)).hexdigest()[:32].encode()
    extra = b" /Info %d 0 R" % info if info else b""
    out += b"trailer\n<< /Size %d /Root %d 0 R%s /ID [<%s> <%s>] >>\n" % (size, root, extra, name, name)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def a_sealed_pdf(signer: Signer, unsigned: bytes | None = None, *, at: datetime = AT) -> bytes:
    """A sealed file, by default of the small unsigned sample."""
    base = an_unsigned_pdf() if unsigned is None else unsigned
    return seal_pdf(base, signer=signer, stamp=a_stamp(), at=at, reason=REASON, location=LOCATION)


def hole_of(sealed: bytes) -> tuple[int, int]:
    """Where the Contents string begins and ends, brackets included."""
    start = sealed.index(b"/Contents <") + len(b"/Contents ")
    return start, sealed.index(b">", start) + 1


def cms_of(sealed: bytes) -> bytes:
    """The container without its zero padding."""
    start, end = hole_of(sealed)
    raw = bytes.fromhex(sealed[start + 1 : end - 1].decode())
    size = int.from_bytes(raw[2:4], "big") + 4
    return raw[:size]


def with_container(sealed: bytes, container: bytes) -> bytes:
    """The same file with another container in its hole."""
    start, end = hole_of(sealed)
    digits = container.hex().upper().encode().ljust(end - start - 2, b"0")
    return sealed[: start + 1] + digits + sealed[end - 1 :]


def covered_of(sealed: bytes) -> bytes:
    """The bytes the signature is over."""
    start, end = hole_of(sealed)
    return sealed[:start] + sealed[end:]


def _stream(dictionary: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(content), content)
