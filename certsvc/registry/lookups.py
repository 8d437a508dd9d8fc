"""Counts of look-ups: a journal written once a second, the counters it is folded into, and who reads both.

A page that was looked at costs its share of one row. A row for each counter, read and raised, comes when
there is time for it: its MAC, its place in an index in no order and its share of a transaction together take
as long as a third of a page.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId
from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.port_feed import Caller, Folded, LookUp, Way
from certsvc.registry.session import RowQuery, Session, insert_row, select_rows
from certsvc.registry.tables_feed import LOOKUP, LOOKUP_JOURNAL

_lookup, _journal = LOOKUP.c, LOOKUP_JOURNAL.c
Key = tuple[str, ...]
"""The values of _KEY."""
_KEY: Final = ("registration_id", "copy_id", "hour", "caller", "way")

_ITS: Final = tuple(f"its_{name}" for name in _KEY)

LOOKUPS_OF: Final = select_rows(
    LOOKUP,
    _lookup.registration_id == bindparam("registration_id"),
    order_by=[_lookup.hour, _lookup.copy_id, _lookup.caller, _lookup.way],
)
AT_ONCE: Final = 200
"""Counters read by one statement; asked for fewer, it is given the last one again."""
_PLACES: Final = tuple(tuple(f"{name}_{place}" for name in _KEY) for place in range(AT_ONCE))


def _counters() -> RowQuery:
    """Build the SELECT of the counters with the keys given."""
    rows = ", ".join(f"({', '.join(f':{name}' for name in names)})" for names in _PLACES)
    where = sa.text(f"({', '.join(_KEY)}) IN (VALUES {rows})")
    return select_rows(LOOKUP, cast("sa.ColumnElement[bool]", where))


COUNTERS_OF: Final = _counters()
ADD_LOOKUP: Final = insert_row(LOOKUP)
RAISE_LOOKUP: Final = Query(
    sa.update(LOOKUP)
    .where(*(_lookup[name] == bindparam(f"its_{name}") for name in _KEY))
    .values(count=bindparam("new_count"), mac=bindparam("new_mac"))
)


JOURNAL_OF: Final = select_rows(LOOKUP_JOURNAL, _journal.content.contains(bindparam("registration_id")))
NEXT_ENTRY: Final = select_rows(
    LOOKUP_JOURNAL, _journal.entry_id > bindparam("after"), order_by=[_journal.entry_id], limit=1
)
WAITING: Final = Query(sa.select(sa.func.count()).select_from(LOOKUP_JOURNAL))
ADD_ENTRY: Final = insert_row(LOOKUP_JOURNAL)
DROP_ENTRY: Final = Query(sa.delete(LOOKUP_JOURNAL).where(_journal.entry_id == bindparam("entry_id")))


class LookUpReading(Session):
    """Reading counts; the port says what each promises."""

    def lookups_of(self, registration_id: RegistrationId) -> Mapping[LookUp, int]:
        """Return how often a registration and its copies were looked up, by hour, caller and way."""
        counts: Counter[LookUp] = Counter()
        for entry in self._all(JOURNAL_OF, registration_id=registration_id):
            for lookup, count in _read(entry.text("content")).items():
                if lookup.registration_id == registration_id:
                    counts[lookup] += count
        for record in self._all(LOOKUPS_OF, registration_id=registration_id):
            lookup = LookUp(
                registration_id=registration_id,
                copy_id=CopyId(record.text("copy_id")) if record.text("copy_id") else None,
                hour=record.text("hour"),
                caller=cast(Caller, record.text("caller")),
                way=cast(Way, record.text("way")),
            )
            counts[lookup] += record.whole("count")
        return dict(counts)

    def waiting_lookups(self) -> int:
        """Return how many entries the journal of look-ups holds."""
        ((waiting,),) = self._rows(WAITING, {})
        return cast(int, waiting)


class LookUpWriting(LookUpReading):
    """Adding to counts; the port says what each promises."""

    def journal_lookups(self, counts: Mapping[LookUp, int]) -> None:
        """Add to the counts: one entry of the journal."""
        content = json.dumps([*counts.items()], ensure_ascii=False, separators=(",", ":"))
        values: dict[str, Value] = {"entry_id": secrets.token_hex(16), "content": content}
        self._insert(ADD_ENTRY, LOOKUP_JOURNAL, values)

    def fold_lookups(self, after: str) -> Folded | None:
        """Add one entry of the journal to its counters and delete it."""
        rows = self._rows(NEXT_ENTRY.query, {"after": after})
        if not rows:
            return None
        entry_id, content, _mac = rows[0]
        try:
            self._vault.check(LOOKUP_JOURNAL, rows[0])
        except RecordDamagedError:
            # Counts under a new MAC would be genuine; what is left of it stays, as evidence.
            return Folded(entry_id=str(entry_id), sound=False)
        damaged = self._add(_read(str(content)))
        self._change(DROP_ENTRY, {"entry_id": str(entry_id)})
        return Folded(entry_id=str(entry_id), sound=True, damaged_counters=damaged)

    def _add(self, counts: Mapping[LookUp, int]) -> int:
        """Add to counters; returns how many of them fail their MAC and stay as they are."""
        found, damaged = self._counters(list(counts))
        added: list[Mapping[str, Value]] = []
        raised: list[Mapping[str, Value]] = []
        for lookup, count in counts.items():
            key = _key_of(lookup)
            if key in damaged:
                # A new MAC over an edited row would make the edit genuine; one row must not stop the rest.
                continue
            row: dict[str, Value] = dict(zip(_KEY, key, strict=True))
            row["count"] = found.get(key, 0) + count
            row = self._vault.sealed(LOOKUP, row)
            if key not in found:
                added.append(row)
            else:
                its: dict[str, Value] = dict(zip(_ITS, key, strict=True))
                its["new_count"], its["new_mac"] = row["count"], row["mac"]
                raised.append(its)
        self._change_each(ADD_LOOKUP, added)
        self._change_each(RAISE_LOOKUP, raised)
        return len(damaged)

    def _counters(self, lookups: Sequence[LookUp]) -> tuple[dict[Key, int], set[Key]]:
        """Return the counts there are, and the keys whose rows fail their MAC."""
        found: dict[Key, int] = {}
        damaged: set[Key] = set()
        for start in range(0, len(lookups), AT_ONCE):
            for row in self._rows(COUNTERS_OF.query, _given(lookups[start : start + AT_ONCE])):
                *key, count, _mac = row
                try:
                    self._vault.check(LOOKUP, row)
                    found[cast(Key, tuple(key))] = cast(int, count)
                except RecordDamagedError:
                    damaged.add(tuple(map(str, key)))
        return found, damaged


def _read(content: str) -> dict[LookUp, int]:
    """Return the counts of an entry of the journal whose MAC held."""
    return {LookUp(*lookup): count for lookup, count in json.loads(content)}


def _key_of(lookup: LookUp) -> Key:
    return lookup.registration_id, lookup.copy_id or "", lookup.hour, lookup.caller, lookup.way


def _given(lookups: Sequence[LookUp]) -> dict[str, Value]:
    """Return the arguments of COUNTERS_OF, its last places filled up."""
    keys = [_key_of(one) for one in lookups]
    keys += keys[-1:] * (AT_ONCE - len(keys))
    return dict(zip(chain.from_iterable(_PLACES), chain.from_iterable(keys), strict=True))
