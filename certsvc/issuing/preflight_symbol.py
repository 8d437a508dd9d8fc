"""Reads the outline of a QR symbol back into modules, to see what a camera will."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, reduce
from itertools import pairwise
from operator import xor
from typing import Final

from certsvc.errors import DefectError
from certsvc.page.model import Symbol

_OFF_GRID: Final = 0.1
"""Modules. Far more than rounding, and far less than what a camera would notice."""
_MOST_LOOPS: Final = 1 << 15
"""Blocks kept by one grid, each with its area: some six megabytes."""
_LONGEST_KEPT: Final = 1 << 9
"""Characters of a block."""
_OUTLINE: Final = re.compile(r"[-MLC0-9. ]*")
"""No other way to write a number, and nothing that has a meaning in XML."""
_DIGITS: Final = b"01" + bytes(254)
_BITS: Final = bytes(48) + b"\0\1" + bytes(206)


def read_outline(data: str, symbol: Symbol) -> tuple[bytes, ...]:
    """Fill an outline by the even-odd rule and read the modules it covers.

    Args:
        data: AbbreviatedData of an OFD path whose origin is the symbol's top left corner, in millimetres.
        symbol: what it was drawn from; of it only the size is used.

    Raises:
        DefectError: it has anything but upright and level lines between corners of the symbol's grid.
    """
    size = len(symbol.modules)
    area = _grid(symbol.module_mm, size)[data]
    bits = f"{area:0{size * size}b}".encode("ascii").translate(_BITS)[::-1]
    return tuple(bits[at : at + size] for at in range(0, size * size, size))


def covers(blocks: Iterable[str], symbol: Symbol) -> bool:
    """Say whether the outlines of some blocks together cover the dark modules of *symbol* and no others.

    What each covers is read from the block as written, once for all symbols that have it. That the file has
    these blocks, one behind the other, is for the caller to see.

    Raises:
        DefectError: as read_outline().
    """
    area = reduce(xor, map(_grid(symbol.module_mm, len(symbol.modules)).__getitem__, blocks), 0)
    dark = b"".join(map(bytes, symbol.modules)).translate(_DIGITS)
    return area != 0 and area == int(dark[::-1], 2)


class _Grid(dict[str, int]):
    """Loops as written -> their area. Blocks of modules come again in other symbols."""

    def __init__(self, module_mm: float, size: int) -> None:
        super().__init__()
        self._module_mm, self._size = module_mm, size

    def __missing__(self, written: str) -> int:
        before, *loops = written.split("M")
        if before.strip() or _OUTLINE.fullmatch(written) is None:
            raise _not_straight()
        # Filled by the even-odd rule, areas add up without carry.
        area = reduce(xor, map(self._loop, loops), 0)
        if len(written) <= _LONGEST_KEPT:
            if len(self) >= _MOST_LOOPS:
                self.clear()
            self[written] = area
        return area

    def _loop(self, written: str) -> int:
        corners = self._corners(written.split())
        rows = [0] * self._size
        for (left, top), (right, bottom) in pairwise((*corners, corners[0])):
            if left != right and top != bottom:
                raise DefectError("an edge of the QR symbol in the rendered OFD is slanted")
            if left == right:
                # An upright edge turns everything to its right from light to dark or back.
                for row in range(min(top, bottom), max(top, bottom)):
                    rows[row] ^= (1 << self._size) - (1 << left)
        return sum(row << line * self._size for line, row in enumerate(rows))

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
