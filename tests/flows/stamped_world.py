"""A whole instance whose policy asks for time stamps, and the authority it asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from certsvc.domain.report import Check, Finding, Report
from certsvc.registry.sql import SQLRegistry
from tests.factories import FixedClock
from tests.tsa import Authority, lists_of
from tests.tsa_server import Desk, running
from tests.world import World, settings_in


@dataclass(frozen=True)
class StampedWorld:
    """Both, on one clock."""

    world: World
    desk: Desk


@contextmanager
def a_stamped_world(
    folder: Path, keys: Path, fonts: Path, policy: str, *, authority: Authority | None = None, **changes: str
) -> Iterator[StampedWorld]:
    """Make a fresh instance in *folder* with one person registered; for ``b-lta`` with revocation lists."""
    clock = FixedClock()
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(fonts)
    with running(clock.now, authority) as desk:
        trust = folder / "tsa.pem"
        trust.write_bytes(desk.authority.root_pem)
        crls = folder / "crls"
        crls.mkdir()
        for number, one in enumerate(lists_of(keys, desk.authority, clock.now())):
            (crls / f"{number}.crl").write_bytes(one)
        named = {"tsa_url": desk.url, "tsa_trust": str(trust), "crls_dir": str(crls), "timestamp": policy}
        world = World(settings_in(folder / "var", keys, **(named | changes)), clock)
        world.initial()
        yield StampedWorld(world, desk)
        registry = world.services.registry
        assert isinstance(registry, SQLRegistry)
        registry.close()


class Make(Protocol):
    """Makes an instance of a policy."""

    def __call__(self, policy: str, **changes: str) -> AbstractContextManager[StampedWorld]:
        """Open it."""


def stamp_of(report: Report) -> Finding:
    """What a report says of the time stamp."""
    (found,) = [one for one in report.findings if one.check is Check.TIMESTAMP]
    return found
