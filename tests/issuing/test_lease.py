"""A key is used only while the row is certainly ours; the register is asked only when that is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from certsvc.errors import UnavailableError
from certsvc.issuing.counter import Order
from certsvc.issuing.lease import AMPLE, LEASE
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_glance import Sight
from tests.flows.press_room import WatchedPress, a_desk, a_press, stored
from tests.flows.test_chunks import endorsing, number, told
from tests.world import NUMBER, World

AMPLE_S = int(AMPLE.total_seconds())
LEASE_S = int(LEASE.total_seconds())


class CountingRegistry:
    """Counts write transactions."""

    def __init__(self, genuine: Registry) -> None:
        self._genuine = genuine
        self.writes = 0

    def reading(self) -> Any:
        """Open the genuine one."""
        return self._genuine.reading()

    @contextmanager
    def writing(self) -> Iterator[WriteSession]:
        """Count, and open the genuine one."""
        self.writes += 1
        with self._genuine.writing() as session:
            yield session

    def glance(self, token: str) -> Sight:
        """Look at the genuine one."""
        return self._genuine.glance(token)

    def ping(self) -> None:
        """Ask the genuine one."""
        self._genuine.ping()


def slow_press(world: World, seconds: int, meanwhile: Callable[[], object] = dict) -> WatchedPress:
    """Make a press that takes its time over each copy, while something else happens."""

    def before(_copy: int) -> None:
        world.jump(seconds=seconds)
        meanwhile()

    return WatchedPress(a_press(world), before)


@pytest.mark.parametrize(
    ("seconds", "writes"), [(0, 2), (LEASE_S - AMPLE_S, 2), (LEASE_S - AMPLE_S + 1, 3), (LEASE_S, 3)]
)
def test_a_lease_with_ample_time_is_not_asked_about(world: World, seconds: int, writes: int) -> None:
    """Reserve and complete; a third transaction only when less than AMPLE is left, or nothing."""
    world.initial()
    counting = CountingRegistry(world.services.registry)
    desk = a_desk(world, press=slow_press(world, seconds), registry=counting)

    assert desk.endorse(NUMBER, {"purpose": "投标使用"}, client_id="tests", key="k").created
    assert counting.writes == writes


def test_a_long_chunk_renews_the_lease_of_all_its_rows(world: World) -> None:
    """Twenty seconds for each of six: twice the lease, and nobody takes anything over meanwhile."""
    orders: list[Order] = []
    for order in range(1, 7):
        world.initial(number(order), order=order)
        orders.append(endorsing(number(order), str(order)))
    recovered: list[int] = []

    def recover() -> None:
        recovered.append(sum(world.services.desk.recover().values()))

    desk = a_desk(world, press=slow_press(world, 20, recover))

    assert told(desk.take(orders)) == ["CREATED"] * 6
    assert recovered == [0] * 6


def test_no_key_is_used_for_rows_somebody_else_took_over(world: World) -> None:
    """The worker slept past its lease and recovery gave its rows up."""
    for order in (1, 2):
        world.initial(number(order), order=order)
    recovered: list[int] = []

    def recover() -> None:
        recovered.append(world.services.desk.recover()["failed"])

    press = slow_press(world, LEASE_S + 1, recover)
    desk = a_desk(world, press=press)

    assert told(desk.take([endorsing(number(order), str(order)) for order in (1, 2)])) == ["UNAVAILABLE"] * 2
    assert recovered[0] == 2 and press.sealed == 0 and stored(world) == []
    assert world.endorse(number(1))["copy_number"] == 2


class SilentRegistry(CountingRegistry):
    """A registry that is away for every write transaction but the first."""

    @contextmanager
    def writing(self) -> Iterator[WriteSession]:
        """Answer once."""
        if self.writes:
            self.writes += 1
            raise UnavailableError("away")
        with super().writing() as session:
            yield session


def test_a_register_that_is_away_is_asked_once_for_the_whole_chunk(world: World) -> None:
    """Each row would wait as long; no key is used, and recovery frees the days."""
    for order in (1, 2, 3):
        world.initial(number(order), order=order)
    press = slow_press(world, LEASE_S - 1)
    silent = SilentRegistry(world.services.registry)
    away = a_desk(world, press=press, registry=silent)

    assert (
        told(away.take([endorsing(number(order), str(order)) for order in (1, 2, 3)])) == ["UNAVAILABLE"] * 3
    )
    # Reserve, one renewal, one attempt to tell what became of them.
    assert (silent.writes, press.sealed, stored(world)) == (3, 0, [])
    world.clock.advance(timedelta(seconds=LEASE_S + 1))
    assert world.services.desk.recover() == {"finished": 0, "failed": 3}


class UnreadableRegistry(CountingRegistry):
    """A registry that takes writes and is away for every read."""

    reads = 0

    def reading(self) -> Any:
        """Be away."""
        self.reads += 1
        raise UnavailableError("away")


def test_images_that_cannot_be_read_are_asked_for_once(world: World) -> None:
    """A frozen database must not hold two hundred callers for two hundred times its time limit."""
    for order in (1, 2, 3):
        world.initial(number(order), order=order)
    away = UnreadableRegistry(world.services.registry)
    orders = [endorsing(number(order), str(order)) for order in (1, 2, 3)]

    assert told(a_desk(world, registry=away).take(orders)) == ["UNAVAILABLE"] * 3
    assert (away.reads, stored(world)) == (1, [])
    assert told(world.services.desk.take(orders)) == ["CREATED"] * 3
