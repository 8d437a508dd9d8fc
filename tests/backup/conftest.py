"""A register with issued copies on each kind of database, and a place to restore to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from certsvc.backup.take import Taken, take_backup
from certsvc.config import Settings
from certsvc.registry.sql import SQLRegistry
from tests.factories import FixedClock
from tests.postgres import find_binaries
from tests.world import World, settings_in

TAKEN_AT = datetime(2026, 11, 30, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def stocked(
    database_url: str, tmp_path: Path, dev_keys: Path, font_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Record two holders and give each an endorsed copy."""
    monkeypatch.setenv("PATH", f"{find_binaries()}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    world = World(settings_in(tmp_path / "var", dev_keys, database_url=database_url), FixedClock())
    for order, number in enumerate(NUMBERS, start=1):
        world.initial(number, order=order)
        world.endorse(number, key=f"k{order}")
    yield world
    close(world)


NUMBERS = ("京1112020202200001", "京1112020202200002")


def close(world: World) -> None:
    """Close the connections of this process."""
    assert isinstance(world.services.registry, SQLRegistry)
    world.services.registry.close()


def backed_up(world: World, into: Path, at: datetime = TAKEN_AT) -> Taken:
    """Take a backup of an instance."""
    return take_backup(
        database_url=world.settings.database_url,
        storage=Path(world.settings.storage_url),
        into=into,
        now=at,
    )


class Elsewhere(Protocol):
    """Names an empty place; the register of before is gone on PostgreSQL."""

    def __call__(self, name: str = "elsewhere") -> Settings:
        """Return the settings of it."""


@pytest.fixture
def elsewhere(stocked: World, tmp_path: Path, request: pytest.FixtureRequest, font_cache: Path) -> Elsewhere:
    """Make places to restore to, under the same keys."""

    def empty(name: str = "elsewhere") -> Settings:
        data = tmp_path / name
        data.mkdir()
        (data / "cache").symlink_to(font_cache)
        url = f"sqlite:///{data / 'registry.db'}"
        if stocked.settings.database_url.startswith("postgresql"):
            close(stocked)
            url = request.getfixturevalue("postgresql").emptied()
        return settings_in(data, stocked.settings.keys_dir, database_url=url)

    return empty
