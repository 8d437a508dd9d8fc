"""How badly a QR symbol reads, by the four rules of ISO/IEC 18004: its modules as bits of one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

RUN: Final = 2
"""For five modules of one colour in a line and two; each further module counts one more."""
BLOCK: Final = 3
"""For four modules of one colour in a square."""
FINDER: Final = 40
"""For a line like through the middle of a finder, with a light margin before or behind it."""
IMBALANCE: Final = 10
"""For each whole 5 % by which dark and light differ from a half."""


class Penalty:
    """Counts the points a symbol of one size loses; the lower, the better it reads."""

    def __init__(self, side: int) -> None:
        """Take the number of modules in a row."""
        self._side = side
        self.stride: Final = side + 1
        """Bits from a module to the one below it; the last of each row is neither dark nor light."""
        row = (1 << side) - 1
        self._all = sum(row << line * self.stride for line in range(side))
        self._level = self._all & self._all >> 1
        self._upright = self._all & self._all >> self.stride

    def packed(self, modules: Sequence[Sequence[object]]) -> int:
        """Return *modules*, dark ones true, as a number: the first is its lowest bit."""
        return sum(
            1 << line * self.stride + place
            for line, row in enumerate(modules)
            for place, dark in enumerate(row)
            if dark
        )

    def __call__(self, symbol: int) -> int:
        """Return the points *symbol* loses."""
        light = self._all ^ symbol
        # Where a module is like the one on its right, and like the one below.
        right = self._level & ~(symbol ^ symbol >> 1)
        below = self._upright & ~(symbol ^ symbol >> self.stride)
        blocks = (right & right >> self.stride & below).bit_count()
        share = float(symbol.bit_count()) / self._side**2
        return (
            _runs(right, 1)
            + _runs(below, self.stride)
            + BLOCK * blocks
            + FINDER * (_finders(symbol, light, 1) + _finders(symbol, light, self.stride))
            + IMBALANCE * int(abs(share * 100 - 50) / 5)
        )


def _runs(alike: int, step: int) -> int:
    """Count one point for each five in a line, and two for each line that has them."""
    two = alike & alike >> step
    five = two & two >> 2 * step
    return five.bit_count() + RUN * (five & ~(five << step)).bit_count()


def _finders(dark: int, light: int, step: int) -> int:
    """Count 1011101 (dark is 1) with four light modules before it, and the same with four behind it."""
    two = light & light >> step
    margin = two & two >> 2 * step
    middle = dark >> 2 * step & dark >> 3 * step & dark >> 4 * step
    line = dark & light >> step & middle & light >> 5 * step & dark >> 6 * step
    return (line & margin >> 7 * step).bit_count() + (margin & line >> 4 * step).bit_count()
