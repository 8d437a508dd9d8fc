"""Fonts embedded in a PDF: what each code stands for, and whether a real glyph of that width is drawn."""

from __future__ import annotations

import re
from functools import lru_cache
from struct import unpack_from
from typing import Final, NamedTuple, Self

import uharfbuzz as hb

from certsvc.issuing.preflight_glyphs import glyphs_of
from certsvc.issuing.preflight_pdf_objects import OtherShapeError, PDFObjects, number_of, only, unpacked
from certsvc.page.fonts import SPACES

_NEAR: Final = 1.0
"""Thousandths of the size by which a width may differ from the font's own (ISO 19005-2, 6.2.11.5)."""
_COUNTED: Final = re.compile(rb"([0-9]{1,3}) beginbf(char|range)\n(.*?)endbf\2", re.DOTALL)
_CHARACTER: Final = re.compile(r"^<([0-9A-F]{2,4})> <([0-9A-F]{4,64})>$", re.MULTILINE)
_RANGE: Final = re.compile(r"^<([0-9A-F]{2,4})> <([0-9A-F]{2,4})> <([0-9A-F]{4,64})>$", re.MULTILINE)
_WIDTHS: Final = re.compile(rb"/Widths \[([0-9. \s-]*)\]")
_FIRST: Final = re.compile(rb"/FirstChar ([0-9]{1,3})(?![0-9])")
_CID_WIDTHS: Final = re.compile(rb"/W \[0 \[([0-9. -]*)\]\]")
_MAC: Final = (1, 0)
_TRIMMED: Final = 6
"""Format of a cmap subtable: glyphs of codes in a row."""


class FontParts(NamedTuple):
    """Everything of a file that says what one font shows."""

    font: bytes
    """The font's dictionary."""
    descendant: bytes
    """Of a font with codes of two bytes; empty otherwise."""
    to_glyphs: bytes
    """Stream; empty when codes are glyphs, or the font itself tells."""
    to_unicode: bytes
    """Stream."""
    file: bytes
    """Stream."""

    @classmethod
    def find(cls, objects: PDFObjects, number: int) -> Self:
        """Collect them. OtherShapeError when one is missing."""
        font = objects.body(number)
        descendant = to_glyphs = b""
        if b"/Subtype /Type0" in font:
            if b"/Encoding /Identity-H" not in font:
                raise OtherShapeError("another encoding")
            descendant = objects.body(number_of(b"DescendantFonts", font))
            if b"/CIDToGIDMap /Identity" not in descendant:
                to_glyphs = objects.stream(number_of(b"CIDToGIDMap", descendant))
        elif b"/Subtype /TrueType" not in font:
            raise OtherShapeError("another kind of font")
        descriptor = objects.body(number_of(b"FontDescriptor", descendant or font))
        return cls(
            font,
            descendant,
            to_glyphs,
            objects.stream(number_of(b"ToUnicode", font)),
            objects.stream(number_of(b"FontFile2", descriptor)),
        )


class ShownFont(dict[str, str]):
    """Code -> the character it extracts as, of those whose glyph was looked at."""

    def __init__(self, parts: FontParts) -> None:
        """Read the maps; glyphs are looked at when they are asked for."""
        super().__init__()
        content = unpacked(parts.file)
        self._real = glyphs_of(content)
        self._wide = bool(parts.descendant)
        self._digits = 4 if self._wide else 2
        self._characters = _to_unicode(unpacked(parts.to_unicode), self._digits)
        if self._wide:
            self._first = 0
            self._widths = list(map(float, only(_CID_WIDTHS, parts.descendant).split()))
            stored = unpacked(parts.to_glyphs) if parts.to_glyphs else b""
            self._glyphs = unpack_from(f">{len(stored) // 2}H", stored) if stored else None
        else:
            self._first = int(only(_FIRST, parts.font))
            self._widths = list(map(float, only(_WIDTHS, parts.font).split()))
            self._glyphs = _mac_glyphs(hb.Face(content).reference_table("cmap").data)

    def text(self, codes: str) -> str:
        """Return what *codes*, hexadecimal digits, extract as. LookupError when one shows nothing real."""
        digits = self._digits
        if digits == 2:
            return "".join([self[codes[at : at + 2]] for at in range(0, len(codes), 2)])
        return "".join([self[codes[at : at + 4]] for at in range(0, len(codes), 4)])

    def __missing__(self, code: str) -> str:
        """Look at one glyph."""
        character, number = self._characters[code], int(code, 16)
        glyph = number if self._glyphs is None else self._glyphs[number]
        if len(character) != 1 or not glyph:
            raise LookupError(code)
        if self._wide:
            # The font keeps its own map: the glyph must be this very character's.
            own, advance_em = self._real[character]
            if own != glyph:
                raise LookupError(code)
        else:
            advance_em = self._real.advance_em(glyph, blank=character in SPACES)
        at = number - self._first
        if at < 0 or abs(self._widths[at] - 1000 * advance_em) > _NEAR:
            raise LookupError(code)
        self[code] = character
        return character


@lru_cache(maxsize=8)
def font_of(parts: FontParts) -> ShownFont:
    """Read a font. Those a template shares come with every file; others are soon forgotten."""
    return ShownFont(parts)


def _to_unicode(content: bytes, digits: int) -> dict[str, str]:
    """Read a CMap of single characters and ranges; a code may come once."""
    characters: dict[str, str] = {}
    blocks = _COUNTED.findall(content)
    told = 0
    for count, kind, packed in blocks:
        lines = packed.decode("ascii")
        found = (_CHARACTER if kind == b"char" else _RANGE).findall(lines)
        if not len(found) == lines.count("\n") == int(count):
            raise OtherShapeError("a map to Unicode in another form")
        for first, *last, shown in found:
            text = _utf_16(shown)
            characters[first] = text
            told += 1
            for step in range(1, int(last[0], 16) - int(first, 16) + 1 if last else 0):
                characters[f"{int(first, 16) + step:0{digits}X}"] = text[:-1] + chr(ord(text[-1]) + step)
                told += 1
    if content.count(b"beginbf") != len(blocks) or len(characters) != told:
        raise OtherShapeError("a map to Unicode in another form, or a code twice")
    if any(len(code) != digits for code in characters):
        raise OtherShapeError("codes of another length")
    return characters


def _utf_16(shown: str) -> str:
    """Read UTF-16BE in hexadecimal digits."""
    return chr(int(shown, 16)) if len(shown) == 4 else bytes.fromhex(shown).decode("utf-16-be")


def _mac_glyphs(cmap: bytes) -> tuple[int, ...]:
    """Return the glyph of each code of one byte in a font cut by the reference renderer."""
    (count,) = unpack_from(">H", cmap, 2)
    tables = [unpack_from(">HHI", cmap, 4 + 8 * each) for each in range(count)]
    at = next((offset for *platform, offset in tables if tuple(platform) == _MAC), None)
    if at is None or unpack_from(">H", cmap, at)[0] != _TRIMMED:
        raise OtherShapeError("no map of one-byte codes")
    first, size = unpack_from(">HH", cmap, at + 6)
    glyphs = unpack_from(f">{size}H", cmap, at + 10)
    return (*(0,) * first, *glyphs)
