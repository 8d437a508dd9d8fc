"""The instance and the loaded process that the drills of one file share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.place import Place, make_place
from tests.faults.standby import Standby, standing_by


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Place:
    """Make the instance that every point starts from."""
    place = make_place(tmp_path_factory.mktemp("place") / "var", dev_keys, font_cache)
    place.save("base")
    return place


@pytest.fixture(scope="session")
def victim(dev_keys: Path, font_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    """Keep a loaded process ready; loading takes seconds."""
    with standing_by(dev_keys, font_cache, tmp_path_factory.mktemp("trace")) as standby:
        yield standby


@pytest.fixture(scope="module")
def standby(victim: Standby, place: Place) -> Standby:
    """Make the loaded process work on the place."""
    return victim.at(place.data)
