"""Counts of what keys were used for: one counter for each key and day of Beijing's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.errors import UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.session import RowQuery, Session, select_rows
from certsvc.registry.tables import COUNTER
from certsvc.registry.writing import ADD_COUNTER, RAISE_COUNTER

AT_ONCE: Final = 4
"""Counters read by one statement; asked for fewer, it is given the last one again."""
_PLACES: Final = tuple(f"name_{place}" for place in range(AT_ONCE))


def _named(*, hold: bool) -> RowQuery:
    """Build the SELECT of the counters named; in one order, so that no two wait for each other."""
    name: sa.ColumnElement[object] = COUNTER.c.name
    return select_rows(COUNTER, name.in_([bindparam(one) for one in _PLACES]), order_by=[name], hold=hold)


READ: Final = _named(hold=False)
HOLD: Final = _named(hold=True)


class KeyUseCounts(Session):
    """Reading and adding; the port says what each promises."""

    def key_uses(self, key_ids: Collection[str], day: date) -> Mapping[str, int]:
        """Return for how many copies each of these keys was reserved on a day."""
        found = self._counts(READ, key_ids, day)
        return {key_id: found.get(key_id, 0) for key_id in key_ids}

    def add_key_uses(self, uses: Mapping[str, int], day: date) -> Mapping[str, int]:
        """Add to the counts, and hold them until the transaction ends; returns what they are now."""
        found = self._counts(HOLD, uses, day)
        if found.keys() != uses.keys():
            for key_id in sorted(uses.keys() - found.keys()):
                self._insert_unless_taken(ADD_COUNTER, COUNTER, {"name": _name(key_id, day), "value": 0})
            found = self._counts(HOLD, uses, day)
        if found.keys() != uses.keys():
            raise UnavailableError("a counter vanished")
        sums = {key_id: found[key_id] + count for key_id, count in uses.items()}
        self._change_each(RAISE_COUNTER, [self._raised(_name(key_id, day), sums[key_id]) for key_id in uses])
        return sums

    def _raised(self, name: str, value: int) -> Mapping[str, Value]:
        mac = self._vault.sealed(COUNTER, {"name": name, "value": value})["mac"]
        return {"its_name": name, "new_value": value, "new_mac": mac}

    def _counts(self, query: RowQuery, key_ids: Iterable[str], day: date) -> dict[str, int]:
        """Return the counts there are."""
        names = {_name(key_id, day): key_id for key_id in key_ids}
        return {
            names[record.text("name")]: record.whole("value")
            for some in _portions(sorted(names))
            for record in self._all(query, **dict(zip(_PLACES, some, strict=True)))
        }


def _name(key_id: str, day: date) -> str:
    return f"key {key_id} {day.isoformat()}"


def _portions(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        yield some + some[-1:] * (AT_ONCE - len(some))
