"""A file made with a stolen key of ours is perfect by itself; it is told by what is known of the key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from certsvc.domain.endorsement import FORMATS
from certsvc.sealing.trust import mark_compromised
from certsvc.wiring import build
from tests.factories import FixedClock
from tests.flows.press_room import a_press, reserved, sealed
from tests.world import World, settings_in


@pytest.fixture
def stolen(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make a place whose keys a test may withdraw."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    keys = Path(shutil.copytree(dev_keys, tmp_path / "keys"))
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    return world


@pytest.mark.parametrize("fmt", FORMATS)
def test_what_a_thief_sealed_is_not_ours(stolen: World, fmt: str) -> None:
    """It is intact, ours by the key and unknown to the register: once the theft is known, that is said."""
    press = a_press(stolen)
    copy, files = sealed(stolen, press, reserved(stolen, press))
    assert stolen.verify(file=files[copy.file_name(fmt)]).status == "UNKNOWN"

    key_id = {"pdf": copy.key_id, "ofd": copy.seal_key_id}[fmt]
    mark_compromised(Path(stolen.settings.keys_dir), key_id, stolen.clock.now())
    stolen.services = build(stolen.settings, stolen.clock)

    report = stolen.verify(file=files[copy.file_name(fmt)])
    assert report.status == "NOT_OURS"
    assert "KEY_COMPROMISED" in {finding.code for finding in report.findings}


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_theft_accuses_nobody_while_the_register_is_away(stolen: World, fmt: str) -> None:
    """Of a file sealed by such a key only the register can say whether it was issued in good time."""
    file = stolen.file(stolen.endorse(), fmt)
    for key in stolen.services.keystore.keys:
        if key.use == "seal":
            mark_compromised(Path(stolen.settings.keys_dir), key.key_id, stolen.clock.now())
    stolen.services = build(stolen.settings, stolen.clock)
    database = Path(stolen.settings.database_url.removeprefix("sqlite:///"))
    database.rename(database.with_suffix(".away"))

    assert stolen.verify(file=file).status == "UNAVAILABLE"
