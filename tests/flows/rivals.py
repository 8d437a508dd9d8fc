"""Requests at the same moment, through two services that share nothing but the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier

from certsvc.errors import CertsvcError
from certsvc.issuing.answers import Answer
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring import Services, build
from tests.world import World

Act = Callable[[Services], Answer]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rival was told."""

    code: str
    """``CREATED``, ``REPEATED`` or the code of the refusal."""
    body: Mapping[str, object]


class Arena:
    """Lets rivals loose on one world, half of them on a second set of services, as in another process."""

    def __init__(self, world: World) -> None:
        """Wire the second set to the same place."""
        self.world = world
        self.sides = (world.services, build(world.settings, world.clock))
        """Two sets of services, as of two processes."""

    def at_once(self, acts: Sequence[Act]) -> list[Outcome]:
        """Start all *acts* together; returns their outcomes in the same order."""
        together = Barrier(len(acts))

        def run(order: int) -> Outcome:
            together.wait(timeout=60)
            try:
                answer = acts[order](self.sides[order % len(self.sides)])
            except CertsvcError as error:
                return Outcome(error.code, {"note": error.note})
            return Outcome("CREATED" if answer.created else "REPEATED", answer.body)

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, range(len(acts))))

    def close(self) -> None:
        """Close the second set's connections."""
        registry = self.sides[1].registry
        assert isinstance(registry, SQLRegistry)
        registry.close()


@contextmanager
def arena(world: World) -> Iterator[Arena]:
    """Open an arena on *world* until the block ends."""
    opened = Arena(world)
    yield opened
    opened.close()


def recording(body: Mapping[str, object]) -> Act:
    """Record this event."""
    return lambda services: services.recorder.record(body)


def endorsing(number: str, key: str, purpose: str = "投标使用") -> Act:
    """Ask for an endorsed copy."""
    return lambda services: services.desk.endorse(number, {"purpose": purpose}, client_id="tests", key=key)


def codes(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Count the outcomes by code; a database that gave up is never a right answer to a race."""
    told = Counter(outcome.code for outcome in outcomes)
    assert "UNAVAILABLE" not in told, [one.body for one in outcomes if one.code == "UNAVAILABLE"]
    return told
