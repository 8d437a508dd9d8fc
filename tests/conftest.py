"""Fixtures of the whole suite: keys are made once, every test has a place of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from certsvc.wiring import make_dev_keys
from tests import drills, schedule
from tests.factories import FixedClock
from tests.postgres import Server, running_server
from tests.privacy.watch import Watch
from tests.s3_server import Moto, running_moto
from tests.softhsm import SoftHSM, make_softhsm
from tests.world import World, settings_in

# A shared machine may stall any example; what a property needs is many examples, not quick ones.
hypothesis.settings.register_profile("suite", deadline=None, database=None)
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Open the book of drills before any worker starts, and watch for identity numbers."""
    if not hasattr(config, "workerinput"):
        drills.open_book(os.environ)
        config.pluginmanager.register(Watch(), "identity-numbers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand the long files out first; the Makefile tells the workers' scheduler not to order them again."""
    schedule.put_long_ones_first(items, ROOT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the drills of all workers counted."""
    if hasattr(config, "workerinput"):
        return
    for title, lines in zip(("drills", "faults"), drills.close_book(os.environ), strict=True):
        if lines:
            terminalreporter.section(f"{title}, {'whole' if drills.FULL else 'a seeded part'}")
            for line in lines:
                terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Share one folder of unpacked fonts; unpacking takes most of a second."""
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture(scope="session")
def dev_keys(tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Path:
    """Make the test PKI and the sample issuer's seal once; RSA keys are slow."""
    place = tmp_path_factory.mktemp("place")
    (place / "cache").symlink_to(font_cache)
    make_dev_keys(settings_in(place, place / "keys"), FixedClock())
    return place / "keys"


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHSM]:
    """Make a PKCS#11 token once: its module reads where it lies when a process first uses it."""
    made = make_softhsm(tmp_path_factory.mktemp("hsm"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.environ.items():
            patch.setenv(name, value)
        yield made


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Undo what a test sets up for its process: many tests share one."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def world(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make a fresh instance standing at NOW."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return World(settings_in(tmp_path / "var", dev_keys), FixedClock())


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Run one PostgreSQL server for the whole run."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """Run one S3-compatible server for the whole run; each test takes a prefix of its own."""
    with running_moto(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.db'}"
    server = request.getfixturevalue("postgresql")
    assert isinstance(server, Server)
    return server.emptied()
