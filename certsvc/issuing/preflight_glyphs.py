"""What an embedded font really draws: the same for both formats, which embed the same cuts."""

from __future__ import annotations

import struct
from functools import cached_property, lru_cache
from struct import unpack_from
from typing import Final

import uharfbuzz as hb

from certsvc.page.fonts import SPACES

_DIRECTORY_AT: Final = 12
_ENTRY: Final = struct.Struct(">4s4x2I")
_PLAIN_MAPS: Final = struct.Struct(">2H" + "2HI" * 2)
"""Head of a character map known by two names."""
_MAP_AT: Final = _PLAIN_MAPS.size
_TRUETYPE: Final = b"\0\1\0\0"
_END_CODE: Final = 0xFFFF
_LEAST: Final = 5
"""Halves an outline has at least: those of its head."""


class FontGlyphs(dict[str, tuple[int, float]]):
    """Character -> its glyph and advance in em, of those that are drawn.

    A font put together from single outlines is read in one go; in any other HarfBuzz looks up what is asked.
    """

    def __init__(self, content: bytes) -> None:
        """Take a TrueType file."""
        super().__init__()
        self._content = content
        try:
            self.update(_plain_glyphs(content))
        except (struct.error, LookupError, ZeroDivisionError):
            # Another form: each is looked up when first asked for.
            self.clear()

    @cached_property
    def _font(self) -> hb.Font:
        return hb.Font(hb.Face(self._content))

    def __missing__(self, character: str) -> tuple[int, float]:
        """Look for the glyph. LookupError when there is none or it draws nothing although it should."""
        glyph = self._font.get_nominal_glyph(ord(character))
        if not glyph:
            raise LookupError(character)
        extents = self._font.get_glyph_extents(glyph)
        if character not in SPACES and not (extents is not None and extents.width and extents.height):
            raise LookupError(character)
        found = self[character] = glyph, self._font.get_glyph_h_advance(glyph) / self._font.face.upem
        return found


def _plain_glyphs(content: bytes) -> dict[str, tuple[int, float]]:
    """Read a font of simple outlines with an advance each and a range of the map for each character.

    A reader finds a character's glyph through the same map, and an outline's box stands at its head, which is
    where HarfBuzz takes it from as well.

    Returns:
        What is drawn; a character with an empty outline is in it only when it is a blank.

    Raises:
        LookupError, struct.error, ZeroDivisionError: the font is in another form.
    """
    (count,) = unpack_from(">H", content, 4)
    end = _DIRECTORY_AT + 16 * count
    tables = {tag: (at, size) for tag, at, size in _ENTRY.iter_unpack(content[_DIRECTORY_AT:end])}
    head, _ = tables[b"head"]
    (per_em,) = unpack_from(">H", content, head + 18)
    (long_places,) = unpack_from(">H", content, head + 50)
    (listed,) = unpack_from(">H", content, tables[b"hhea"][0] + 34)
    (glyphs,) = unpack_from(">H", content, tables[b"maxp"][0] + 4)
    if not content.startswith(_TRUETYPE) or long_places or listed != glyphs or len(tables) != count:
        raise LookupError("other tables")
    codes = _plain_codes(content, *tables[b"cmap"])
    if len(codes) != glyphs - 1:
        raise LookupError("more glyphs than characters")
    advances = unpack_from(f">{2 * glyphs}H", content, tables[b"hmtx"][0])[::2]
    places = unpack_from(f">{glyphs + 1}H", content, tables[b"loca"][0])
    outlines, size = tables[b"glyf"]
    if outlines + size > len(content) or 2 * places[-1] > size:
        raise LookupError("outlines are cut off")
    found = {}
    for glyph, character in enumerate(codes, start=1):
        if character not in SPACES:
            begin, past = places[glyph], places[glyph + 1]
            if past - begin < _LEAST:
                continue
            contours, left, bottom, right, top = unpack_from(">5h", content, outlines + 2 * begin)
            if contours < 1 or left >= right or bottom >= top:
                continue
        found[character] = glyph, advances[glyph] / per_em
    return found


def _plain_codes(content: bytes, at: int, size: int) -> str:
    """Read a map of single characters to glyphs 1, 2, 3 ...; the characters in that order."""
    version, maps, unicode, full, first, windows, basic, second = _PLAIN_MAPS.unpack_from(content, at)
    if (version, maps, unicode, full, windows, basic) != (0, 2, 0, 3, 3, 1) or not first == second == _MAP_AT:
        raise LookupError("other maps")
    form, length, _, doubled = unpack_from(">4H", content, at + _MAP_AT)
    count = doubled // 2
    if form != 4 or length != 16 + 8 * count or _MAP_AT + length > size:
        raise LookupError("another form of map")
    numbers = unpack_from(f">{4 * count + 1}H", content, at + _MAP_AT + 14)
    ends, starts, steps = numbers[:count], numbers[count + 1 : 2 * count + 1], numbers[2 * count + 1 :]
    meant = [glyph - code & 0xFFFF for glyph, code in enumerate(ends[:-1], start=1)]
    if (
        ends != starts
        or ends[-1] != _END_CODE
        or list(ends) != sorted(set(ends))
        or list(steps[: count - 1]) != meant
        or any(steps[count:])
    ):
        raise LookupError("ranges of several characters")
    return "".join(map(chr, ends[:-1]))


@lru_cache(maxsize=64)  # both formats of a group of copies are looked at one after the other
def glyphs_of(content: bytes) -> FontGlyphs:
    """Return what is known of a font, by its bytes: those a template shares stay, others soon go."""
    return FontGlyphs(content)
