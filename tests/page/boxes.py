"""Where the variable parts of a page stand: boxes of ink, in mm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.model import Page, Picture, Symbol, TextRun

ASCENT_EM, DESCENT_EM = 0.85, 0.12


class Ink(NamedTuple):
    """A box and what it belongs to; static texts bear their own words."""

    field: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Ink) -> bool:
        """Tell whether both cover some of the same paper."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def ink_of(page: Page, fonts: FontChain) -> Iterator[Ink]:
    """List the boxes of all texts, pictures and the symbol with its quiet zone."""
    for item in (*page.static, *page.variable):
        if isinstance(item, TextRun):
            size_mm = item.size_pt * MM_PER_PT
            font = fonts.fonts[item.font]
            advance = sum(
                font.shape.get_glyph_h_advance(font.shape.get_nominal_glyph(ord(character)))
                for character in item.text.rstrip(" ")
            )
            right = item.x_mm + advance / font.face.upem * size_mm
            top, bottom = item.y_mm - ASCENT_EM * size_mm, item.y_mm + DESCENT_EM * size_mm
            yield Ink(item.field or f"static {item.text}", item.x_mm, top, right, bottom)
        elif isinstance(item, Picture):
            yield Ink(item.field, item.x_mm, item.y_mm, item.x_mm + item.width_mm, item.y_mm + item.height_mm)
        elif isinstance(item, Symbol):
            quiet = 4 * item.module_mm
            side = len(item.modules) * item.module_mm
            yield Ink(
                item.field,
                item.x_mm - quiet,
                item.y_mm - quiet,
                item.x_mm + side + quiet,
                item.y_mm + side + quiet,
            )
