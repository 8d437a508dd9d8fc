"""The database in trouble: every fault of its becomes one of our coded errors."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from certsvc.errors import (
    DefectError,
    SettingsError,
    StorageFullError,
    UnavailableError,
)
from certsvc.registry.database import Connection, Query
from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from certsvc.registry.tables import COUNTER
from tests.factories import NOW
from tests.registry.shelf import SECRET, register


def settle(registry: SQLRegistry, pragma: str) -> None:
    """Send *pragma* on every connection from now on."""
    registry.database.engine.dispose()

    def send(connection: Connection, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    sa.event.listen(registry.database.engine, "connect", send)


def test_a_full_disk_is_storage_full_and_leaves_nothing(sqlite_registry: SQLRegistry, tmp_path: Path) -> None:
    """The caller is told to come again; half an event would be worse than none."""
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    settle(sqlite_registry, f"max_page_count = {pages + 2}")
    with pytest.raises(StorageFullError), sqlite_registry.writing() as session:
        who = register(session)
        session.put_image(who.holder_id, "f" * 64, bytes(100_000), NOW)
    with sqlite_registry.reading() as session:
        assert session.last_recorded_at() is None
    with sqlite_registry.writing() as session:
        assert session.next_serial(2026) == "20260000000001", "the next small one is served again"


def test_a_locked_database_is_unavailable(sqlite_registry: SQLRegistry, tmp_path: Path) -> None:
    """Readers go on while somebody holds the write lock for too long."""
    settle(sqlite_registry, "busy_timeout = 20")
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as hog:
        hog.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError), sqlite_registry.writing() as session:
            session.next_serial(2026)
        sqlite_registry.ping()
        hog.execute("ROLLBACK")
    with sqlite_registry.writing() as session:
        session.next_serial(2026)


def test_a_writing_holds_the_write_lock_from_its_first_moment(
    sqlite_registry: SQLRegistry, tmp_path: Path
) -> None:
    """A lock taken at the first change would fail whoever read before a rival's commit."""
    other_process = open_registry(f"sqlite:///{tmp_path / 'registry.db'}", SECRET)
    settle(other_process, "busy_timeout = 20")
    with sqlite_registry.writing():
        with pytest.raises(UnavailableError), other_process.writing():
            pass
        with other_process.reading() as session:
            assert session.last_recorded_at() is None
    other_process.close()


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """Both kinds; nothing of the driver's text gets out."""
    for url in (
        f"sqlite:///{tmp_path / 'no' / 'registry.db'}",
        f"postgresql+psycopg://nobody@/none?host={tmp_path}",
    ):
        registry = open_registry(url, SECRET)
        with pytest.raises(UnavailableError) as refused:
            registry.ping()
        assert str(tmp_path) not in str(refused.value)
        with pytest.raises(UnavailableError):
            migrate(url)
        registry.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """Somebody restored the wrong file."""
    (tmp_path / "registry.db").write_bytes(b"not a database at all" * 1000)
    registry = open_registry(f"sqlite:///{tmp_path / 'registry.db'}", SECRET)
    with pytest.raises(UnavailableError):
        registry.ping()
    registry.close()


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://u@h/d", "postgresql://u@h/d", "oracle://x"],
)
def test_other_databases_are_refused(url: str) -> None:
    """What was never tried is not silently used; a database in memory would be empty for every connection."""
    with pytest.raises(SettingsError):
        open_registry(url, SECRET)


def test_each_sqlite_connection_is_durable_and_strict(sqlite_registry: SQLRegistry) -> None:
    """FULL is what makes an acknowledged event survive a power cut; the default of WAL is not."""
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    with sqlite_registry.database.transaction(writing=True) as connection:
        found = {name: connection.execute(f"PRAGMA {name}").fetchall()[0][0] for name in expected}
    assert found == expected


def test_text_that_no_column_can_hold_is_a_defect(registry: SQLRegistry) -> None:
    """It should have been refused long before; it must not end as the driver's own error."""
    for text in ("a\ud800", "a\x00b"):
        with pytest.raises(DefectError), registry.writing() as session:
            session.add_client(text, frozenset(), "key", NOW)


def test_a_parameter_nobody_asked_for_is_refused(sqlite_registry: SQLRegistry) -> None:
    """A misspelt one would otherwise be NULL in the statement, and find nothing for ever."""
    query = Query(sa.select(COUNTER).where(COUNTER.c.name == sa.bindparam("name")))
    dialect = sqlite_registry.database.engine.dialect
    assert query.prepared(dialect, {"name": "x"})[1] == ["x"]
    with pytest.raises(TypeError):
        query.prepared(dialect, {"nam": "x"})
