"""Somebody who edits the SQLite file by hand, past every constraint."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing

from certsvc.registry.sql import SQLRegistry

Value = str | int | float | bytes | None
Row = dict[str, Value]


class Insider:
    """Has the database file, not the secret."""

    def __init__(self, registry: SQLRegistry) -> None:
        """Take the file of a SQLite registry."""
        path = registry.database.engine.url.database
        assert path is not None
        self._path = path

    def run(self, sql: str, *arguments: Value) -> None:
        """Run one statement that must change at least one row."""
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA ignore_check_constraints = ON")
            assert connection.execute(sql, arguments).rowcount > 0

    def rows(self, table: str) -> list[Row]:
        """Return every row of a table."""
        with closing(sqlite3.connect(self._path)) as connection:
            connection.row_factory = sqlite3.Row
            order = "holder_id" if table == "holder_key" else "rowid"  # which that table has not
            return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}')]

    def row(self, table: str) -> Row:
        """Return the last row of a table."""
        return self.rows(table)[-1]

    def edit(self, table: str, row: Row, changes: Mapping[str, Value]) -> None:
        """Change the one row that has these values now."""
        places = ", ".join(f'"{name}" = ?' for name in changes)
        where = " AND ".join(f'"{name}" IS ?' for name in row)
        self.run(f'UPDATE "{table}" SET {places} WHERE {where}', *changes.values(), *row.values())
