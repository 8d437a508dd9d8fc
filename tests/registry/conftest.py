"""Every test that takes ``registry_url`` or ``registry`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from tests.registry.shelf import SECRET


@pytest.fixture
def registry_url(database_url: str) -> str:
    """Name an empty database, one of each kind."""
    return database_url


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
