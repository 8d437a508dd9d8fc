"""What look-ups and changes share: sending statements, checking each row read, sealing each row written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON

from certsvc.domain.log_facts import Facts, LogKind
from certsvc.errors import CertsvcError
from certsvc.registry.crypto import Value, Vault, storable
from certsvc.registry.database import Connection, Database, Query
from certsvc.registry.dialects import POSTGRESQL, SQLITE
from certsvc.registry.holder_keys import Opener, Row
from certsvc.registry.rows import Record
from certsvc.registry.tables import REGISTRATION
from certsvc.registry.tables_holders import HOLDER_KEY


@dataclass(frozen=True, slots=True)
class Many:
    """The same SELECT for many values of one parameter at once."""

    query: Query
    """Takes them as ``many_keys``, a JSON array."""
    parameter: str
    place: int
    """Of the column that says which of them a row was found by."""


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A SELECT of whole rows of one table; whole, because the MAC covers the whole row."""

    table: sa.Table
    query: Query
    many: Many | None = None


def select_rows(
    table: sa.Table,
    *where: sa.ColumnElement[bool],
    each: sa.Column[str] | None = None,
    order_by: Sequence[sa.ColumnElement[Any]] = (),
    limit: int | sa.BindParameter[int] | None = None,
    hold: bool = False,
) -> RowQuery:
    """Build the SELECT of the rows of *table* for which *where* holds.

    Args:
        table: which table.
        where: conditions, all of which must hold; values as bind parameters.
        each: a column that equals the parameter of its name; the rows of many such values can be read ahead.
        order_by: columns, the first first.
        limit: rows at most; not with *each*.
        hold: keep others from changing the rows until the transaction ends (FOR UPDATE; SQLite, whose writers
            come one at a time, leaves it out by itself).
    """

    def built(*conditions: sa.ColumnElement[bool], by: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
        statement = sa.select(*table.c).where(*conditions).order_by(*by).limit(limit)
        return statement.with_for_update() if hold else statement

    if each is None:
        return RowQuery(table, Query(built(*where, by=order_by)))
    one = Query(built(each == sa.bindparam(each.name), *where, by=order_by))
    # In one order for everybody: of two who hold several rows, neither waits for the other for ever.
    among = {name: built(found, *where, by=[each, *order_by]) for name, found in _among_many(each).items()}
    return RowQuery(table, one, Many(Query(among), each.name, table.c.keys().index(each.name)))


def listed_keys() -> Mapping[str, sa.TableValuedAlias]:
    """Build, for each dialect's name, the rows of the JSON array ``many_keys``; their column is ``value``."""
    keys = sa.bindparam("many_keys", type_=sa.Text)
    return {
        SQLITE.name: sa.func.json_each(keys).table_valued("value"),
        POSTGRESQL.name: sa.func.json_array_elements_text(sa.cast(keys, JSON)).table_valued("value"),
    }


def _among_many(column: sa.Column[str]) -> Mapping[str, sa.ColumnElement[bool]]:
    listed = {name: sa.select(keys.c.value) for name, keys in listed_keys().items()}
    return {
        SQLITE.name: column.in_(listed[SQLITE.name]),
        # An array, not a joined set: the planner then takes the index whatever it thinks of the set's size.
        POSTGRESQL.name: column == sa.any_(sa.func.array(listed[POSTGRESQL.name].scalar_subquery())),
    }


def insert_row(table: sa.Table) -> Query:
    """Build the INSERT of one row; a row in its way is an error."""
    return Query(sa.insert(table))


def insert_unless_taken(table: sa.Table, *columns: str, where: str | None = None) -> Query:
    """Build the INSERT of one row that does nothing when another holds the same *columns*.

    *where* names a partial unique index by its own text.
    """
    index_where = None if where is None else sa.text(where)
    return Query(
        {
            # Whether it did is told by the count of rows: SQLite takes 1.8 times as long with RETURNING.
            dialect.name: dialect.insert(table).on_conflict_do_nothing(
                index_elements=list(columns), index_where=index_where
            )
            for dialect in (SQLITE, POSTGRESQL)
        }
    )


HOLD_REGISTRATION: Final = select_rows(REGISTRATION, each=REGISTRATION.c.registration_id, hold=True)
KEY_OF_HOLDER: Final = select_rows(HOLDER_KEY, each=HOLDER_KEY.c.holder_id)


class Session:
    """One open transaction."""

    def __init__(self, connection: Connection, database: Database, vault: Vault) -> None:
        """Speak over *connection*, whose transaction the caller opened and will end."""
        self._connection = connection
        self._dialect = database.engine.dialect
        self._integrity_error = database.integrity_error
        self._hold = database.dialect.hold
        self._vault = vault
        self._opener = Opener(vault, self._key_row)
        self._registrations_held: dict[str, Record] = {}
        """Registrations held until the transaction ends, by id; nobody changes such a row in any case."""
        self._ahead: dict[tuple[Query, frozenset[tuple[str, Value]]], Sequence[Sequence[object]]] = {}
        """Rows read for look-ups that are still to come, unchecked; each is handed out once."""
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
            self._opener.forget()
            del self._to_log[to_log:]
            self._connection.execute("ROLLBACK TO SAVEPOINT apart")
            self._connection.execute("RELEASE SAVEPOINT apart")
            raise
        self._connection.execute("RELEASE SAVEPOINT apart")

    def _key_row(self, holder_id: str) -> Row | None:
        rows = self._found(KEY_OF_HOLDER, {"holder_id": holder_id})
        return rows[0] if rows else None

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

    def _read_ahead(
        self, query: RowQuery, keys: Collection[str], **given: Value
    ) -> Mapping[str, list[Sequence[object]]]:
        """Read what the look-ups of *keys* will find, by one statement: each then takes its rows, once.

        Whoever does so holds what those rows hang on, or takes care of rivals otherwise: on PostgreSQL they
        may have changed since. Rows are checked where they are looked up, so a damaged one hinders no other.

        Returns:
            The rows by key, as they are in the database.
        """
        found: dict[str, list[Sequence[object]]] = {key: [] for key in keys if storable(key)}
        many = query.many
        if many is None or not found:
            return found
        for row in self._rows(many.query, {**given, "many_keys": json.dumps([*found])}):
            found[str(row[many.place])].append(row)
        for key, rows in found.items():
            self._keep_ahead(query, rows, **given, **{many.parameter: key})
        return found

    def _keep_ahead(self, query: RowQuery, rows: Sequence[Sequence[object]], **given: Value) -> None:
        self._ahead[query.query, frozenset(given.items())] = rows

    def _found(self, query: RowQuery, given: Mapping[str, Value]) -> Sequence[Sequence[object]]:
        if self._ahead:
            rows = self._ahead.pop((query.query, frozenset(given.items())), None)
            if rows is not None:
                return rows
        return self._rows(query.query, given)

    def _all(self, query: RowQuery, **given: Value) -> list[Record]:
        """Return every row found, each with its MAC checked."""
        table = query.table
        return [Record(self._vault.checked(table, row)) for row in self._found(query, given)]

    def _first(self, query: RowQuery, **given: Value) -> Record | None:
        """Return the first row found, its MAC checked."""
        rows = self._found(query, given)
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
        return self._change(query, self._vault.sealed(table, values)) == 1
