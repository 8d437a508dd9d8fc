"""Fonts embedded in a PDF: what each code stands for, and whether a real glyph of that width is drawn."""

from __future__ import annotations

import re
import zlib
from codecs import utf_16_be_decode
from functools import lru_cache
from struct import unpack
from typing import Final, NamedTuple

from certsvc.issuing.preflight_glyphs import glyphs_of

_NEAR: Final = 1.0
"""Thousandths of the size by which a width may differ from the font's own (ISO 19005-2, 6.2.11.5)."""
_LARGEST: Final = 16 << 20
_COUNTED: Final = re.compile(
    rb"([0-9]{1,3}) beginbfchar\n((?:<[0-9A-F]{4}> <[0-9A-F]{4,64}>\n)*+)endbfchar\n"
)
_LINE: Final = 14
"""Bytes of a line with one character of the first plane."""
_CHARACTER: Final = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]{4,64})>\n")


_ZLIB_HEAD: Final = b"\x78\x01"
_ZLIB_END: Final = 4
"""Bytes of the sum behind a stream."""
_MOST_UNPACKED: Final = 64


class _Unpacked(dict[bytes, bytes]):
    """Raw deflate streams of fonts, each to its very end -> content; an OFD holds the same, packed alike.

    One is found by all of its packed bytes, and stays until the OFDs of the group are looked at.
    """

    def keep(self, stored: bytes, content: bytes) -> None:
        """Keep what inflated() made of a stream, if nothing but the usual frame stands around it."""
        if stored.startswith(_ZLIB_HEAD):
            if len(self) >= _MOST_UNPACKED:
                self.clear()
            self[stored[len(_ZLIB_HEAD) : -_ZLIB_END]] = content


UNPACKED: Final = _Unpacked()


class OtherShapeError(Exception):
    """Not written in the way read here."""


class FontParts(NamedTuple):
    """Everything of a file that says what one font shows."""

    widths: bytes
    """Decimal numbers, of codes 0, 1, 2 ..."""
    to_glyphs: bytes
    """Glyph of each code, two bytes each."""
    to_unicode: bytes
    """CMap, packed."""
    file: bytes
    """TrueType, packed."""


class ShownFont(dict[str, str]):
    """Code, as the character with that number -> the character it extracts as, drawn by a real glyph."""

    def __init__(self, parts: FontParts) -> None:
        """Read the maps and look at every glyph; a code that shows nothing real is left out.

        Raises:
            OtherShapeError, ValueError: something is written in another way.
        """
        super().__init__()
        content = inflated(parts.file)
        UNPACKED.keep(parts.file, content)
        real = glyphs_of(content)
        widths = list(map(float, parts.widths.split()))
        glyphs: tuple[int, ...] = unpack(f">{len(parts.to_glyphs) // 2}H", parts.to_glyphs)
        told = min(len(widths), len(glyphs))
        for code, character in _to_unicode(inflated(parts.to_unicode)).items():
            number = ord(code)
            if len(character) != 1 or not 0 < number < told:
                continue
            # The font keeps its own map: the glyph must be this very character's.
            try:
                glyph, advance_em = real[character]
            except LookupError:
                continue
            if glyph == glyphs[number] and abs(widths[number] - 1000 * advance_em) <= _NEAR:
                self[code] = character

    def text(self, codes: str) -> str:
        """Return what *codes* extract as. LookupError when one shows nothing real."""
        return "".join(map(self.__getitem__, codes))


@lru_cache(maxsize=8)
def font_of(parts: FontParts) -> ShownFont:
    """Read a font. One cut comes again in copies for one purpose; others are soon forgotten."""
    return ShownFont(parts)


def _to_unicode(content: bytes) -> dict[str, str]:
    """Read a CMap of single characters: code, as the character with that number -> text; each comes once."""
    blocks = _COUNTED.findall(content)
    characters: dict[str, str] = {}
    told = 0
    for count, lines in blocks:
        told += int(count)
        if len(lines) == _LINE * int(count):
            # Nothing but characters of the first plane: codes and characters by turns.
            shown = characters_of(lines.translate(None, b"<>\n").decode("ascii"))
            characters |= zip(shown[::2], shown[1::2], strict=True)
        else:
            for code, text in _CHARACTER.findall(lines.decode("ascii")):
                characters[chr(int(code, 16))] = characters_of(text)
    if content.count(b"beginbf") != len(blocks) or len(characters) != told:
        raise OtherShapeError("a map to Unicode in another form, or a code twice")
    return characters


def characters_of(digits: str) -> str:
    """Read UTF-16BE in hexadecimal digits. ValueError when they are none, or half of a pair stands alone."""
    return utf_16_be_decode(bytes.fromhex(digits), "strict", True)[0]


def inflated(stored: bytes) -> bytes:
    """Unpack a stream, to its very end and no further. OtherShapeError when that cannot be."""
    unpack_ = zlib.decompressobj()
    try:
        content = unpack_.decompress(stored, _LARGEST)
    except zlib.error as fault:
        raise OtherShapeError("a stream is broken") from fault
    if not unpack_.eof or unpack_.unused_data:
        raise OtherShapeError("a stream does not end where it should")
    return content
