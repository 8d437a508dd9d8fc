"""Copies and events about which the log has no entry, found by going over their ids page by page.

A statement that looks for the few that are missing among millions runs into the database's limit of time; a
page takes as long as a page, however few it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.port_log import Stretch
from certsvc.registry.tables import COPY, EVENT
from certsvc.registry.tables_log import LOG_ENTRY

Ask = Callable[[Query, Mapping[str, Value]], Sequence[Sequence[object]]]


def _page(table: sa.Table, key: sa.Column[str], logged: sa.ColumnElement[bool]) -> Query:
    missing = sa.and_(logged, ~sa.exists().where(LOG_ENTRY.c.fact == key).correlate(table))
    return Query(
        sa.select(key, missing)
        .where(key > bindparam("after"))
        .order_by(key)
        .limit(bindparam("most", type_=sa.Integer))
    )


PAGES: Final = {
    COPY.name: _page(COPY, COPY.c.copy_id, COPY.c.state == "DONE"),
    EVENT.name: _page(EVENT, EVENT.c.event_id, sa.true()),
}
"""By table, in the order in which they are gone over."""


def next_stretch(ask: Ask, behind: str, limit: int) -> Stretch:
    """Look at the next copies or events; as LogReading.unlogged()."""
    table, _, last = behind.partition(" ")
    for name, query in PAGES.items():
        if name < table:
            continue
        rows = ask(query, {"after": last if name == table else "", "most": limit})
        if rows:
            return Stretch(
                table=name,
                unlogged=tuple(str(row[0]) for row in rows if row[1]),
                last=f"{name} {rows[-1][0]}",
            )
    return Stretch(table="", unlogged=(), last="")
