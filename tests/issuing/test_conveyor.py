"""Requests at the same moment share a chunk; none waits for company, and none suffers from another."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, get_ident
from time import sleep

import pytest

from certsvc.issuing.conveyor import Conveyor
from certsvc.issuing.orders import CHUNK


class Works:
    """Doubles numbers, and remembers which came together, in which thread."""

    def __init__(self) -> None:
        self.chunks: list[list[int]] = []
        self.threads: list[int] = []
        self.started, self.go_on = Event(), Event()
        self.at_work = Lock()

    def double(self, orders: Sequence[int]) -> list[int]:
        """Work on a chunk; the first one lasts until it is told to go on."""
        assert self.at_work.acquire(blocking=False), "two chunks at once"
        try:
            self.chunks.append(list(orders))
            self.threads.append(get_ident())
            self.started.set()
            assert self.go_on.wait(timeout=60)
            if 13 in orders:
                raise ZeroDivisionError("thirteen")
            return [2 * order for order in orders]
        finally:
            self.at_work.release()


def gather(conveyor: Conveyor[int, int], works: Works, numbers: Sequence[int]) -> list[int | str]:
    """Hand in the first number, and while it is worked on the rest; returns what came of each."""

    def take(number: int) -> int | str:
        try:
            return conveyor.take(number)
        except ZeroDivisionError as error:
            return str(error)

    with ThreadPoolExecutor(len(numbers)) as pool:
        first = pool.submit(take, numbers[0])
        assert works.started.wait(timeout=60)
        rest = [pool.submit(take, number) for number in numbers[1:]]
        while len(conveyor._waiting) < len(rest):
            sleep(0.001)
        works.go_on.set()
        return [one.result(timeout=60) for one in (first, *rest)]


def test_one_alone_is_done_at_once_in_its_own_thread() -> None:
    """No hand-over, no waiting for company."""
    works = Works()
    works.go_on.set()
    conveyor = Conveyor(works.double)

    assert [conveyor.take(number) for number in (1, 2)] == [2, 4]
    assert works.chunks == [[1], [2]] and set(works.threads) == {get_ident()}


def test_those_who_come_meanwhile_are_the_next_chunk() -> None:
    """Each gets its own result."""
    works = Works()
    results = gather(Conveyor(works.double), works, range(1, 9))

    assert results == [2 * number for number in range(1, 9)]
    assert [sorted(chunk) for chunk in works.chunks] == [[1], list(range(2, 9))]


def test_one_that_breaks_a_chunk_breaks_nobody_elses_order() -> None:
    """A defect is met by the one request that shows it."""
    works = Works()
    results = gather(Conveyor(works.double), works, [1, 12, 13, 14])

    assert results == [2, 24, "thirteen", 28]
    works.go_on.set()
    assert Conveyor(works.double).take(3) == 6


@pytest.mark.parametrize("more", [0, 1])
def test_no_chunk_is_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    """A lease, a transaction and a pack are made for so many."""
    assert CHUNK == 200
    monkeypatch.setattr("certsvc.issuing.conveyor.CHUNK", 4)
    works = Works()
    gather(Conveyor(works.double), works, range(100, 105 + more))

    assert [len(chunk) for chunk in works.chunks] == [1, 4] + [1] * more
