"""What an embedded font really draws: the same for both formats, which embed the same cuts."""

from __future__ import annotations

from functools import lru_cache

import uharfbuzz as hb

from certsvc.page.fonts import SPACES


class FontGlyphs(dict[str, tuple[int, float]]):
    """Character -> its glyph and advance in em, of those that are drawn; looked up when first asked for."""

    def __init__(self, content: bytes) -> None:
        """Take a TrueType file."""
        super().__init__()
        self._font = hb.Font(hb.Face(content))
        self._unit = 1 / self._font.face.upem

    def __missing__(self, character: str) -> tuple[int, float]:
        """Look for the glyph. LookupError when there is none or it draws nothing although it should."""
        glyph = self._font.get_nominal_glyph(ord(character))
        if not glyph:
            raise LookupError(character)
        found = self[character] = glyph, self.advance_em(glyph, blank=character in SPACES)
        return found

    def advance_em(self, glyph: int, *, blank: bool) -> float:
        """Return how far the pen goes. LookupError when the glyph draws nothing and may not be *blank*."""
        extents = self._font.get_glyph_extents(glyph)
        if not blank and not (extents is not None and extents.width and extents.height):
            raise LookupError(glyph)
        advance: float = self._font.get_glyph_h_advance(glyph) * self._unit
        return advance


@lru_cache(maxsize=64)  # both formats of a group of copies are looked at one after the other
def glyphs_of(content: bytes) -> FontGlyphs:
    """Return what is known of a font, by its bytes: those a template shares stay, others soon go."""
    return FontGlyphs(content)
