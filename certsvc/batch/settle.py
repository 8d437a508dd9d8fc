"""What the outcome of one order means for its item: done, failed, put off, or the end of the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from certsvc.batch.reason import problem_of
from certsvc.errors import (
    CertsvcError,
    DefectError,
    EndorsementPendingError,
    KeyCapReachedError,
    KeyMaterialError,
    NoRegistrationForRenewalError,
    NotFoundError,
    OperatorError,
    RecordDamagedError,
    SettingsError,
    StorageFullError,
    TemplateError,
    UnavailableError,
)
from certsvc.issuing.answers import Answer
from certsvc.issuing.counter import Operation, Outcome
from certsvc.registry.port_batches import Batch, BatchState, Chunk, Item, ItemState

NOT_YET_ROUNDS: Final = 3
"""How often an item is put off because what it names may be made by another item of its batch."""
BUSY_TRIES: Final = 30
"""How often in a row while a worker that died still holds a copy, or storage is away: over two minutes."""
_STOPS: Final = (StorageFullError, KeyCapReachedError, KeyMaterialError, TemplateError, SettingsError)
"""What every further item would meet too, until the operator has acted."""
_NOT_THERE: Final = (NotFoundError, NoRegistrationForRenewalError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One item after it was tried."""

    item: Item
    """PENDING when it was put off."""
    wait: bool = False
    """Whether to let some time pass before it is tried again."""
    stop: str | None = None
    """Code of what ends the run."""
    defect: CertsvcError | None = None
    """For the log: the operator has to look."""


def judged(batch: Batch, chunk: Chunk, item: Item, outcome: Outcome, now: datetime) -> Verdict:
    """Return what became of *item* of *chunk* at *now*."""
    if outcome.answer is not None:
        return Verdict(item=_done(item, outcome.answer, now))
    error = outcome.error
    if error is None:
        raise DefectError("an order has neither an answer nor a reason")
    if _may_be_better_later(batch, chunk, error):
        if batch.state is BatchState.CANCELLED:
            return Verdict(item=replace(item, state=ItemState.CANCELLED, settled_at=now))
        return Verdict(item=item, wait=not isinstance(error, _NOT_THERE))
    failed = replace(item, state=ItemState.FAILED, code=error.code, problem=problem_of(error), settled_at=now)
    return Verdict(
        item=failed,
        stop=error.code if isinstance(error, _STOPS) else None,
        defect=error if isinstance(error, UnavailableError | OperatorError) else None,
    )


def _may_be_better_later(batch: Batch, chunk: Chunk, error: CertsvcError) -> bool:
    if isinstance(error, _NOT_THERE):
        return batch.events and chunk.round < NOT_YET_ROUNDS
    if isinstance(error, (*_STOPS, RecordDamagedError)):
        return False
    return isinstance(error, EndorsementPendingError | UnavailableError) and chunk.tries < BUSY_TRIES


def _done(item: Item, answer: Answer, now: datetime) -> Item:
    name = {
        Operation.ENDORSE.value: "endorsement_id",
        Operation.ORIGINAL.value: "token",
        Operation.EVENT.value: "event_id",
    }[item.op or ""]
    return replace(
        item,
        state=ItemState.DONE,
        code=None,
        problem={},
        reference=str(answer.body[name]),
        created=answer.created,
        settled_at=now,
    )
