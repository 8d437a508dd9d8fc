"""A register moved from SQLite to PostgreSQL: every row as it is, its MAC good under the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg
import sqlalchemy as sa
from psycopg import sql

from certsvc.registry.database import Database
from certsvc.registry.tables import COPY, METADATA, STATUS_INDEX
from certsvc.registry.tables_log import LOG_ENTRY, LOG_ENTRY_NUMBER

_COUNTED_BY: Final[Mapping[str, sa.Column[int]]] = {
    STATUS_INDEX.name: COPY.c.status_index,
    LOG_ENTRY_NUMBER.name: LOG_ENTRY.c.entry,
}
"""Sequences of PostgreSQL, and the column each gives numbers to."""


def move(source: Database, url: str) -> None:
    """Put every row of *source* into the empty register at *url*, under all its constraints.

    Args:
        source: a register on SQLite.
        url: ``postgresql+psycopg://...``, migrated.
    """
    # A connection of our own: the service's give up whatever takes longer than a request may.
    conninfo = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as target:
        with source.engine.connect() as connection, target.cursor() as cursor:
            for table in METADATA.sorted_tables:
                into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.c.keys()))
                )
                with cursor.copy(into) as copy:
                    for row in connection.execute(sa.select(*table.c)):
                        copy.write_row(row)
            for sequence, column in _COUNTED_BY.items():
                highest = sql.SQL("SELECT setval({}, max({})) FROM {}").format(
                    sql.Literal(sequence), sql.Identifier(column.name), sql.Identifier(column.table.name)
                )
                cursor.execute(highest)
        target.commit()
        target.autocommit = True
        # As autovacuum would have left a register that grew over years.
        target.execute("VACUUM ANALYZE")
