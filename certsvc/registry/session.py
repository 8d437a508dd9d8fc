"""What look-ups and changes share: sending statements, checking each row read, sealing each row written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from certsvc.domain.log_facts import Facts, LogKind
from certsvc.errors import CertsvcError
from certsvc.registry.crypto import Value, Vault
from certsvc.registry.database import Connection, Database, Query
from certsvc.registry.dialects import POSTGRESQL, SQLITE
from certsvc.registry.rows import Record
from certsvc.registry.tables import REGISTRATION


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A SELECT of whole rows of one table; whole, because the MAC covers the whole row."""

    table: sa.Table
    query: Query


def select_rows(
    table: sa.Table,
    *where: sa.ColumnElement[bool],
    order_by: Sequence[sa.ColumnElement[object]] = (),
    limit: int | sa.BindParameter[int] | None = None,
    hold: bool = False,
) -> RowQuery:
    """Build the SELECT of the rows of *table* for which *where* holds.

    Args:
        table: which table.
        where: conditions, all of which must hold; values as bind parameters.
        order_by: columns, the first first.
        limit: rows at most.
        hold: keep others from changing the rows until the transaction ends (FOR UPDATE; SQLite, whose writers
            come one at a time, leaves it out by itself).
    """
    statement = sa.select(*table.c).where(*where).order_by(*order_by).limit(limit)
    return RowQuery(table, Query(statement.with_for_update() if hold else statement))


def insert_row(table: sa.Table) -> Query:
    """Build the INSERT of one row; a row in its way is an error."""
    return Query(sa.insert(table))


def insert_unless_taken(table: sa.Table, *columns: str, where: str | None = None) -> Query:
    """Build the INSERT of one row that does nothing when another holds the same *columns*.

    It returns one row when it inserted. *where* names a partial unique index by its own text.
    """
    index_where = None if where is None else sa.text(where)
    return Query(
        {
            dialect.name: dialect.insert(table)
            .on_conflict_do_nothing(index_elements=list(columns), index_where=index_where)
            .returning(sa.literal_column("1"))
            for dialect in (SQLITE, POSTGRESQL)
        }
    )


HOLD_REGISTRATION: Final = select_rows(
    REGISTRATION, REGISTRATION.c.registration_id == sa.bindparam("registration_id"), hold=True
)


class Session:
    """One open transaction."""

    def __init__(self, connection: Connection, database: Database, vault: Vault) -> None:
        """Speak over *connection*, whose transaction the caller opened and will end."""
        self._connection = connection
        self._dialect = database.engine.dialect
        self._integrity_error = database.integrity_error
        self._hold = database.dialect.hold
        self._vault = vault
        self._registrations_held: dict[str, Record] = {}
        """Registrations held until the transaction ends, by id; nobody changes such a row in any case."""
        self._to_log: list[tuple[LogKind, str, Facts, bool]] = []
        """What the log is told when the transaction ends: kind, id, facts, and whether the facts are kept."""

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Let what is done inside be refused without the rest of the transaction: nothing of it is kept."""
        held, to_log = dict(self._registrations_held), len(self._to_log)
        self._connection.execute("SAVEPOINT apart")
        try:
            yield
        except CertsvcError:
            # Any other error is the driver's or a defect: the whole transaction goes with it.
            self._registrations_held = held
            del self._to_log[to_log:]
            self._connection.execute("ROLLBACK TO SAVEPOINT apart")
            self._connection.execute("RELEASE SAVEPOINT apart")
            raise
        self._connection.execute("RELEASE SAVEPOINT apart")

    def _hold_registration(self, registration_id: str) -> Record | None:
        """Hold a registration until the transaction ends; None when there is none."""
        if registration_id not in self._registrations_held:
            record = self._first(HOLD_REGISTRATION, registration_id=registration_id)
            if record is None:
                return None
            self._registrations_held[registration_id] = record
        return self._registrations_held[registration_id]

    def _rows(self, query: Query, given: Mapping[str, Value]) -> Sequence[Sequence[object]]:
        return self._connection.execute(*query.prepared(self._dialect, given)).fetchall()

    def _all(self, query: RowQuery, **given: Value) -> list[Record]:
        """Return every row found, each with its MAC checked."""
        table = query.table
        return [Record(self._vault.checked(table, row)) for row in self._rows(query.query, given)]

    def _first(self, query: RowQuery, **given: Value) -> Record | None:
        """Return the first row found, its MAC checked."""
        rows = self._rows(query.query, given)
        return Record(self._vault.checked(query.table, rows[0])) if rows else None

    def _change(self, query: Query, given: Mapping[str, Value]) -> int:
        """Run an INSERT, UPDATE or DELETE; return how many rows it touched."""
        return self._connection.execute(*query.prepared(self._dialect, given)).rowcount

    def _change_each(self, query: Query, given: Sequence[Mapping[str, Value]]) -> None:
        """Run an INSERT, UPDATE or DELETE once for each of *given*, in one message to the database."""
        if given:
            prepared = [query.prepared(self._dialect, one) for one in given]
            self._connection.cursor().executemany(prepared[0][0], [arguments for _, arguments in prepared])

    def _insert(self, query: Query, table: sa.Table, values: Mapping[str, Value]) -> None:
        self._change(query, self._vault.sealed(table, values))

    def _insert_unless_taken(self, query: Query, table: sa.Table, values: Mapping[str, Value]) -> bool:
        """Insert a row; False when its place is taken, after waiting for a rival's transaction to end."""
        return bool(self._rows(query, self._vault.sealed(table, values)))
