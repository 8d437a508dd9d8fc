"""Keys change while copies are made: such a copy is given up, its order taken anew with the next key.

A row names its keys before they are used, and a key that was withdrawn since signs nothing more. So the row
becomes FAILED, which frees the day, and nobody who asked hears of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from certsvc.errors import KeyWithdrawnError
from certsvc.issuing.orders import Outcome

_MOST: Final = 3
"""How often one order is taken anew: keys do not change three times while one page is drawn."""


class Turns:
    """How often the orders of one chunk were taken anew."""

    def __init__(self) -> None:
        """Begin with none."""
        self._taken: Counter[int] = Counter()

    @property
    def taken(self) -> int:
        """All together."""
        return self._taken.total()

    def settled(self, made: Mapping[int, Outcome]) -> dict[int, Outcome]:
        """Return the outcomes that stand, by place; what is left out is to be taken anew."""
        stand: dict[int, Outcome] = {}
        for place, outcome in made.items():
            if isinstance(outcome.error, KeyWithdrawnError) and self._taken[place] < _MOST:
                self._taken[place] += 1
            else:
                stand[place] = outcome
        return stand
