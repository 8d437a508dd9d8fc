"""What the flows ask of the registry about batches; the third part of the port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""An instant before all that happens here: of a lease nobody has, of a portion nobody has touched."""


class Engine(StrEnum):
    """Who carries a batch out."""

    LOCAL = "local"
    """Processes of the command that submitted it."""
    SERVICE = "service"
    """The server's own runner, or workers on any machine."""


class BatchState(StrEnum):
    """Where a batch stands."""

    PLANNING = "planning"
    """Being read; who read it may have died, and the same submission again goes on."""
    RUNNING = "running"
    STOPPED = "stopped"
    """Something only the operator can put right; ``reason`` names it. It can be resumed."""
    DONE = "done"
    """Every item is done or failed."""
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """Where one item stands, as its row says; one in a portion at work is shown as running."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ChunkState(StrEnum):
    """Where one portion stands."""

    OPEN = "open"
    RUNNING = "running"
    CLOSED = "closed"
    """Nothing in it is pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One submission."""

    batch_id: str
    client_id: str
    digest: str
    """Keyed hash of what was sent, in hex."""
    engine: Engine
    state: BatchState
    reason: str | None = None
    """Code of what stopped it."""
    total: int = 0
    """Items; 0 while it is planned."""
    events: bool = False
    """Whether any item is an event, so that what is not there yet may still come."""
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A portion of a batch: items of one lane, in the order of the submission."""

    number: int
    """From 1, in the order of the submission."""
    lane: int
    """Portions of one lane are carried out one after the other."""
    round: int = 0
    """Rises when items name what is not there yet: a round begins when the one before it has ended."""
    tries: int = 0
    """How often in a row nothing in it could be settled, because something was busy or away."""
    state: ChunkState = ChunkState.OPEN
    worker: str = ""
    lease_until: datetime = EARLIEST
    not_before: datetime = EARLIEST
    """When it may be taken again."""
    total: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    settled: int = 0
    """Items settled when it was last worked on."""
    settled_at: datetime = EARLIEST

    @property
    def pending(self) -> int:
        """Items without an outcome."""
        return self.total - self.done - self.failed - self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing asked for, and what became of it."""

    line: int
    """In a JSON Lines file, from 1; in an array the place, from 1."""
    chunk: int
    item_key: str
    """Stands once in a batch."""
    item_id: str | None
    """The caller's; None where the line could not be read so far."""
    op: str | None
    registration_number: str | None
    """None also for an event, whose body names it."""
    state: ItemState
    code: str | None = None
    problem: Mapping[str, object] = field(default_factory=dict)
    """Why it failed, beside the code: ``faults`` with pointer, zh, en, or ``existing_id``."""
    reference: str | None = None
    """What leads to the answer: an endorsement's id, an original's token, an event's source_id."""
    created: bool | None = None
    """Whether the answer was given for the first time."""
    settled_at: datetime | None = None


class BatchReading(Protocol):
    """Look-ups of batches."""

    def find_batch(self, batch_id: str) -> Batch | None:
        """Find a batch by its id."""

    def find_batch_of(self, client_id: str, digest: str) -> Batch | None:
        """Find the batch of what a client sent before."""

    def batches_in(self, engine: Engine, state: BatchState) -> Sequence[Batch]:
        """List batches, the oldest first."""

    def chunks_of(self, batch_id: str) -> Sequence[Chunk]:
        """List all portions of a batch by number."""

    def get_chunk(self, batch_id: str, chunk: int) -> Chunk:
        """Return one portion; NotFoundError when there is none."""

    def unclosed_chunks(self, batch_id: str, limit: int) -> Sequence[Chunk]:
        """List portions that are not CLOSED, by round then number."""

    def items_after(self, batch_id: str, line: int, limit: int) -> Sequence[Item]:
        """List items behind *line*, in the order of the submission."""

    def items_in(self, batch_id: str, chunk: int) -> Sequence[Item]:
        """List the items of one portion in the order of the submission."""

    def outcome_of(self, event_id: str) -> Mapping[str, object]:
        """Return what recording an event answered; NotFoundError when there is none."""

    def find_body(self, batch_id: str, line: int) -> bytes | None:
        """Return what an item says; None when that was dropped."""


class BatchWriting(BatchReading, Protocol):
    """Changes of batches. Who changes anything of a batch holds the batch first."""

    def add_batch(self, batch: Batch) -> bool:
        """Add a batch; False when the client has one of this digest."""

    def hold_batch(self, batch_id: str) -> Batch:
        """Hold a batch until the transaction ends; NotFoundError when there is none."""

    def change_batch(self, batch: Batch) -> None:
        """Write a batch anew; its id, client, digest and beginning stay."""

    def put_chunk(self, batch_id: str, chunk: Chunk) -> None:
        """Add a portion or write it anew."""

    def add_item(self, batch_id: str, item: Item, body: bytes | None) -> bool:
        """Add an item with what it says; False when its line or its key is taken in this batch."""

    def find_item(self, batch_id: str, item_key: str) -> Item | None:
        """Find an item by its key."""

    def change_items(self, batch_id: str, items: Iterable[Item]) -> None:
        """Write what became of items anew."""

    def put_body(self, batch_id: str, line: int, body: bytes) -> None:
        """Keep what an item says, encrypted; what is there already stays."""

    def drop_body(self, batch_id: str, line: int) -> None:
        """Forget what an item says."""
