"""What a page shows as drawing operators, in the fonts of a compiled PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import getitem
from struct import Struct
from typing import Final

from certsvc.page.model import Symbol, TextRun
from certsvc.rendering.content import PT_PER_MM, Content, colour_of, number

_ROW: Final = "y"
_NEXT_ROW: Final = "|"
CHUNK: Final = 7
"""Modules of a piece of a row of the QR symbol: few enough to keep every pattern as it is written."""


class Sheet(Content):
    """One content stream under construction."""

    def run(self, run: TextRun, font: int, codes: Mapping[str, str]) -> None:
        """Show a run.

        Args:
            run: what and where.
            font: number of the font's object, by which it is named too.
            codes: character -> code in that font, four hexadecimal digits.
        """
        shown = "".join(map(codes.__getitem__, run.text))
        if run.rotate_deg or run.opacity != 1.0:
            self.text(
                [(f"/F{font}", bytes.fromhex(shown))],
                at_mm=(run.x_mm, run.y_mm),
                size_pt=run.size_pt,
                colour=run.colour,
                tracking_mm=run.tracking_mm,
                rotate_deg=run.rotate_deg,
                opacity=run.opacity,
            )
            return
        look = _look(font, run.size_pt, run.colour, run.tracking_mm, run.x_mm, self.height_mm - run.y_mm)
        self._lines.append(f"{look} Tm <{shown}> Tj ET")

    def rows(self, symbol: Symbol) -> None:
        """Draw a QR symbol as one area of rectangles that touch and never overlap.

        It is the same area as the outline the reference renderer traces, whatever rule fills it, and needs no
        tracing.
        """
        step = f"{symbol.module_mm * PT_PER_MM:.5f}"
        place = self.point(symbol.x_mm, symbol.y_mm)
        modules = b"".join(map(bytes, symbol.modules))
        side = len(symbol.modules)
        pieces, apart = _pieces(side)
        rows = "".join(map(getitem, pieces, apart.unpack(modules))).split(_NEXT_ROW)
        written = "".join(
            [row.replace(_ROW, number) for row, number in zip(rows, _numbers(side), strict=False)]
        )
        self.add(f"q 0 g {step} 0 0 -{step} {place} cm\n{written}f Q")


@lru_cache(maxsize=4096)
def _look(font: int, size_pt: float, colour: str, tracking_mm: float, right_mm: float, up_mm: float) -> str:
    """Write everything of a text but its codes: most places come back on other pages."""
    tracking = number(tracking_mm * PT_PER_MM)
    look = f"BT {colour_of(colour)} rg {tracking} Tc /F{font} {number(size_pt)} Tf"
    return f"{look} 1 0 0 1 {right_mm * PT_PER_MM:.2f} {up_mm * PT_PER_MM:.2f}"


class _Piece(dict[bytes, str]):
    """One place in every row: the modules there -> their dark rectangles as written, the row's number open.

    With the number in them there would be thirty times as many, and most of them far away in memory.
    """

    def __init__(self, column: int, end: str) -> None:
        super().__init__()
        self._column, self._end = column, end

    def __missing__(self, modules: bytes) -> str:
        column, written = self._column, []
        for dark, run in groupby(modules):
            length = sum(1 for _ in run)
            if dark:
                written.append(f"{column} {_ROW} {length} 1 re\n")
            column += length
        self[modules] = "".join((*written, self._end))
        return self[modules]


@lru_cache(maxsize=4)
def _pieces(side: int) -> tuple[Sequence[_Piece], Struct]:
    """Return the pieces of a symbol, row by row, and what takes all its modules apart for them."""
    starts = range(0, side, CHUNK)
    pieces = [_Piece(column, _NEXT_ROW if column == starts[-1] else "") for column in starts]
    return pieces * side, Struct("".join(f"{min(CHUNK, side - column)}s" for column in starts) * side)


@lru_cache(maxsize=4)
def _numbers(side: int) -> Sequence[str]:
    return [str(row) for row in range(side)]
