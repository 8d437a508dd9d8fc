"""One standing instance with issued copies, and pools that leave nothing behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from certsvc.verification.pool import COMMAND, MESSAGES, ReaderPool
from tests.factories import FixedClock
from tests.world import JSON, NUMBER, World, settings_in

OTHER_NUMBER = "京1112020202200002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Two people with one endorsed copy each."""

    world: World
    first: JSON
    second: JSON
    first_pdf: bytes
    second_pdf: bytes
    first_ofd: bytes
    second_ofd: bytes


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Issued:
    """Issue them once; nothing here changes them."""
    folder = tmp_path_factory.mktemp("verification") / "var"
    folder.mkdir()
    (folder / "cache").symlink_to(font_cache)
    world = World(settings_in(folder, dev_keys), FixedClock())
    world.initial()
    world.initial(OTHER_NUMBER, order=2, name="样本乙")
    first, second = world.endorse(NUMBER), world.endorse(OTHER_NUMBER)
    return Issued(
        world=world,
        first=first,
        second=second,
        first_pdf=world.file(first),
        second_pdf=world.file(second),
        first_ofd=world.file(first, "ofd"),
        second_ofd=world.file(second, "ofd"),
    )


MakePool = Callable[..., ReaderPool]


@pytest.fixture
def a_pool() -> Iterator[MakePool]:
    """Make pools that are closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def make(
            processes: int = 1, command: Sequence[str] = COMMAND, messages: int = MESSAGES
        ) -> ReaderPool:
            pool = ReaderPool(processes, command=command, messages=messages)
            stack.callback(pool.close)
            return pool

        yield make
