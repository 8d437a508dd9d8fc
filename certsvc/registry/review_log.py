"""Reading the transparency log for the audit: pages of rows in whatever state, each page at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.tables import COPY, EVENT, METADATA
from certsvc.registry.tables_log import LOG_CHECKPOINT, LOG_ENTRY, LOG_TILE
from certsvc.registry.unlogged import next_stretch

Ask = Callable[[Query, Mapping[str, Value]], Sequence[Sequence[object]]]
Checked = Callable[[sa.Table, Sequence[object]], Record | None]

_PAGE: Final = 1_000
_MOST: Final = bindparam("most", type_=sa.Integer)
_BEHIND: Final = bindparam("behind", type_=sa.BigInteger)
_entry, _tile, _checkpoint = LOG_ENTRY.c, LOG_TILE.c, LOG_CHECKPOINT.c


def _logged(table: sa.Table, key: sa.Column[Any]) -> Query:
    held = (
        sa.select(_checkpoint.at)
        .where(_checkpoint.size > _entry.place)
        .order_by(_checkpoint.size)
        .limit(1)
        .scalar_subquery()
    )
    return Query(
        sa.select(*_entry, held)
        .join_from(LOG_ENTRY, table, _entry.fact == key)
        .where(
            table.c.registration_id >= bindparam("first"),
            table.c.registration_id <= bindparam("last"),
        )
    )


LOGGED: Final = (_logged(COPY, COPY.c.copy_id), _logged(EVENT, EVENT.c.event_id))
"""Entries about copies and events of the registrations from ``first`` to ``last``, each with the instant of
the first checkpoint that holds it."""
BEGAN: Final = Query(
    sa.select(_checkpoint.at).where(_checkpoint.size > 0).order_by(_checkpoint.size).limit(1)
)
NEWEST: Final = Query(sa.select(*_checkpoint).order_by(_checkpoint.size.desc()).limit(_MOST))
LEAVES: Final = Query(
    sa.select(*_entry)
    .where(
        _entry.place.is_not(None),
        _entry.place >= bindparam("its_place", type_=sa.BigInteger),
        _entry.place < bindparam("its_end", type_=sa.BigInteger),
        sa.or_(_entry.place > bindparam("its_place", type_=sa.BigInteger), _entry.entry > _BEHIND),
    )
    .order_by(_entry.place, _entry.entry)
    .limit(_MOST)
)
BEYOND: Final = Query(
    sa.select(_entry.entry, _entry.place)
    .where(
        _entry.place.is_not(None),
        _entry.place >= sa.func.coalesce(sa.select(sa.func.max(_checkpoint.size)).scalar_subquery(), 0),
    )
    .order_by(_entry.place, _entry.entry)
    .limit(_MOST)
)
BELOW: Final = Query(
    sa.select(_entry.entry, _entry.place).where(_entry.place < 0).order_by(_entry.entry).limit(_MOST)
)
TILE: Final = Query(
    sa.select(*_tile).where(_tile.level == bindparam("its_level"), _tile.number == bindparam("its_number"))
)
CHECKPOINTS: Final = Query(
    sa.select(*_checkpoint)
    .where(_checkpoint.size > _BEHIND, _checkpoint.size <= bindparam("its_end", type_=sa.BigInteger))
    .order_by(_checkpoint.size)
    .limit(_MOST)
)
TILES: Final = Query(
    sa.select(_tile.level, _tile.number)
    .where(
        sa.or_(
            _tile.level > bindparam("its_level", type_=sa.BigInteger),
            sa.and_(
                _tile.level == bindparam("its_level", type_=sa.BigInteger),
                _tile.number > bindparam("its_number", type_=sa.BigInteger),
            ),
        )
    )
    .order_by(_tile.level, _tile.number)
    .limit(_MOST)
)
WAITING: Final = Query(
    sa.select(sa.func.count(), sa.func.min(_entry.entry)).where(
        _entry.place.is_(None), _entry.at < bindparam("before")
    )
)
OF_NOTHING: Final = Query(
    sa.select(_entry.entry, _entry.kind)
    .where(
        _entry.entry > _BEHIND,
        _entry.kind != "key",
        ~sa.exists().where(COPY.c.copy_id == _entry.fact, COPY.c.state == "DONE"),
        ~sa.exists().where(EVENT.c.event_id == _entry.fact),
    )
    .order_by(_entry.entry)
    .limit(_MOST)
)
OF_KEYS: Final = Query(
    sa.select(*_entry).where(_entry.entry > _BEHIND, _entry.kind == "key").order_by(_entry.entry).limit(_MOST)
)


class LogReview:
    """The log of a register opened for reading alone."""

    def __init__(self, ask: Ask, checked: Checked) -> None:
        """Take what sends a question in a transaction of its own, and what holds a row against its MAC."""
        self._ask = ask
        self._whole = checked

    def newest(self) -> int | None:
        """Return the size of the largest tree that was signed; None when no row of one is sound."""
        found = (self._checked(LOG_CHECKPOINT, row) for row in self._ask(NEWEST, {"most": _PAGE}))
        return next((record.whole("size") for record in found if record is not None), None)

    def leaves(self, size: int) -> Iterator[tuple[int, int, Record | None]]:
        """Go through the entries of the first *size* places by place: (place, entry, row).

        The row is None when its MAC does not hold. Several with one place follow each other.
        """
        place, behind = 0, -1
        while rows := self._ask(
            LEAVES, {"its_place": place, "its_end": size, "behind": behind, "most": _PAGE}
        ):
            for row in rows:
                place, behind = _named(row, "place"), _named(row, "entry")
                yield place, behind, self._checked(LOG_ENTRY, row)

    def misplaced(self) -> list[tuple[int, int]]:
        """List entries whose place lies outside of the largest tree that was signed: (entry, place)."""
        rows = [*self._ask(BELOW, {"most": _PAGE}), *self._ask(BEYOND, {"most": _PAGE})]
        return [(_number(entry), _number(place)) for entry, place in rows]

    def tile(self, level: int, number: int) -> tuple[bool, bytes]:
        """Return whether there is such a tile, and its hashes; none when its row is damaged."""
        rows = self._ask(TILE, {"its_level": level, "its_number": number})
        record = self._checked(LOG_TILE, rows[0]) if rows else None
        return bool(rows), b"" if record is None else record.content("hashes")

    def checkpoints(self, size: int) -> Iterator[Record]:
        """Go through the sound checkpoints of trees of *size* leaves at most, by size."""
        behind = -1
        while rows := self._ask(CHECKPOINTS, {"behind": behind, "its_end": size, "most": _PAGE}):
            behind = _number(rows[-1][0])
            for row in rows:
                record = self._checked(LOG_CHECKPOINT, row)
                if record is not None:
                    yield record

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Go through level and number of every tile, by level."""
        level = number = -1
        while rows := self._ask(TILES, {"its_level": level, "its_number": number, "most": _PAGE}):
            for row in rows:
                level, number = _number(row[0]), _number(row[1])
                yield level, number

    def waiting(self, before: datetime) -> tuple[int, int]:
        """Count the entries of before an instant that have no place; returns that and the first's number."""
        count, first = self._ask(WAITING, {"before": instant_text(before)})[0]
        return _number(count), _number(first or 0)

    def unlogged(self) -> Iterator[tuple[str, str]]:
        """Go through DONE copies and events about which there is no entry: (table, id)."""
        behind = ""
        while (stretch := next_stretch(self._ask, behind, _PAGE)).last:
            behind = stretch.last
            yield from ((stretch.table, fact) for fact in stretch.unlogged)

    def of_nothing(self) -> Iterator[tuple[int, str]]:
        """Go through entries about copies that are not DONE, or events that are not there: (entry, kind)."""
        behind = -1
        while rows := self._ask(OF_NOTHING, {"behind": behind, "most": _PAGE}):
            behind = _number(rows[-1][0])
            yield from ((_number(row[0]), str(row[1])) for row in rows)

    def of_keys(self) -> Iterator[tuple[int, Record | None]]:
        """Go through the entries about keys; those whose MAC does not hold with None."""
        behind = -1
        while rows := self._ask(OF_KEYS, {"behind": behind, "most": _PAGE}):
            for row in rows:
                behind = _named(row, "entry")
                yield behind, self._checked(LOG_ENTRY, row)

    def _checked(self, table: sa.Table, row: Sequence[object]) -> Record | None:
        record = self._whole(table, row)
        return record if record is not None and makes_sense(table.name, record) else None


def makes_sense(table: str, record: Record) -> bool:
    """Tell whether a row of the log, whose MAC holds, has in each column what it is for."""
    for column in METADATA.tables[table].c:
        if column.name == "mac":
            continue
        value = record.values()[column.name]
        if value is None and column.nullable:
            continue
        if not isinstance(value, column.type.python_type):
            return False
    try:
        return table == LOG_TILE.name or record.instant("at").tzinfo is not None
    except ValueError:
        return False


def _named(row: Sequence[object], name: str) -> int:
    return _number(row[list(LOG_ENTRY.c.keys()).index(name)])


def _number(value: object) -> int:
    return int(cast(int, value))
