"""Every test that takes ``registry_url`` or ``registry`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from tests.registry.postgres import empty_database, find_binaries, running_server
from tests.registry.shelf import SECRET


@pytest.fixture(scope="session")
def postgresql_socket() -> Iterator[Path]:
    """Run one PostgreSQL server for the whole run."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries (initdb, postgres) on PATH or in /usr/lib/postgresql/*/bin")
    with running_server(binaries) as socket_folder:
        yield socket_folder


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.db'}"
    return empty_database(request.getfixturevalue("postgresql_socket"))


@pytest.fixture
def registry(registry_url: str) -> Iterator[SQLRegistry]:
    """Open a registry with its schema and nothing in it."""
    migrate(registry_url)
    opened = open_registry(registry_url, SECRET)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_registry(tmp_path: Path) -> Iterator[SQLRegistry]:
    """Open an empty SQLite registry, for what only SQLite does."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    migrate(url)
    opened = open_registry(url, SECRET)
    yield opened
    opened.close()
