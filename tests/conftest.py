"""Fixtures of the whole suite: keys are made once, every test has a place of its own."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from certsvc.sealing.keystore import init_dev_keys
from tests.factories import NOW, FixedClock
from tests.world import World, settings_in

# A shared machine may stall any example; what a property needs is many examples, not quick ones.
hypothesis.settings.register_profile("suite", deadline=None, database=None)
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def dev_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the test PKI once; RSA keys are slow."""
    folder = tmp_path_factory.mktemp("keys")
    init_dev_keys(folder, ROOT / "keys" / "pki.toml", NOW)
    return folder


@pytest.fixture(scope="session")
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Share one folder of unpacked fonts; unpacking takes most of a second."""
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture
def world(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make a fresh instance standing at NOW."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return World(settings_in(tmp_path / "var", dev_keys), FixedClock())
