"""Everything in which SQLite and PostgreSQL differ; nothing else in the registry asks which one it is."""

from __future__ import annotations

from collections.abc import Callable
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
"""How long a writer waits for its turn before the caller is told to come again."""

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
    settings: tuple[str, ...]
    """Sent once on every new connection."""
    insert: Callable[[sa.Table], Any]
    """An INSERT which takes ON CONFLICT; the two classes share their methods but no base."""


SQLITE: Final = Dialect(
    name="sqlite",
    begin_reading="BEGIN",
    begin_writing="BEGIN IMMEDIATE",
    begin_migrating=("BEGIN IMMEDIATE",),
    one_writer=True,
    settings=(
        f"PRAGMA busy_timeout = {WAIT_S * 1000}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
    ),
    insert=sqlite.insert,
)

POSTGRESQL: Final = Dialect(
    name="postgresql",
    begin_reading="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # READ COMMITTED: after waiting for a lock the next statement sees what the rival wrote.
    begin_writing="BEGIN ISOLATION LEVEL READ COMMITTED",
    begin_migrating=("BEGIN", "SELECT pg_advisory_xact_lock(hashtext('certsvc schema'))"),
    one_writer=False,
    settings=(f"SET lock_timeout = '{WAIT_S}s'",),
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
