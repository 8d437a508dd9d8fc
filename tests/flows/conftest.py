"""A world on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certsvc.registry.sql import SQLRegistry
from tests.factories import FixedClock
from tests.flows.stamped_world import Make, a_stamped_world
from tests.world import World, settings_in


@pytest.fixture
def anywhere(tmp_path: Path, dev_keys: Path, font_cache: Path, database_url: str) -> Iterator[World]:
    """Make a fresh instance standing at NOW, on SQLite and on PostgreSQL."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    made = World(settings_in(tmp_path / "var", dev_keys, database_url=database_url), FixedClock())
    yield made
    close(made)


def close(world: World) -> None:
    """Close a world's connections; its registry opens others when it is asked again."""
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    registry.close()


@pytest.fixture
def make(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Make:
    """Make an instance in this test's folder."""
    return lambda policy, **changes: a_stamped_world(tmp_path, dev_keys, font_cache, policy, **changes)
