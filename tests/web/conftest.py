"""A whole site in memory of one process: the real services behind Flask's test client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.factories import FixedClock
from tests.web.site import Site
from tests.world import World, settings_in


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep log lines out of the tests' output; what they may hold is tested by capturing them."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def site(world: World) -> Site:
    """Make a fresh site whose clock tests move."""
    return Site(world)


@pytest.fixture(scope="module")
def standing_site(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Site:
    """Make one site for the tests of a module that change nothing others look at."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    return Site(World(settings_in(folder / "var", dev_keys), FixedClock()))
