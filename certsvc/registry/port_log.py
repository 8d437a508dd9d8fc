"""What the flows ask of the registry about the transparency log; part of the port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certsvc.domain.key_events import KeyEvent
from certsvc.domain.log_facts import Facts, LogKind

LOGGING = "log"
"""Name (WriteSession.hold) of who gives places in the tree: one at a time."""


NOTING_KEYS = "log keys"
"""Name (WriteSession.hold) of who tells the log what happened to keys: several find the same at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry of the log."""

    entry: int
    """Rises in the order of writing, with gaps; the tree's order is ``place``."""
    kind: LogKind
    fact: str
    """Id of the copy or event it is about; made up for a key."""
    at: datetime
    salt: bytes | None
    """None once it was erased: then nothing opens the commitment."""
    commitment: bytes
    place: int | None
    """In the tree, from 0; None until it has one."""
    kept: str | None = None
    """The facts as they were hashed, where no other row holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A checkpoint as it was signed."""

    size: int
    root: bytes
    note: str
    """The signed note."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some copies or events, by their ids, looked at for entries of the log."""

    table: str
    """``copy`` or ``event``; empty when there were none left."""
    unlogged: tuple[str, ...]
    """Ids of DONE copies, or of events, about which there is no entry."""
    last: str
    """Where it ends: the next stretch lies behind it. Empty: everything was looked at."""


class LogReading(Protocol):
    """Look-ups of the log."""

    def find_log_entry(self, fact: str) -> LogEntry | None:
        """Find the entry about a copy or event."""

    def log_waiting(self, limit: int) -> Sequence[LogEntry]:
        """List entries without a place, in the order of writing."""

    def log_entries_from(self, place: int, limit: int) -> Sequence[LogEntry]:
        """List entries by place, beginning with one."""

    def log_facts_of(self, entry: LogEntry) -> Facts:
        """Return the facts of an entry as the register tells them now. NotFoundError: their row is gone."""

    def unlogged(self, behind: str, limit: int) -> Stretch:
        """Look which of the next copies or events have no entry.

        Args:
            behind: where the stretch before ended; empty for the first.
            limit: copies or events that are looked at, at most; with or without entry.
        """

    def log_tile(self, level: int, number: int) -> bytes | None:
        """Return the hashes of a tile of the tree, as many as it has."""

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """Return the checkpoint of the largest tree."""

    def checkpoints_above(self, size: int, limit: int) -> Sequence[StoredCheckpoint]:
        """List checkpoints of trees larger than *size*, the smallest first."""

    def logged_at(self, fact: str) -> datetime | None:
        """Return the instant of the first checkpoint that holds the entry about *fact*; None: not yet."""


class LogWriting(LogReading, Protocol):
    """Changes of the log. Entries about copies and events are written with them, by themselves."""

    def record_key_event(self, event: KeyEvent) -> bool:
        """Log what happened to a key; False when there is an entry about it already."""

    def log_late(self, fact: str) -> None:
        """Log a DONE copy or an event about which there is no entry: one of before there was a log."""

    def log_to_place(self, limit: int) -> Sequence[LogEntry]:
        """List entries without a place as log_waiting() does, and hold them until the transaction ends."""

    def place_log_entries(self, entries: Sequence[LogEntry], first: int) -> None:
        """Give entries of log_to_place() their places, one after the other from *first* on.

        The caller holds LOGGING.
        """

    def put_log_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Write a tile, or write it longer. The caller holds LOGGING."""

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a signed checkpoint; it may be shown once the transaction is committed."""

    def forget_log_salts(self, facts: Sequence[str]) -> int:
        """Erase what opens the entries about these copies or events; returns how many there were.

        Tree and proofs stay as they are; nobody can tell any more what such a leaf says.
        """
