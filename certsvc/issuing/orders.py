"""An order and what became of it; issuing and recording take them in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certsvc.errors import CertsvcError, DefectError
from certsvc.issuing.answers import Answer

CHUNK: Final = 200
"""Orders taken together at most: one transaction for each step, one sync for all files."""


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

    def get(self) -> Answer:
        """Return the answer, or raise the reason."""
        if self.answer is None:
            raise self.error or DefectError("an order was neither answered nor refused")
        return self.answer


@contextmanager
def reason(keep: Callable[[CertsvcError], None]) -> Iterator[None]:
    """Hand whatever goes wrong inside to *keep*: one order's defect must not end the others.

    What is none of our errors becomes the defect it shows, with itself as the cause.
    """
    try:
        yield
    except CertsvcError as error:
        keep(error)
    except Exception as error:  # noqa: BLE001  it is told, with its cause, as the reason of this order
        defect = DefectError(f"unexpected {type(error).__name__}")
        defect.__cause__ = error
        keep(defect)


def shared(error: CertsvcError) -> CertsvcError:
    """Return one order's own error, where an error of the machine met several: each raises it by itself."""
    own = type(error)(error.note)
    own.__cause__ = error
    return own
