"""Everything in which SQLite and PostgreSQL differ; nothing else in the registry asks which one it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from certsvc.errors import (
    CertsvcError,
    DefectError,
    RecordDamagedError,
    SettingsError,
    StorageFullError,
    UnavailableError,
)

WAIT_S: Final = 10
"""How long a writer to a SQLite file waits for its turn before the caller is told to come again."""
CONNECT_S: Final = 3
"""How long PostgreSQL may take to let us in."""
ANSWER_S: Final = 6
"""How long we wait for any answer of PostgreSQL's; the server may be frozen and give nothing up itself."""
_LOCK_S: Final = 4
_STATEMENT_S: Final = 5
_IDLE_S: Final = 10
"""A process that is frozen in a transaction loses it, and what it held, after this."""

_SQLITE_BUSY: Final = 5
_SQLITE_FULL: Final = 13
_POSTGRESQL_DISK_FULL: Final = "53100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One kind of database."""

    name: str
    begin_reading: str
    """Opens a transaction that sees one moment of the database."""
    begin_writing: str
    begin_migrating: tuple[str, ...]
    """Opens a transaction which no second migration can enter."""
    one_writer: bool
    """Only one transaction can write at a time: threads queue here rather than poll the file's lock."""
    hold: str | None
    """Takes the locks of the given *numbers* until the transaction ends; None where writers come singly."""
    unfit: str | None
    """Answers with what makes a database unfit for us, no row when nothing does."""
    connect: Mapping[str, str | int]
    """Arguments of the driver's connect(), where the URL does not give them."""
    settings: tuple[str, ...]
    """Sent once on every new connection."""
    pooled: int
    overflow: int
    """Connections of one process: kept open, and opened besides when many are needed at once."""
    pool_wait_s: int
    insert: Callable[[sa.Table], Any]
    """An INSERT which takes ON CONFLICT; the two classes share their methods but no base."""


SQLITE: Final = Dialect(
    name="sqlite",
    begin_reading="BEGIN",
    begin_writing="BEGIN IMMEDIATE",
    begin_migrating=("BEGIN IMMEDIATE",),
    one_writer=True,
    hold=None,
    unfit=None,
    connect={"timeout": WAIT_S},
    settings=(
        f"PRAGMA busy_timeout = {WAIT_S * 1000}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        # A chunk of copies changes some two thousand pages, most of them of indexes in no order. Where the
        # 2 MB of the default do not hold them, they are written to the log and read from it several times.
        "PRAGMA cache_size = -16000",
        # The log goes into the file after 8,000 pages and not after 1,000, which is less than one chunk: what
        # several chunks change is written once, and not each commit waits for the second file too.
        "PRAGMA wal_autocheckpoint = 8000",
    ),
    # Two for each of a worker's 64 threads at most.
    pooled=16,
    overflow=112,
    pool_wait_s=WAIT_S,
    insert=sqlite.insert,
)

POSTGRESQL: Final = Dialect(
    name="postgresql",
    begin_reading="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # READ COMMITTED: after waiting for a lock the next statement sees what the rival wrote.
    begin_writing="BEGIN ISOLATION LEVEL READ COMMITTED",
    begin_migrating=(
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        # An index of a large table takes its time, and a second migration waits for the first.
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL lock_timeout = '60s'",
        "SELECT pg_advisory_xact_lock(hashtext('certsvc schema'))",
    ),
    one_writer=False,
    hold="SELECT pg_advisory_xact_lock(n) FROM unnest(%(numbers)s::bigint[]) AS n",
    unfit=(
        "SELECT 'its encoding is ' || current_setting('server_encoding') || ' and must be UTF8' "
        "WHERE current_setting('server_encoding') <> 'UTF8'"
    ),
    connect={
        "application_name": "certsvc",
        "client_encoding": "UTF8",
        "connect_timeout": CONNECT_S,
        # Over a network that swallows packets nothing else would ever end the waiting.
        "tcp_user_timeout": ANSWER_S * 1000,
        "keepalives_idle": 3,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    },
    settings=(
        f"SET lock_timeout = '{_LOCK_S}s'",
        f"SET statement_timeout = '{_STATEMENT_S}s'",
        f"SET idle_in_transaction_session_timeout = '{_IDLE_S}s'",
        # What we acknowledged must survive a power cut; any setting stronger than this one is left alone.
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'",
    ),
    # Four processes together stay under the 97 connections a server takes when nobody changed anything.
    pooled=16,
    overflow=4,
    pool_wait_s=_LOCK_S,
    insert=postgresql.insert,
)


def dialect_of(url: str) -> Dialect:
    """Return the dialect a database URL names.

    Raises:
        SettingsError: it is neither a SQLite file nor PostgreSQL through psycopg.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise SettingsError("the database URL cannot be read") from error
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database not in (None, "", ":memory:"):
        return SQLITE
    if parsed.drivername == "postgresql+psycopg":
        return POSTGRESQL
    raise SettingsError("the database URL must be sqlite:///FILE or postgresql+psycopg://...")


def is_locked(error: Exception) -> bool:
    """Tell whether *error* is SQLite's word for a file that a rival holds just now."""
    # The higher bits say in which step.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == _SQLITE_BUSY


def translated(error: Exception) -> CertsvcError:
    """Say in our own terms what a driver's *error* means; never with its text, which may quote values."""
    if isinstance(error, sa.exc.DBAPIError) and isinstance(error.orig, Exception):
        error = error.orig
    # Both drivers name their classes as PEP 249 does; looking at names spares importing the one not in use.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    number, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    note = f"{type(error).__name__} {number or state or ''}".strip()
    if number == _SQLITE_FULL or state == _POSTGRESQL_DISK_FULL:
        return StorageFullError(note)
    if "IntegrityError" in kinds:
        return DefectError(f"{note}: the database refused a row that breaks its constraints")
    if "DataError" in kinds:
        return DefectError(f"{note}: a value reached the registry that no column can hold")
    if "OperationalError" in kinds and "decode" in str(error):
        # SQLite keeps any bytes in a text column; ours were UTF-8 when we wrote them.
        return RecordDamagedError(f"{note}: a text column does not hold text")
    return UnavailableError(note)
