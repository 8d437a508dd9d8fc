"""Reads the outline of a QR symbol back into modules, to see what a camera will."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Final

from certsvc.errors import DefectError
from certsvc.page.model import Symbol

_OFF_GRID: Final = 0.1
"""Modules. Far more than rounding, and far less than what a camera would notice."""
_MOST_LOOPS: Final = 1 << 15
"""Loops kept by one grid, each with its area: some six megabytes."""
_DIGITS: Final = b"01" + bytes(254)


def read_outline(data: str, symbol: Symbol) -> tuple[tuple[bool, ...], ...]:
    """Fill an outline by the even-odd rule and read the modules it covers.

    Args:
        data: AbbreviatedData of an OFD path whose origin is the symbol's top left corner, in millimetres.
        symbol: what it was drawn from; of it only the size is used.

    Raises:
        DefectError: it has anything but upright and level lines between corners of the symbol's grid.
    """
    size = len(symbol.modules)
    rows = f"{_area(data, symbol):0{size * size}b}"[::-1]
    return tuple(tuple(dark == "1" for dark in rows[at : at + size]) for at in range(0, size * size, size))


def covers(data: str, symbol: Symbol) -> bool:
    """Say whether that outline covers the dark modules of *symbol* and no others; errors as above."""
    dark = b"".join(map(bytes, symbol.modules)).translate(_DIGITS)
    return _area(data, symbol) == int(dark[::-1], 2)


def _area(data: str, symbol: Symbol) -> int:
    """Return the modules covered, one bit each: the first is the lowest."""
    before, *loops = data.split("M")
    if before.strip():
        raise _not_straight()
    grid = _grid(symbol.module_mm, len(symbol.modules))
    area = 0
    for loop in loops:
        # Filled by the even-odd rule, areas add up without carry.
        area ^= grid[loop]
    return area


class _Grid(dict[str, int]):
    """A loop as written, from behind its M -> its area. Blocks of modules come again in other symbols."""

    def __init__(self, module_mm: float, size: int) -> None:
        super().__init__()
        self._module_mm, self._size = module_mm, size

    def __missing__(self, written: str) -> int:
        corners = self._corners(written.split())
        rows = [0] * self._size
        for (left, top), (right, bottom) in pairwise((*corners, corners[0])):
            if left != right and top != bottom:
                raise DefectError("an edge of the QR symbol in the rendered OFD is slanted")
            if left == right:
                # An upright edge turns everything to its right from light to dark or back.
                for row in range(min(top, bottom), max(top, bottom)):
                    rows[row] ^= (1 << self._size) - (1 << left)
        area = sum(row << line * self._size for line, row in enumerate(rows))
        if len(self) >= _MOST_LOOPS:
            self.clear()
        self[written] = area
        return area

    def _corners(self, words: list[str]) -> list[tuple[int, int]]:
        """Read ``x y L x y ... C``; without the C at its end a loop is closed all the same."""
        if words[-1:] == ["C"]:
            words = words[:-1]
        if len(words) % 3 != 2 or any(word != "L" for word in words[2::3]):
            raise _not_straight()
        return [(self._line(x), self._line(y)) for x, y in zip(words[::3], words[1::3], strict=True)]

    def _line(self, written: str) -> int:
        try:
            exact = float(written) / self._module_mm
        except ValueError as fault:
            raise _not_straight() from fault
        # The first comparison also stands between round() and what is no number.
        if not -1 < exact < self._size + 1 or abs(exact - round(exact)) > _OFF_GRID:
            raise DefectError("a corner of the QR symbol in the rendered OFD lies off its grid")
        return round(exact)


@lru_cache(maxsize=4)
def _grid(module_mm: float, size: int) -> _Grid:
    return _Grid(module_mm, size)


def _not_straight() -> DefectError:
    return DefectError("the QR symbol in the rendered OFD is not made of straight lines")
