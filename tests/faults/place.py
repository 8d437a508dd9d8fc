"""An instance that can be put back: every point of a drill starts from the same state of disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from certsvc.registry.sql import SQLRegistry
from tests.factories import FixedClock
from tests.faults.standby import TAKE, Step
from tests.web.site import path_of
from tests.world import JSON, NUMBER, World, settings_in


@dataclass(frozen=True, slots=True)
class Place:
    """One instance with one registration and one API client."""

    world: World
    key: str
    """The API key."""

    @property
    def data(self) -> Path:
        """Where it lies."""
        return self.world.settings.data_dir

    def close(self) -> None:
        """Close this process's connections, so that the files hold everything."""
        assert isinstance(self.world.services.registry, SQLRegistry)
        self.world.services.registry.close()

    def save(self, name: str) -> None:
        """Remember the state of disk."""
        saved = self.data.with_name(name)
        shutil.copytree(self.data, saved, symlinks=True)

    def restore(self, name: str) -> None:
        """Put a remembered state back; nobody may have the database open."""
        for path in self.data.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self.data.with_name(name), self.data, symlinks=True, dirs_exist_ok=True)

    def endorsement(self, key: str = "k", number: str = NUMBER, after_s: float = 0) -> Step:
        """Ask for an endorsed copy."""
        headers = {"X-API-Key": self.key, "Idempotency-Key": key}
        return Step(path_of(number, "endorsements"), {"purpose": "投标使用"}, headers, after_s=after_s)

    def original(self, after_s: float = 0) -> Step:
        """Ask for the original."""
        return Step(path_of(NUMBER, "original"), None, {"X-API-Key": self.key}, after_s=after_s)

    def chunk(self, *orders: JSON, after_s: float = 0) -> Step:
        """Hand in orders as one chunk; see order_of()."""
        return Step(TAKE, list(orders), after_s=after_s)

    def event(self, body: JSON, after_s: float = 0) -> Step:
        """Deliver an event."""
        return Step("/api/v1/events", body, {"X-API-Key": self.key}, after_s=after_s)


def order_of(op: str, number: str, key: str = "", body: JSON | None = None) -> JSON:
    """Write one order as it goes through a pipe."""
    given = {"purpose": "投标使用"} if op == "endorse" else {}
    return {
        "op": op,
        "registration_number": number,
        "body": given if body is None else body,
        "client_id": "drills",
        "key": key,
    }


def number_of(order: int) -> str:
    """Return the registration number of the *order*-th person of a drill."""
    return f"京11120202022{order:05d}"


def make_place(data: Path, keys: Path, font_cache: Path) -> Place:
    """Make an instance that stands at the machine's time: temporary files are swept by their age."""
    data.mkdir(exist_ok=True)
    (data / "cache").symlink_to(font_cache)
    world = World(settings_in(data, keys), FixedClock(datetime.now(UTC)))
    world.initial()
    _, key = world.services.clients.add("drills", ("issue", "endorse", "read"))
    place = Place(world, key)
    place.close()
    return place
