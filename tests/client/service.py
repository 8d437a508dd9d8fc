"""One real server for all tests of the client, and the people who are made up in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from certsvc.client import Client, Patience
from tests.client.chaos import Chaos, running_chaos
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import serving, settings_of
from tests.world import JSON, World, settings_in

SCOPES = ("issue", "endorse", "read", "verify")


class Pauses:
    """A sleep that takes no time and remembers, and the clock that goes with it."""

    def __init__(self) -> None:
        """Stand at 1000 s, as a steady clock may."""
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        """Return where it stands."""
        return self.now


@dataclass(slots=True, kw_only=True)
class Service:
    """The server, the proxy before it, and a key for each set of scopes."""

    url: str
    chaos: Chaos
    api_key: str
    world: World
    """Writes bodies only; the server stands on the same place."""
    add_key: Callable[[tuple[str, ...]], str]
    _order: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def client(
        self, url: str | None = None, *, pauses: Pauses | None = None, api_key: str = "", **options: object
    ) -> Client:
        """Make a client that waits for nothing."""
        pauses = pauses or Pauses()
        patience = options.pop("patience", None)
        timeout_s = options.pop("timeout_s", 30.0)
        assert not options and isinstance(timeout_s, float)
        assert patience is None or isinstance(patience, Patience)
        return Client(
            url or self.url,
            api_key=api_key or self.api_key,
            language="en",
            timeout_s=timeout_s,
            patience=patience,
            sleep=pauses.sleep,
            clock=pauses.clock,
            chance=lambda: 0.5,
        )

    def event(self, *, name: str = "样本甲") -> JSON:
        """Write the first event of somebody new."""
        order = next(self._order)
        return self.world.initial_body(f"京11120202022{order:05d}", order=order, name=name)

    def person(self, client: Client, *, name: str = "样本甲") -> str:
        """Register somebody new; returns the number."""
        return client.record_event(self.event(name=name)).registration.registration_number


@contextmanager
def running_service(folder: Path, keys: Path, fonts: Path) -> Iterator[Service]:
    """Serve a fresh instance in *folder*."""
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(fonts)
    world = World(settings_in(folder / "var", keys), FixedClock(datetime.now(UTC)))

    def add_key(scopes: tuple[str, ...]) -> str:
        _, api_key = world.services.clients.add("client tests", scopes)
        close(world)
        return api_key

    api_key = add_key(SCOPES)
    with (
        serving(settings_of(folder / "var", keys), workers=1) as server,
        running_chaos(server.port) as chaos,
    ):
        yield Service(
            url=f"http://127.0.0.1:{server.port}", chaos=chaos, api_key=api_key, world=world, add_key=add_key
        )
