"""Connections, transactions and statements: SQLAlchemy builds the SQL, the driver runs it.

Statements are compiled once per dialect and sent as text over the driver's own connection. SQLAlchemy's
result layer is left out: our columns need no conversion, and it would cost two thirds of a public look-up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, Protocol, cast

import sqlalchemy as sa

from certsvc.errors import UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.dialects import WAIT_S, Dialect, dialect_of, is_locked, translated

_AT_HAND: Final = 4
"""Connections kept out of the pool for single statements; Python runs about one at a time."""

_PAUSE_S: Final = 0.01

Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete


class Cursor(Protocol):
    """What we use of a driver's cursor."""

    @property
    def rowcount(self) -> int:
        """Rows the statement changed."""

    def fetchall(self) -> Sequence[Sequence[object]]:
        """Return the rest of the rows."""

    def executemany(self, sql: str, arguments: Sequence[Sequence[Value] | Mapping[str, Value]], /) -> object:
        """Run one statement once for each of the arguments."""


class Connection(Protocol):
    """What we use of a driver's connection; sqlite3 and psycopg 3 agree on it."""

    def execute(self, sql: str, arguments: Sequence[Value] | Mapping[str, Value] = ..., /) -> Cursor:
        """Run one statement."""

    def cursor(self) -> Cursor:
        """Return a cursor, which can do what execute() cannot."""

    def commit(self) -> None:
        """End the open transaction, if any."""

    def rollback(self) -> None:
        """Undo the open transaction, if any."""


class Query:
    """One statement with named parameters, ready to be sent."""

    def __init__(self, statement: Statement | Mapping[str, Statement]) -> None:
        """Take a statement, or one for each dialect's name where no single one can be built for both."""
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None, dict[str, Value]]] = {}

    def prepared(
        self, dialect: sa.Dialect, given: Mapping[str, Value]
    ) -> tuple[str, Sequence[Value] | Mapping[str, Value]]:
        """Return the SQL text and its arguments as the driver of *dialect* takes them."""
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        sql, order, fixed = self._compiled[dialect.name]
        merged = {**fixed, **given}
        if len(merged) != len(fixed):
            raise TypeError(f"unknown parameters: {sorted(given.keys() - fixed.keys())}")
        return sql, (merged if order is None else [merged[name] for name in order])

    def _compile(self, dialect: sa.Dialect) -> tuple[str, Sequence[str] | None, dict[str, Value]]:
        statement = self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
        compiled = statement.compile(dialect=dialect)
        return str(compiled), compiled.positiontup, dict(compiled.params)


class Database:
    """The engine of one process; safe to share between threads, not across a fork."""

    def __init__(self, url: str, *, bounded: bool = True, dialect: Dialect | None = None) -> None:
        """Set the engine up; nothing is connected yet.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql+psycopg://...``.
            bounded: give up an answer that takes long, and begin no register; migrating may do both.
            dialect: that of *url* with other settings than the registry's.
        """
        self.dialect: Dialect = dialect or dialect_of(url)
        postgresql = self.dialect.name == "postgresql"
        self.engine: sa.Engine = sa.create_engine(
            url,
            # The driver opens no transaction of its own: every BEGIN below is written out.
            isolation_level="AUTOCOMMIT",
            pool_size=self.dialect.pooled,
            max_overflow=self.dialect.overflow,
            pool_timeout=self.dialect.pool_wait_s,
            # The one used last is the one that has the pages at hand.
            pool_use_lifo=True,
            # A server that was restarted is noticed before anything is asked of it.
            pool_pre_ping=postgresql,
            connect_args={
                name: value
                for name, value in self.dialect.connect.items()
                if name not in sa.make_url(url).query
            },
        )
        if postgresql and bounded:
            sa.event.listen(self.engine, "do_connect", _connect_to_postgresql)
        if not postgresql and bounded and dialect is None:
            sa.event.listen(self.engine, "do_connect", _open_only_what_is_there)
        sa.event.listen(self.engine, "connect", self._settle)
        self._at_hand: list[sa.PoolProxiedConnection] = []
        self.most_at_hand = _AT_HAND
        self._turn: AbstractContextManager[object] = _Turn() if self.dialect.one_writer else nullcontext()

    def _settle(self, connection: Connection, _record: object) -> None:
        patience_s = float(self.dialect.connect.get("timeout", 0))
        for setting in self.dialect.settings:
            self._set(connection, setting, monotonic() + patience_s)

    def _set(self, connection: Connection, setting: str, until_s: float) -> None:
        while True:
            try:
                connection.execute(setting)
            except self._driver_error as error:
                # Where two turn a new file's journal into a log, busy_timeout does not hold: SQLite gives
                # up at once, rather than wait for one who may be waiting for us.
                if not is_locked(error) or monotonic() >= until_s:
                    raise
                sleep(_PAUSE_S)
            else:
                return

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[Connection]:
        """Open a transaction; leaving commits, an exception rolls back.

        Raises:
            UnavailableError: the database cannot be reached, is locked or (StorageFullError) full.
        """
        with self.translating(), self._turn if writing else nullcontext():
            pooled = self.engine.raw_connection()
            try:
                connection = cast(Connection, pooled.dbapi_connection)
                connection.execute(self.dialect.begin_writing if writing else self.dialect.begin_reading)
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()
            except self._driver_error as error:
                if self.engine.dialect.is_disconnect(
                    cast(Any, error), cast(Any, pooled.dbapi_connection), None
                ):
                    # The pool would try to roll a lost connection back, and log at length that it cannot.
                    pooled.invalidate(error)
                raise
            finally:
                # The pool rolls back what a failed commit may have left open.
                pooled.close()

    def ask(self, query: Query, given: Mapping[str, Value]) -> Sequence[Sequence[object]]:
        """Send one SELECT without a transaction around; it sees one moment of the database all the same.

        It goes over a connection kept at hand: taking one out of the pool costs as much as the answer.

        Raises:
            UnavailableError: the database cannot be reached.
        """
        prepared = query.prepared(self.engine.dialect, given)
        try:
            return self._asked(self._at_hand.pop(), prepared)
        except (IndexError, self._driver_error):
            # None was at hand, or it was lost long ago; what the pool hands out was tried, or is new.
            with self.translating():
                return self._asked(self.engine.raw_connection(), prepared)

    def _asked(
        self, pooled: sa.PoolProxiedConnection, prepared: tuple[str, Sequence[Value] | Mapping[str, Value]]
    ) -> Sequence[Sequence[object]]:
        try:
            rows = cast(Connection, pooled.dbapi_connection).execute(*prepared).fetchall()
        except BaseException as error:
            pooled.invalidate(error)
            pooled.close()
            raise
        if len(self._at_hand) < self.most_at_hand:
            self._at_hand.append(pooled)
        else:
            pooled.close()
        return rows

    def close(self) -> None:
        """Close every connection."""
        while self._at_hand:
            self._at_hand.pop().close()
        self.engine.dispose()

    @property
    def integrity_error(self) -> type[Exception]:
        """What the driver raises when a constraint refuses a row."""
        driver = cast(Any, self.engine.dialect.dbapi)
        return cast(type[Exception], driver.IntegrityError)

    @cached_property
    def _driver_error(self) -> type[Exception]:
        """What the driver raises whenever something is wrong."""
        driver = cast(Any, self.engine.dialect.dbapi)
        return cast(type[Exception], driver.Error)

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn the driver's errors, and only those, into ours."""
        try:
            yield
        except (self._driver_error, sa.exc.SQLAlchemyError) as error:
            raise translated(error) from error


def _connect_to_postgresql(
    _dialect: object, _record: object, _arguments: object, named: Mapping[str, Any]
) -> object:
    # Who uses SQLite never imports the other driver.
    from certsvc.registry.postgresql import BoundedConnection

    return BoundedConnection.connect(**named)


def _open_only_what_is_there(
    _dialect: object, _record: object, arguments: list[str], named: dict[str, object]
) -> None:
    """Have SQLite open a register and never begin one: only migrating may do that.

    Where a disk is not mounted yet, an empty file would take the register's place, and connections to it
    would stay when the disk has come.
    """
    arguments[0] = f"{Path(arguments[0]).absolute().as_uri()}?mode=rw"
    named["uri"] = True


class _Turn:
    """The one writer's place of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=WAIT_S):
            raise UnavailableError("too many writers are waiting")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
