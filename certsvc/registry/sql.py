"""The registry on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from certsvc.errors import RecordDamagedError, SettingsError, UnavailableError
from certsvc.registry.access import AccessChanges, AccessRows
from certsvc.registry.ahead import AheadReading
from certsvc.registry.batches import BatchRows
from certsvc.registry.changes import ChangeReading, ChangeWriting
from certsvc.registry.clients import ClientChanges, ClientRows
from certsvc.registry.crypto import Vault, storable
from certsvc.registry.database import Connection, Database
from certsvc.registry.dialects import SQLITE
from certsvc.registry.entries import EntryRows
from certsvc.registry.erasing import ErasingChanges, ErasingRows
from certsvc.registry.figures import FigureRows
from certsvc.registry.glance import (
    GLANCE,
    GlanceReading,
    Marks,
    marks_of,
    needs_more,
    read_rows,
    read_slowly,
)
from certsvc.registry.key_use import KeyUseCounts
from certsvc.registry.log_rows import LogChanges, LogRows
from certsvc.registry.lookups import LookUpReading, LookUpWriting
from certsvc.registry.names import NameRows
from certsvc.registry.overview import OverviewRows
from certsvc.registry.port import ReadSession, WriteSession
from certsvc.registry.port_glance import Glance, Sight
from certsvc.registry.reading import RecordReading
from certsvc.registry.reading_copies import CopyReading
from certsvc.registry.reading_status import StatusReading
from certsvc.registry.rows import Record
from certsvc.registry.session import RowQuery
from certsvc.registry.tables import REVISION
from certsvc.registry.timestamps import TimestampChanges, TimestampRows
from certsvc.registry.writing import RecordWriting
from certsvc.registry.writing_batches import BatchChanges
from certsvc.registry.writing_copies import CopyWriting


class SQLReadSession(
    ErasingRows,
    RecordReading,
    CopyReading,
    StatusReading,
    LookUpReading,
    ChangeReading,
    BatchRows,
    TimestampRows,
    AccessRows,
    NameRows,
    OverviewRows,
    EntryRows,
    ClientRows,
    FigureRows,
    KeyUseCounts,
    LogRows,
):
    """Look-ups in one transaction."""


class SQLWriteSession(
    AccessChanges,
    ClientChanges,
    FigureRows,
    ErasingChanges,
    RecordWriting,
    CopyWriting,
    StatusReading,
    LookUpWriting,
    ChangeWriting,
    BatchChanges,
    TimestampChanges,
    OverviewRows,
    AheadReading,
    KeyUseCounts,
    LogChanges,
):
    """Look-ups and changes in one transaction."""


class SQLRegistry:
    """The database as a whole; safe to share between threads. Each process opens its own."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """Use *database* under the keys of *vault*."""
        self.database = database
        self._vault = vault
        self._marks = Marks(vault)

    def glance(self, token: str) -> Sight:
        """Look a token up, with everything that decides what it is worth, at one moment."""
        rows = self.database.ask(GLANCE, {"token": token}) if storable(token) else ()
        if needs_more(rows):
            return self._slow_glance(token)
        last = self._marks.last(marks_of(rows), self._newest)
        return Sight(last_recorded_at=last, read=lambda: read_rows(rows, self._vault))

    def _slow_glance(self, token: str) -> Sight:
        found: Glance | None = None
        fault: RecordDamagedError | None = None
        with self.database.transaction(writing=False) as connection:
            session = GlanceReading(connection, self.database, self._vault)
            last = session.last_recorded_at()
            try:
                found = read_slowly(session, token)
            except RecordDamagedError as error:
                fault = error

        def read() -> Glance | None:
            if fault is not None:
                raise fault
            return found

        return Sight(last_recorded_at=last, read=read)

    def _newest(self, query: RowQuery) -> Record | None:
        rows = self.database.ask(query.query, {})
        return Record(self._vault.checked(query.table, rows[0])) if rows else None

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        """Open one consistent read transaction."""
        with self.database.transaction(writing=False) as connection:
            yield SQLReadSession(connection, self.database, self._vault)

    @contextmanager
    def writing(self) -> Iterator[WriteSession]:
        """Open one write transaction (BEGIN IMMEDIATE on SQLite)."""
        with self.database.transaction(writing=True) as connection:
            session = SQLWriteSession(connection, self.database, self._vault)
            yield session
            session.write_log_entries()

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers and its schema is the one we know."""
        with self.database.transaction(writing=False) as connection:
            found = [
                str(row[0])
                for row in connection.execute("SELECT version_num FROM alembic_version").fetchall()
            ]
        if found != [REVISION]:
            raise UnavailableError(f"the schema is at {found}, this program needs {REVISION}")

    def purge(self) -> bool:
        """Have what was overwritten leave SQLite's write-ahead log; False while others still read from it."""
        if self.database.dialect is not SQLITE:
            return True
        with self.database.translating(), closing(self.database.engine.raw_connection()) as pooled:
            connection = cast(Connection, pooled.dbapi_connection)
            ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return busy == 0

    def close(self) -> None:
        """Close the pooled connections."""
        self.database.close()


def open_registry(url: str, secret: bytes) -> SQLRegistry:
    """Return the registry at *url*; its schema must be there already, see migrate().

    Args:
        url: ``sqlite:///FILE`` or ``postgresql+psycopg://...``.
        secret: 32 bytes from the keystore; rows written under another secret count as damaged.

    Raises:
        SettingsError: *url* names another kind of database.
        KeyMaterialError: *secret* has another length.
    """
    return SQLRegistry(Database(url), Vault(secret))


def migrate(url: str) -> None:
    """Bring the schema at *url* to the newest revision; harmless to run again, or several times at once.

    Raises:
        SettingsError: *url* names another kind of database, or one with another encoding than UTF8.
        UnavailableError: the database cannot be reached.
    """
    # Alembic takes a third of a second to import and only this command needs it.
    from alembic import command
    from alembic.config import Config

    database = Database(url, bounded=False)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    try:
        with database.translating():
            _keep_private(database)
            with database.engine.connect() as connection:
                for statement in database.dialect.begin_migrating:
                    connection.exec_driver_sql(statement)
                _check_fit(database, connection)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
    finally:
        database.engine.dispose()


def _check_fit(database: Database, connection: sa.Connection) -> None:
    """Refuse a database that could not keep every name."""
    if database.dialect.unfit is not None:
        found = connection.exec_driver_sql(database.dialect.unfit).scalar()
        if found is not None:
            raise SettingsError(f"this database cannot be used: {found}")


def _keep_private(database: Database) -> None:
    """Create a SQLite file so that only its owner reads it; its WAL takes over the same mode."""
    if database.dialect is SQLITE and database.engine.url.database:
        path = Path(database.engine.url.database)
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise UnavailableError(f"the database file cannot be created: {error.strerror}") from error
