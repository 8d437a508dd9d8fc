"""Where orders are handed in, one or many at once: each gets its own answer or its own coded reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from certsvc.errors import CertsvcError
from certsvc.issuing.answers import Answer
from certsvc.issuing.desk import Desk
from certsvc.issuing.record import Recorder


class Operation(StrEnum):
    """What an order asks for."""

    ENDORSE = "endorse"
    ORIGINAL = "original"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing asked for; the same order again gives the same answer."""

    op: Operation
    registration_number: str
    """Empty for an event, whose body names it."""
    body: Mapping[str, object]
    """JSON values of the request: of an endorsement, or an event; empty for an original."""
    client_id: str
    key: str
    """The Idempotency-Key of an endorsement; an event carries its source_id, an original needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one order: an answer, or the reason why there is none."""

    answer: Answer | None = None
    error: CertsvcError | None = None


class Counter:
    """Takes orders in chunks; one that is refused fails no other."""

    def __init__(self, desk: Desk, recorder: Recorder) -> None:
        """Take who issues and who records."""
        self._desk = desk
        self._recorder = recorder

    def take(self, orders: Sequence[Order]) -> list[Outcome]:
        """Carry out up to 200 orders; the outcomes are in their order.

        What is answered is durable. After a crash, taking the same orders again does only what is missing.
        """
        return [self._one(order) for order in orders]

    def _one(self, order: Order) -> Outcome:
        try:
            if order.op is Operation.EVENT:
                return Outcome(answer=self._recorder.record(order.body))
            if order.op is Operation.ORIGINAL:
                return Outcome(answer=self._desk.original(order.registration_number))
            return Outcome(
                answer=self._desk.endorse(
                    order.registration_number, order.body, client_id=order.client_id, key=order.key
                )
            )
        except CertsvcError as error:
            return Outcome(error=error)
