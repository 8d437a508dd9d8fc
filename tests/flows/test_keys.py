"""What the keys' life means for copies already out."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.errors import KeyMaterialError
from certsvc.sealing.trust import mark_compromised, retire_key
from certsvc.wiring import build
from tests.factories import FixedClock
from tests.test_config import PRODUCTION
from tests.world import World, settings_in


@pytest.fixture
def keys(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Path:
    """Copy the keys, so that a test may withdraw them."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return Path(shutil.copytree(dev_keys, tmp_path / "keys"))


def test_compromise_counts_from_its_instant(tmp_path: Path, keys: Path) -> None:
    """A stolen key must not take the good copies sealed before the theft with it."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    before = world.file(world.endorse())
    world.jump(days=1)
    copy = world.endorse()
    after = world.file(copy)
    key_id = next(key.key_id for key in world.services.keystore.keys if key.algorithm == "p256")

    mark_compromised(keys, key_id, world.clock.now())

    world.services = build(world.settings, world.clock)
    assert world.verify(file=before).status == "VALID"
    for report in (world.verify(file=after), world.verify(token=copy["token"])):
        assert report.status == "NOT_OURS"
        assert any(finding.code == "KEY_COMPROMISED" for finding in report.findings)


def test_retired_key_seals_nothing_more_and_its_copies_stay_valid(tmp_path: Path, keys: Path) -> None:
    """Rotation is routine: nobody who holds a copy should notice it. Verifying needs no private key."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    copy = world.file(world.endorse())
    key_id = next(key.key_id for key in world.services.keystore.keys if key.algorithm == "p256")

    retire_key(keys, key_id, world.clock.now() + timedelta(hours=1))

    world.jump(days=1)
    world.services = build(world.settings, world.clock)
    assert world.verify(file=copy).status == "VALID"
    with pytest.raises(KeyMaterialError):
        world.endorse()


def test_production_refuses_test_keys(tmp_path: Path, keys: Path) -> None:
    """A certificate sealed with a key anybody can make must never leave a real service."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())

    own = {name.removeprefix("CERTSVC_").lower(): value for name, value in PRODUCTION.items()}

    with pytest.raises(KeyMaterialError, match="CERTSVC_KEYS_DIR"):
        build(settings_in(tmp_path / "var", keys, **own), world.clock)
