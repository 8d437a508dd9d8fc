"""Requests that come at the same moment share one chunk, and so its transactions and its sync."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from certsvc.errors import DefectError
from certsvc.issuing.orders import CHUNK

T = TypeVar("T")
R = TypeVar("R")


class _Place(Generic[T, R]):
    """One order on the conveyor, and the thread that waits for it."""

    __slots__ = ("called", "error", "order", "result")

    def __init__(self, order: T) -> None:
        self.order = order
        self.called = threading.Event()
        """Set when the order is done, or when its thread is to take the next chunk."""
        self.result: R | None = None
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.result is not None or self.error is not None


class Conveyor(Generic[T, R]):
    """Gathers orders while a chunk is being worked on; the next chunk takes all that wait.

    The thread of the first one that waits does the work for all, so nobody waits for company: an order that
    comes alone is a chunk of one, in its own thread and at once.
    """

    def __init__(self, work: Callable[[Sequence[T]], Sequence[R]]) -> None:
        """Take what carries out up to CHUNK orders and returns their results in order."""
        self._work = work
        self._lock = threading.Lock()
        self._waiting: list[_Place[T, R]] = []
        self._busy = False

    def take(self, order: T) -> R:
        """Carry out one order, perhaps together with others."""
        place: _Place[T, R] = _Place(order)
        with self._lock:
            self._waiting.append(place)
            mine, self._busy = not self._busy, True
        if not mine:
            place.called.wait()
        if not place.done:
            self._lead()
        if place.error is not None:
            raise place.error
        if place.result is None:
            raise DefectError("an order left the conveyor without a result")
        return place.result

    def _lead(self) -> None:
        """Work on all that wait, this thread's own among them, then call the next one."""
        with self._lock:
            chunk, self._waiting = self._waiting[:CHUNK], self._waiting[CHUNK:]
        try:
            self._carry_out(chunk)
        except BaseException as error:
            # This thread is being ended; whoever shared its chunk is told why.
            for place in chunk:
                if not place.done:
                    place.error = error
            raise
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            for place in chunk:
                place.called.set()
            if following is not None:
                following.called.set()

    def _carry_out(self, chunk: Sequence[_Place[T, R]]) -> None:
        try:
            results = self._work([place.order for place in chunk])
        except Exception as error:  # noqa: BLE001  raised again in the thread that waits for it
            if len(chunk) == 1:
                chunk[0].error = error
                return
            # One of them broke the chunk; alone it breaks nobody else's. Orders may be taken again.
            for place in chunk:
                self._carry_out([place])
            return
        for place, result in zip(chunk, results, strict=True):
            place.result = result
