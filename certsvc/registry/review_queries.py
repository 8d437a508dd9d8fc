"""The questions an audit asks the register."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.registry.database import Query
from certsvc.registry.tables import (
    CERTIFICATE_VERSION,
    COPY,
    COUNTER,
    ENDORSEMENT_TAKES_DAY,
    EVENT,
    HOLDER,
    METADATA,
    ORIGINAL_TAKES_PLACE,
    REGISTRATION,
    REGISTRATION_NUMBER,
    SPECIALTY_END,
)
from certsvc.registry.tables_log import LOG_ENTRY

_MOST: Final = bindparam("most", type_=sa.Integer)
_BEHIND: Final = bindparam("behind", type_=sa.BigInteger)
_BETWEEN: Final = "\x1f"
"""Between two values written as one; no column of ours holds it."""


@cache
def page_of(table: str, *, first: bool) -> Query:
    """Build the SELECT of a page of whole rows by primary key: the first, or that behind ``after_0`` ..."""
    found = METADATA.tables[table]
    keys = list(found.primary_key)
    statement = sa.select(*found.c).order_by(*keys).limit(_MOST)
    if not first:
        # Of binds in a tuple only a single one's type is guessed right.
        after: list[Any] = [bindparam(f"after_{place}", type_=key.type) for place, key in enumerate(keys)]
        statement = statement.where(
            keys[0] > after[0] if len(keys) == 1 else sa.tuple_(*keys) > sa.tuple_(*after)
        )
    return Query(statement)


def from_to(column: sa.Column[Any]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Build the condition that a column lies from ``first`` to ``last``."""
    return column >= bindparam("first"), column <= bindparam("last")


_registration, _copy = REGISTRATION.c, COPY.c

REGISTRATIONS: Final = Query(
    sa.select(_registration.registration_id)
    .where(_registration.registration_id > bindparam("after"))
    .order_by(_registration.registration_id)
    .limit(_MOST)
)
REGISTRATIONS_SINCE: Final = Query(
    sa.select(_registration.registration_id)
    .where(
        _registration.registration_id > bindparam("after"),
        sa.or_(
            sa.exists().where(
                EVENT.c.registration_id == _registration.registration_id,
                EVENT.c.recorded_at >= bindparam("since"),
            ),
            sa.exists().where(
                _copy.registration_id == _registration.registration_id,
                _copy.changed_at >= bindparam("since"),
            ),
        ),
    )
    .order_by(_registration.registration_id)
    .limit(_MOST)
)
COUNTED: Final = {
    table.name: Query(sa.select(sa.func.count()).select_from(table)) for table in (COPY, REGISTRATION)
}
ISSUED: Final = Query(
    sa.select(_copy.copy_id)
    .where(
        _copy.copy_id > bindparam("after"),
        _copy.state == "DONE",
        _copy.reserved_at >= bindparam("since"),
    )
    .order_by(_copy.copy_id)
    .limit(_MOST)
)
GATHERED: Final = {
    table.name: Query(
        sa.select(*table.c).where(*from_to(table.c.registration_id)).order_by(*table.primary_key)
    )
    for table in (REGISTRATION, REGISTRATION_NUMBER, EVENT, CERTIFICATE_VERSION, COPY, SPECIALTY_END)
}
"""By table: all rows of the registrations from ``first`` to ``last``."""
HOLDERS_OF: Final = Query(
    sa.select(*HOLDER.c).where(
        HOLDER.c.holder_id.in_(
            sa.select(_registration.holder_id).where(*from_to(_registration.registration_id))
        )
    )
)
COPIES_BETWEEN: Final = Query(sa.select(*_copy).where(*from_to(_copy.copy_id)).order_by(_copy.copy_id))
EVENTS_IN_ORDER: Final = Query(
    sa.select(EVENT.c.seq, EVENT.c.event_id, EVENT.c.recorded_at)
    .where(EVENT.c.seq > _BEHIND)
    .order_by(EVENT.c.seq)
    .limit(_MOST)
)
ORDINALS: Final = Query(
    sa.select(_registration.ordinal)
    .where(_registration.ordinal > _BEHIND)
    .order_by(_registration.ordinal)
    .limit(_MOST)
)
COUNTERS: Final = Query(sa.select(*COUNTER.c))


@dataclass(frozen=True)
class Unique:
    """Columns whose values no two rows of a table may share."""

    table: str
    columns: tuple[str, ...]
    query: Query
    """What is shared, then the key, of each row that shares it."""


@dataclass(frozen=True)
class Dangling:
    """Columns by which a row of one table names a row of another."""

    table: str
    column: str
    other: str
    query: Query
    """Keys of rows that name one which is not there."""


def _written(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    return sa.cast(column, sa.Text)


def _unique(table: sa.Table, *columns: str, where: str | None = None) -> Unique:
    # One text of all columns: an expression, which no index can answer for.
    shared = reduce(
        lambda one, other: one + _BETWEEN + other, (_written(table.c[name]) for name in columns)
    ) + sa.literal("")
    conditions = [table.c[name].is_not(None) for name in columns]
    if where is not None:
        conditions.append(sa.text(where))  # type: ignore[arg-type]  # a condition all the same
    several = sa.select(shared).where(*conditions).group_by(shared).having(sa.func.count() > 1)
    found = (
        sa.select(shared, *table.primary_key)
        .where(*conditions, shared.in_(several))
        .order_by(shared, *table.primary_key)
    )
    return Unique(table.name, columns, Query(found))


UNIQUES: Final = (
    _unique(COPY, "copy_id"),
    _unique(COPY, "token"),
    _unique(COPY, "code"),
    _unique(COPY, "status_index"),
    _unique(COPY, "pdf_sha256"),
    _unique(COPY, "ofd_sha256"),
    _unique(COPY, "registration_id", "copy_number"),
    _unique(COPY, "holder_id", "certificate_type", "day", where=ENDORSEMENT_TAKES_DAY),
    _unique(COPY, "version_id", "reissue", where=ORIGINAL_TAKES_PLACE),
    _unique(CERTIFICATE_VERSION, "version_id"),
    _unique(CERTIFICATE_VERSION, "licence_id"),
    _unique(CERTIFICATE_VERSION, "serial", "version"),
    _unique(CERTIFICATE_VERSION, "registration_id", "ordinal"),
    _unique(EVENT, "event_id"),
    _unique(EVENT, "seq"),
    _unique(EVENT, "source_id"),
    _unique(REGISTRATION, "registration_id"),
    _unique(REGISTRATION, "ordinal"),
    _unique(HOLDER, "holder_id"),
    _unique(HOLDER, "id_index"),
    _unique(LOG_ENTRY, "fact"),
)
"""What no two rows may share."""


def danglings() -> tuple[Dangling, ...]:
    """List every reference from one table to another: the foreign keys, and an event's to its version."""
    named = [
        (table, key.parent.name, key.column.table, key.column.name)
        for table in METADATA.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
    ]
    named.append((EVENT, "version_id", CERTIFICATE_VERSION, "version_id"))
    found = []
    for table, column, other, wanted in named:
        there = sa.exists().where(other.c[wanted] == table.c[column]).correlate(table)
        statement = sa.select(*table.primary_key).where(table.c[column].is_not(None), ~there)
        found.append(Dangling(table.name, column, other.name, Query(statement.order_by(*table.primary_key))))
    return tuple(found)
