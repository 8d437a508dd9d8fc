"""What happened to our keys, as the log is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent:
    """Something that happened to one of our keys; there is nothing secret in it."""

    action: Literal["rotate", "retire", "compromise"]
    """``rotate``: it was added, and follows those before it."""
    key_id: str
    at: datetime
    """When it was done, or found to have been done."""
    since: datetime
    """From when on it counts: it signs, it signs no more, or it is not to be trusted."""

    @property
    def fact(self) -> str:
        """Return the id of its log entry, 32 hex digits: one event has one entry, whoever tells of it."""
        told = f"{self.action} {self.key_id} {self.since.astimezone(UTC).isoformat()}"
        return sha256(told.encode()).hexdigest()[:32]
