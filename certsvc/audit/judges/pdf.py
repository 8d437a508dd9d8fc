"""What pyHanko, pdfium and zxing-cpp find in a PDF file; nothing of rendering/ or sealing/ is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Final
from xml.etree import ElementTree

import pypdfium2
import zxingcpp
from asn1crypto import x509
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certsvc.audit.judges.broken import JudgeError
from certsvc.audit.judges.xml import read_xml

METADATA: Final = "{urn:certsvc:e-licence:1#}"
_SHOWN: Final = re.compile(rb"<([0-9A-Fa-f]*)>\s*Tj")
_CODE_DIGITS: Final = 4
_NOTDEF: Final = b"0000"
_LINE_END_HYPHEN: Final = "\x02"
"""What pdfium says for a hyphen at the end of a line."""
_DPI: Final = (72, 150)
"""A whole symbol reads at the first; the second makes sure before it is called unreadable."""
_PT_PER_INCH: Final = 72
_QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


@dataclass(frozen=True, slots=True, kw_only=True)
class PDFSignature:
    """One signature as pyHanko judges it."""

    sound: bool
    """Digest and signature hold."""
    whole: bool
    """It covers the entire file, and nothing came later that a certification forbids."""
    signer: bytes
    """The signer's certificate, DER."""
    at: datetime | None
    """When it was signed, as the file says."""
    container: bytes
    """The CMS, DER, perhaps with zeros behind it."""
    covered: bytes
    """The bytes it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PDFFacts:
    """What is in a file."""

    signatures: tuple[PDFSignature, ...]
    metadata: Mapping[str, str]
    """E-licence metadata by their short names."""
    missing_glyphs: bool
    """A text of the page shows glyph 0."""


@lru_cache(maxsize=1)
def read_pdf(content: bytes, trusted: bytes, at: datetime) -> PDFFacts:
    """Open a PDF with pyHanko and judge its signatures; the last one is remembered for who asks next.

    Args:
        content: any bytes.
        trusted: the certificate (DER) of the key that should have signed it: the one root of trust here.
        at: instant at which certificates must be valid.

    Raises:
        JudgeError: pyHanko cannot open it.
    """
    try:
        reader = PdfFileReader(BytesIO(content))
        found, stamped = _embedded(reader, content)
        signatures = tuple(_judged(one, content, trusted, at, stamped=stamped) for one in found)
        return PDFFacts(
            signatures=signatures,
            metadata=_metadata(reader),
            missing_glyphs=any(map(_shows_notdef, _streams(reader))),
        )
    except JudgeError:
        raise
    except Exception as error:  # pyHanko raises KeyError, AssertionError and more on damaged files
        raise JudgeError(f"pyHanko: {type(error).__name__}") from error


def _embedded(reader: PdfFileReader, content: bytes) -> tuple[list[EmbeddedPdfSignature], bool]:
    """Return the signatures, and whether they are followed by one time stamp, of the whole document."""
    try:
        stamps = reader.embedded_timestamp_signatures
        return reader.embedded_regular_signatures, len(stamps) == 1 and _is_last(stamps[0])
    except AttributeError:
        # pyHanko stumbles over a field whose signature was taken out.
        if b"/ByteRange" in content:
            raise
        return [], False


def _is_last(stamp: EmbeddedPdfSignature) -> bool:
    """Tell whether a time stamp of the whole document is of these bytes, and of all there are."""
    token = stamp.signed_data["encap_content_info"]["content"].parsed
    digest = bytes(token["message_imprint"]["hashed_message"].native)
    whole = stamp.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_FILE
    return whole and stamp.compute_digest() == digest


def _judged(
    embedded: EmbeddedPdfSignature, content: bytes, trusted: bytes, at: datetime, *, stamped: bool
) -> PDFSignature:
    root = _root(trusted)
    context = ValidationContext(trust_roots=[root], moment=at, allow_fetching=False)
    status = validate_pdf_signature(embedded, context)
    # A time stamp of the whole document, made before the file was handed out, is the one thing that may
    # follow; whatever else does, pyHanko calls a forbidden change.
    due = SignatureCoverageLevel.ENTIRE_REVISION if stamped else SignatureCoverageLevel.ENTIRE_FILE
    start, first, second, rest = (int(number) for number in embedded.byte_range)
    return PDFSignature(
        sound=bool(status.intact and status.valid),
        whole=status.coverage >= due and status.docmdp_ok is not False,
        signer=bytes(embedded.signer_cert.dump()),
        at=embedded.self_reported_timestamp,
        container=bytes(embedded.pkcs7_content),
        covered=content[start : start + first] + content[second : second + rest],
    )


@lru_cache(maxsize=16)
def _root(certificate: bytes) -> x509.Certificate:
    """Return a root of trust; what asn1crypto works out about its names is kept with it."""
    return x509.Certificate.load(certificate)


def _metadata(reader: PdfFileReader) -> Mapping[str, str]:
    raw = reader.root["/Metadata"].data
    start, end = raw.find(b"<x:xmpmeta"), raw.rfind(b"</x:xmpmeta>")
    if start < 0 or end < 0:
        return {}
    return dict(_named(read_xml(raw[start : end + len(b"</x:xmpmeta>")])))


def _named(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for element in root.iter():
        if element.tag.startswith(METADATA):
            yield element.tag.removeprefix(METADATA), element.text or ""


def _streams(reader: PdfFileReader) -> Iterator[bytes]:
    kids = reader.root["/Pages"]["/Kids"]
    for place in range(len(kids)):
        contents = kids[place]["/Contents"]
        parts = [contents] if hasattr(contents, "data") else [contents[at] for at in range(len(contents))]
        yield from (part.data for part in parts)


def _shows_notdef(stream: bytes) -> bool:
    return any(
        shown[at : at + _CODE_DIGITS] == _NOTDEF
        for shown in _SHOWN.findall(stream)
        if _NOTDEF in shown
        for at in range(0, len(shown), _CODE_DIGITS)
    )


def text_of(content: bytes) -> str:
    """Return the text of the only page as pdfium extracts it. JudgeError when there is no such page."""
    document = _opened(content)
    try:
        if len(document) != 1:
            raise JudgeError(f"{len(document)} pages")
        page = document[0]
        text = page.get_textpage()
        try:
            return str(text.get_text_bounded()).replace(_LINE_END_HYPHEN, "-")
        finally:
            text.close()
            page.close()
    finally:
        document.close()


def symbols_of(content: bytes) -> tuple[str, ...]:
    """Return the texts of the QR symbols on the first page, as pdfium draws it and zxing-cpp reads it.

    Raises:
        JudgeError: pdfium cannot open it.
    """
    document = _opened(content)
    try:
        page = document[0]
        try:
            for dpi in _DPI:
                picture = page.render(scale=dpi / _PT_PER_INCH, grayscale=True).to_pil()
                if found := symbols_in(picture):
                    return found
            return ()
        finally:
            page.close()
    finally:
        document.close()


def symbols_in(picture: Image.Image) -> tuple[str, ...]:
    """Return the texts of the QR symbols in a picture."""
    return tuple(symbol.text for symbol in zxingcpp.read_barcodes(picture, formats=_QR))


def _opened(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise JudgeError("pdfium cannot open it") from error
