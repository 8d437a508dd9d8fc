"""What the calls about batches take and answer, as models for the description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from certsvc.registry.port_batches import BatchState
from certsvc.web.schemas import Endorsement, Original, Problem, Recorded


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Submission(RootModel[Annotated[list[Any], Field(min_length=1)]]):
    """Items, each an object with `item_id`, `op` and what the operation takes.

    `endorse` takes `registration_number` and `purpose`, `original` takes `registration_number`, `event` takes
    `event`. An item that is none of these is kept and fails with its reason; the others go on.
    """


class Batch(_Answer):
    """How far a batch is; the counts add up to the total."""

    batch_id: str
    state: BatchState
    reason: str | None
    """Code of what stopped it."""
    total: int
    pending: int
    running: int
    """In portions somebody is working on now."""
    done: int
    failed: int
    cancelled: int
    rate: float | None
    """Items settled per second in the last minute."""
    eta_s: int | None
    """Seconds until nothing is left at that rate."""


class BatchItem(_Answer):
    """One item and what became of it."""

    item_id: str | None
    """Null where the line could not be read so far."""
    line: int
    op: Literal["endorse", "original", "event"] | None
    registration_number: str | None
    """As ordered; null for an event, whose body names it."""
    state: Literal["pending", "running", "done", "failed", "cancelled"]
    answer: Endorsement | Original | Recorded | None
    """What the single call would have answered."""
    problem: Problem | None
    """Why it failed."""


class BatchItems(_Answer):
    """One page of items in the order of the submission; *next_cursor* is null on the last."""

    items: list[BatchItem]
    next_cursor: str | None
