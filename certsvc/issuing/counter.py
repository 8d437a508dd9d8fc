"""Where orders are handed in, one or many at once: each gets its own answer or its own coded reason."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from certsvc.issuing.desk import Desk
from certsvc.issuing.orders import CHUNK, Operation, Order, Outcome
from certsvc.issuing.record import Recorder

__all__ = ["CHUNK", "Counter", "Operation", "Order", "Outcome"]


class Counter:
    """Takes orders in chunks; one that is refused fails no other."""

    def __init__(self, desk: Desk, recorder: Recorder) -> None:
        """Take who issues and who records."""
        self._desk = desk
        self._recorder = recorder

    def take(self, orders: Sequence[Order]) -> list[Outcome]:
        """Carry out orders, up to CHUNK of them together; the outcomes are in their order.

        Neighbours of one kind, events or copies, make a chunk, so an event counts for the copies behind it.
        What is answered is durable. After a crash, taking the same orders again does only what is missing.
        """
        outcomes: list[Outcome] = []
        for recording, run in groupby(orders, lambda order: order.op is Operation.EVENT):
            chunk = list(run)
            if recording:
                outcomes += self._recorder.take([order.body for order in chunk])
            else:
                outcomes += self._desk.take(chunk)
        return outcomes
