"""Every object a file of ours consists of, each in its one way of being written.

A shape is bytes with slots. Writing fills the slots; reading asks whether bytes are that shape with something
allowed in each slot. Both come from the same line below, so that they cannot drift apart.
"""

from __future__ import annotations

import re
from typing import Final

HEADER: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
END_OBJECT: Final = b"\nendobj\n"
END_STREAM: Final = b"\nendstream\nendobj\n"

CATALOG_NUMBER: Final = 1
PAGES_NUMBER: Final = 2
SIGNATURE_NUMBER: Final = 3
"""The only object out of order: it lies last, so that all before it can be finished before sealing."""
INTENT_NUMBER: Final = 4
PROFILE_NUMBER: Final = 5
STATIC_NUMBER: Final = 6
"""Content that is the same in every file of a template."""
APPEARANCE_NUMBER: Final = 7
FIELD_NUMBER: Final = 8
FIRST_FREE_NUMBER: Final = 9
"""From here on: fonts and images of the template, page, content, Info, metadata, own fonts and images."""
PER_FONT: Final = 6
"""Objects of one font: font, descendant, descriptor, file, the maps to glyphs and to Unicode."""

_INT: Final = rb"0|[1-9]\d{0,9}+"
_REAL: Final = rb"-?\d{1,9}+(?:\.\d{1,5}+)?"
_STATE: Final = rb"/GS\d{1,4} << /CA [01](?:\.\d{1,3})? /ca [01](?:\.\d{1,3})? >> "
_SLOTS: Final = {
    b"int": (b"", _INT, b""),
    b"real": (b"", _REAL, b""),
    b"box": (b"[", b" ".join([_REAL] * 4), b"]"),
    b"widths": (b"[", _REAL + b"(?: " + _REAL + b"){0,4999}+", b"]"),
    b"text": (b"<", rb"FEFF(?:[0-9A-F]{4}){0,1000}+", b">"),
    b"date": (b"(", rb"D:\d{14}Z", b")"),
    b"id": (b"<", rb"[0-9a-f]{32}", b">"),
    b"font": (b"/", rb"[A-Z]{6}\+[A-Za-z0-9\-]{1,60}+", b""),
    b"states": (b"<< ", b"(?:" + _STATE + b"){0,50}+", b">>"),
    b"fonts": (b"<< ", rb"(?:/F\d{1,6} \d{1,6} 0 R ){0,200}+", b">>"),
    b"images": (b"<< ", rb"(?:/X\d{1,6} \d{1,6} 0 R ){0,200}+", b">>"),
    b"space": (b"/Device", rb"RGB|Gray", b""),
    b"packing": (
        b"/",
        rb"DCTDecode|FlateDecode(?: /DecodeParms << /Predictor 15 /Colors [13] /Columns \d{1,6} >>)?",
        b"",
    ),
    b"mask": (b"", rb"(?: /SMask \d{1,6} 0 R)?", b""),
}
"""Slot -> what stands before its value, what the value may be, what stands behind it."""
_SLOT: Final = re.compile(rb"\{(\w+)\}")


class Shape:
    """One kind of object."""

    def __init__(self, model: bytes) -> None:
        """Take the body of the object, slots in braces."""
        pieces = _SLOT.split(model)
        form, pattern = b"", b""
        for constant, slot in zip(pieces[::2], [*pieces[1::2], None], strict=True):
            form += constant
            pattern += re.escape(constant)
            if slot is not None:
                before, value, behind = _SLOTS[slot]
                form += before + (b"%d" if slot == b"int" else b"%b") + behind
                pattern += re.escape(before) + b"(" + value + b")" + re.escape(behind)
        self._form = b"%d 0 obj\n" + form
        self.pattern: Final = re.compile(b"(" + _INT + rb") 0 obj\n" + pattern)
        """Matches the object's number, then each slot; of a stream up to its first byte."""
        self.is_stream: Final = model.endswith(b"stream\n")

    def write(self, number: int, *values: int | bytes) -> bytes:
        """Return a whole object without content."""
        return self._form % (number, *values) + END_OBJECT

    def write_stream(self, number: int, *values: int | bytes, content: bytes) -> bytes:
        """Return a whole stream; its length is the last slot."""
        return b"%b%b%b" % (self._form % (number, *values, len(content)), content, END_STREAM)

    def begin(self, number: int, *values: int | bytes) -> bytes:
        """Return an object without its end."""
        return self._form % (number, *values)


CATALOG: Final = Shape(
    b"<< /Type /Catalog /Pages 2 0 R /Lang (zh-CN) /Metadata {int} 0 R /OutputIntents [4 0 R]"
    b" /AcroForm << /Fields [8 0 R] /SigFlags 3 >> /Perms << /DocMDP 3 0 R >> >>"
)
PAGES: Final = Shape(b"<< /Type /Pages /Kids [{int} 0 R] /Count 1 >>")
INTENT: Final = Shape(
    b"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1)"
    b" /Info (sRGB IEC61966-2.1) /DestOutputProfile 5 0 R >>"
)
PROFILE: Final = Shape(b"<< /N 3 /Filter /FlateDecode /Length {int} >>\nstream\n")
CONTENT: Final = Shape(b"<< /Filter /FlateDecode /Length {int} >>\nstream\n")
APPEARANCE: Final = Shape(
    b"<< /Type /XObject /Subtype /Form /BBox {box} /Resources << /ExtGState {states} >>"
    b" /Filter /FlateDecode /Length {int} >>\nstream\n"
)
FIELD: Final = Shape(
    b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (CertsvcSeal) /F 132 /Rect {box} /P {int} 0 R /V 3 0 R"
    b" /AP << /N 7 0 R >> /Lock << /Type /SigFieldLock /Action /All /P 1 >> >>"
)
FONT: Final = Shape(
    b"<< /Type /Font /Subtype /Type0 /BaseFont {font} /Encoding /Identity-H /DescendantFonts [{int} 0 R]"
    b" /ToUnicode {int} 0 R >>"
)
DESCENDANT: Final = Shape(
    b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont {font}"
    b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /CIDToGIDMap {int} 0 R"
    b" /FontDescriptor {int} 0 R /DW 1000 /W [0 {widths}] >>"
)
DESCRIPTOR: Final = Shape(
    b"<< /Type /FontDescriptor /FontName {font} /Flags 4 /FontBBox {box} /ItalicAngle 0 /Ascent {real}"
    b" /Descent {real} /CapHeight {real} /StemV {real} /FontFile2 {int} 0 R >>"
)
FONT_FILE: Final = Shape(b"<< /Length1 {int} /Filter /FlateDecode /Length {int} >>\nstream\n")
TO_GLYPHS: Final = Shape(b"<< /Length {int} >>\nstream\n")
TO_UNICODE: Final = CONTENT
IMAGE: Final = Shape(
    b"<< /Type /XObject /Subtype /Image /Width {int} /Height {int} /ColorSpace {space}"
    b" /BitsPerComponent 8 /Filter {packing}{mask} /Length {int} >>\nstream\n"
)
PAGE: Final = Shape(
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {real} {real}] /Annots [8 0 R] /Contents [6 0 R {int} 0 R]"
    b" /Resources << /ExtGState {states} /Font {fonts} /XObject {images} >> >>"
)
INFO: Final = Shape(
    b"<< /Title {text} /Creator (certsvc) /Producer (certsvc) /CreationDate {date} /ModDate {date} >>"
)
METADATA: Final = Shape(b"<< /Type /Metadata /Subtype /XML /Length {int} >>\nstream\n")
SIGNATURE: Final = Shape(
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M {date} /Reason {text}"
    b" /Location {text} /Reference [<< /Type /SigRef /TransformMethod /DocMDP"
    b" /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>"
    b" << /Type /SigRef /TransformMethod /FieldMDP /Data 1 0 R"
    b" /TransformParams << /Type /TransformParams /Action /All /P 1 /V /1.2 >> >>]"
)
"""Up to its byte range, which only the length of the whole file tells."""
