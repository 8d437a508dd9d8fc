"""One standing instance with issued copies, and pools that leave nothing behind."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from certsvc.qr.offline import decode
from certsvc.verification.pool import COMMAND, MESSAGES, ReaderPool
from tests.factories import FixedClock
from tests.offline import a_world_with_codes
from tests.verification.offline_hand import OTHER, Handed, code_on, fresh_bundle
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


@pytest.fixture(scope="session")
def readers() -> Iterator[ReaderPool]:
    """One pool for all."""
    pool = ReaderPool(1)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def handed(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Handed:
    """One endorsed copy with an offline code, and the bundle of an hour later; no test changes them."""
    folder = tmp_path_factory.mktemp("offline")
    keys = folder / "own-keys"
    shutil.copytree(dev_keys, keys)
    world = a_world_with_codes(folder, keys, font_cache)
    world.initial()
    world.initial(OTHER, order=2, name="样本乙")
    body, other = world.endorse(), world.endorse(OTHER)
    world.record(world.event("suspend", OTHER, reason={"code": "INQUIRY", "text": "示例"}))
    assert other
    world.jump(seconds=3600)
    pdf = world.file(body)
    text = code_on(pdf)
    return Handed(
        world=world,
        body=body,
        text=text,
        claims=decode(text).claims,
        pdf=pdf,
        ofd=world.file(body, "ofd"),
        bundle=fresh_bundle(world),
    )
