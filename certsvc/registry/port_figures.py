"""How much waits, for those who watch the service; part of the port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts and instants of one look at the register; nothing in it depends on any one row's truth."""

    items_waiting: int
    """Items of batches that are not over and were not settled yet."""
    items_failed: int
    """Items that failed, of batches that are not over or changed within the last day."""
    portions_left: int
    """Portions of batches whose worker gave no sign for over a minute, and which nobody took."""
    copies_left: int
    """PENDING copies whose lease ended over a minute ago."""
    log_waiting: int
    """Entries of the log without a place in the tree."""
    checkpoint_at: datetime | None
    """When the newest checkpoint was signed; None before the first."""
    lookups_waiting: int
    """Rows in the journal of look-ups, which are folded into counters later."""


class FigureReading(Protocol):
    """Look-ups of figures."""

    def figures(self, now: datetime) -> Figures:
        """Count what waits at *now*; a few statements over indexed rows."""
