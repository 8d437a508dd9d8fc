"""What must not be in a file of ours, looked for in every file before it is handed out.

Shadow attacks need something to hide in: a second annotation, a layer, a script, an attachment, an object
nobody uses yet. A file without them gives an attacker nothing to bring to life after sealing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from certsvc.pdf.update import read_update
from certsvc.sealing.pdf_syntax import BrokenPDFError, Name, PDFDict, PDFObject, Ref, Stream
from certsvc.sealing.read_pdf import PDFFile

_FORBIDDEN_KEYS: Final = frozenset(
    Name(key)
    for key in (
        b"AA", b"AF", b"Alternates", b"AlternateImages", b"Collection", b"EF", b"EmbeddedFiles", b"JS",
        b"JavaScript", b"NeedAppearances", b"NeedsRendering", b"OC", b"OCProperties", b"OpenAction", b"OPI",
        b"PieceInfo", b"PresSteps", b"Threads", b"Trans", b"URI", b"URLS", b"XFA",
    )
)  # fmt: skip
_FORBIDDEN_VALUES: Final = frozenset(
    Name(value)
    for value in (
        b"EmbeddedFile", b"Filespec", b"GoTo", b"GoToE", b"GoToR", b"Hide", b"ImportData", b"JavaScript",
        b"Launch", b"Movie", b"Named", b"OCG", b"OCMD", b"PS", b"Rendition", b"ResetForm", b"RichMedia",
        b"RichMediaExecute", b"SetOCGState", b"Sound", b"SubmitForm", b"Thread", b"URI",
    )
)  # fmt: skip
_TELLING_KEYS: Final = (Name(b"S"), Name(b"Subtype"), Name(b"Type"))
_FONT_FILES: Final = (Name(b"FontFile"), Name(b"FontFile2"), Name(b"FontFile3"))
_STRUCTURAL: Final = (Name(b"XRef"), Name(b"ObjStm"))
_WORD: Final = b" obj"
_NUMBERS: Final = re.compile(rb"(?<![0-9])\d{1,10} \d{1,5}\Z")
"""What stands before the word; no more than _LONGEST bytes, and one that is no digit."""
_LONGEST: Final = 16
_A, _F, _FONT, _SUBTYPE, _TYPE = (Name(key) for key in (b"A", b"F", b"Font", b"Subtype", b"Type"))
_NESTED: Final = (dict, list, Ref, Stream)
_PRINT_AND_LOCKED: Final = 4 | 128
_MAX_FAULTS: Final = 50


def lint_pdf(data: bytes) -> tuple[str, ...]:
    """Return what does not belong into a sealed file of ours, a sentence each; () is clean.

    Args:
        data: PDF bytes, sealed.
    """
    # Our own document time stamp is compared to the byte (pdf/update.py): what it follows is looked through.
    update = read_update(data)
    try:
        return tuple(islice(content_faults(PDFFile(data if update is None else update.base)), _MAX_FAULTS))
    except BrokenPDFError as fault:
        return (f"cannot be read: {fault}",)


def content_faults(file: PDFFile) -> Iterator[str]:
    """Yield the faults of an opened file one by one. BrokenPDFError where it cannot be followed."""
    reached: set[int] = set()
    for item in _walk(file, reached):
        yield from _dictionary_faults(file, item)
    yield from _seal_faults(file)
    yield from _leftover_faults(file, reached)


def _walk(file: PDFFile, reached: set[int]) -> Iterator[PDFDict]:
    """Yield every dictionary reachable from the trailer, direct ones too; note the numbers in *reached*."""
    # What a cross-reference stream says of itself is not content.
    own = {Name(key) for key in (b"Type", b"W", b"Index", b"Filter", b"DecodeParms", b"Length")}
    ahead: list[PDFObject] = [value for key, value in file.trailer.items() if key not in own]
    while ahead:
        item = ahead.pop()
        if isinstance(item, Ref):
            if item.number in reached:
                continue
            reached.add(item.number)
            item = file.get(item.number)
        if isinstance(item, Stream):
            item = item.dictionary
        # Numbers, names and strings are most of what a file holds: they have nothing in them.
        if isinstance(item, dict):
            yield item
            ahead += [value for value in item.values() if isinstance(value, _NESTED)]
        elif isinstance(item, list):
            ahead += [value for value in item if isinstance(value, _NESTED)]


def _dictionary_faults(file: PDFFile, item: PDFDict) -> Iterator[str]:
    if not _FORBIDDEN_KEYS.isdisjoint(item):
        for key in sorted(_FORBIDDEN_KEYS & item.keys()):
            yield f"/{key.decode()} is there"
    for key in _TELLING_KEYS:
        value = file.resolve(item[key]) if key in item else None
        if isinstance(value, Name) and value in _FORBIDDEN_VALUES:
            yield f"/{key.decode()} /{value.decode()} is there"
    if _A in item and _SUBTYPE in item:
        yield "an annotation has an action"
    if _F in item and not isinstance(file.resolve(item[_F]), int):
        # As a number it is an annotation's flags; else a file outside of this one.
        yield "/F names a file"
    for font in file.dictionary(item[_FONT]).values() if _FONT in item else ():
        if file.dictionary(font).get(_TYPE) != _FONT:
            yield "a font without its type"
    if file.resolve(item.get(_TYPE)) == _FONT:
        yield from _font_faults(file, item)


def _font_faults(file: PDFFile, font: PDFDict) -> Iterator[str]:
    if font.get(Name(b"Subtype")) == Name(b"Type0"):
        if len(file.array(font.get(Name(b"DescendantFonts")))) != 1:
            yield "a composite font without its descendant"
        return
    descriptor = file.dictionary(font.get(Name(b"FontDescriptor")))
    if not any(isinstance(file.resolve(descriptor.get(key)), Stream) for key in _FONT_FILES):
        name = file.resolve(font.get(Name(b"BaseFont")))
        yield f"font {name.decode('latin-1') if isinstance(name, bytes) else '?'} is not embedded"


def _seal_faults(file: PDFFile) -> Iterator[str]:
    """Check that the only form field and the only annotation is one locked, certifying signature."""
    form = file.dictionary(file.root.get(Name(b"AcroForm")))
    fields = file.array(form.get(Name(b"Fields")))
    annotations = [a for page in _pages(file) for a in file.array(page.get(Name(b"Annots")))]
    if len(fields) != 1:
        yield f"{len(fields)} form fields"
    if annotations != fields[:1]:
        yield f"{len(annotations)} annotations, or not the signature's"
    for item in fields[:1]:
        field = file.dictionary(item)
        if field.get(Name(b"FT")) != Name(b"Sig") or Name(b"Kids") in field:
            yield "the form field is no plain signature field"
        if field.get(Name(b"Subtype")) != Name(b"Widget") or field.get(Name(b"F")) != _PRINT_AND_LOCKED:
            yield "the signature's widget is not printed and locked"
        lock = file.dictionary(field.get(Name(b"Lock")))
        if (lock.get(Name(b"Action")), lock.get(Name(b"P"))) != (Name(b"All"), 1):
            yield "the signature field is unlocked"
        certified = file.dictionary(file.root.get(Name(b"Perms"))).get(Name(b"DocMDP"))
        if not isinstance(certified, Ref) or field.get(Name(b"V")) != certified:
            yield "the signature does not certify the document"
        if sorted(file.dictionary(field.get(Name(b"AP")))) != [b"N"]:
            yield "the signature has more than one appearance, or none"


def _pages(file: PDFFile) -> Iterator[PDFDict]:
    ahead = [file.root.get(Name(b"Pages"))]
    seen: set[int] = set()
    while ahead:
        item = ahead.pop()
        if isinstance(item, Ref):
            if item.number in seen:
                raise BrokenPDFError("pages in a circle")
            seen.add(item.number)
        node = file.dictionary(item)
        if Name(b"Kids") in node:
            ahead += file.array(node.get(Name(b"Kids")))
        else:
            yield node


def _leftover_faults(file: PDFFile, reached: set[int]) -> Iterator[str]:
    for number in sorted(file.places.keys() - reached):
        item = file.get(number)
        kind = item.dictionary.get(Name(b"Type")) if isinstance(item, Stream) else None
        if kind not in _STRUCTURAL:
            yield f"object {number} is not used"
    yield from (
        f"an object at byte {start} is in no cross-reference"
        for start in _objects(file.data)
        if start not in file.offsets
    )


def _objects(data: bytes) -> Iterator[int]:
    """Yield every byte at which ``12 0 obj`` stands, whatever is around it.

    The word is looked for first: a pattern tried at each byte of a file takes longer than all the rest.
    """
    at = data.find(_WORD)
    while at >= 0:
        end = at + len(_WORD)
        before = max(0, at - _LONGEST - 1)
        numbers = _NUMBERS.search(data[before:at])
        if numbers and not data[end : end + 1].isalnum() and data[end : end + 1] != b"_":
            yield before + numbers.start()
        at = data.find(_WORD, end)
