"""Reads the outline of a QR symbol back into modules, to see what a camera will."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from certsvc.errors import DefectError
from certsvc.page.model import Symbol

_OFF_GRID: Final = 0.1
"""Modules. Far more than rounding, and far less than what a camera would notice."""


def read_outline(data: str, symbol: Symbol) -> tuple[tuple[bool, ...], ...]:
    """Fill an outline by the even-odd rule and read the modules it covers.

    Args:
        data: AbbreviatedData of an OFD path whose origin is the symbol's top left corner, in millimetres.
        symbol: what it was drawn from; of it only the size is used.

    Raises:
        DefectError: it has anything but upright and level lines between corners of the symbol's grid.
    """
    size = len(symbol.modules)
    grid = _Grid(symbol.module_mm, size)
    rows = [0] * size
    for loop in _loops(data, grid):
        for (left, top), (right, bottom) in pairwise((*loop, loop[0])):
            if left != right and top != bottom:
                raise DefectError("an edge of the QR symbol in the rendered OFD is slanted")
            if left == right:
                # An upright edge turns everything to its right from light to dark or back.
                for row in range(min(top, bottom), max(top, bottom)):
                    rows[row] ^= (1 << (size - left)) - 1
    return tuple(tuple(bool(row >> (size - 1 - column) & 1) for column in range(size)) for row in rows)


class _Grid(dict[str, int]):
    """Length in mm as written -> line of the grid. A symbol has some thirty lines and a thousand corners."""

    def __init__(self, module_mm: float, size: int) -> None:
        super().__init__()
        self._module_mm, self._size = module_mm, size

    def __missing__(self, written: str) -> int:
        try:
            exact = float(written) / self._module_mm
        except ValueError as fault:
            raise DefectError("the QR symbol in the rendered OFD is not made of straight lines") from fault
        line = round(exact)
        if not 0 <= line <= self._size or abs(exact - line) > _OFF_GRID:
            raise DefectError("a corner of the QR symbol in the rendered OFD lies off its grid")
        self[written] = line
        return line


def _loops(data: str, grid: _Grid) -> list[list[tuple[int, int]]]:
    words = iter(data.split())
    loops: list[list[tuple[int, int]]] = []
    for word in words:
        if word == "M":
            loops.append([])
        if word in ("M", "L") and loops:
            loops[-1].append((grid[next(words, "")], grid[next(words, "")]))
        elif word != "C":
            raise DefectError("the QR symbol in the rendered OFD is not made of straight lines")
    return loops
