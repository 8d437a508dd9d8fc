"""How far a batch is: counts, rate, and when it will be through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certsvc.registry.port_batches import Batch, BatchState, Chunk, ChunkState

WINDOW: Final = timedelta(seconds=60)
"""The rate is that of the last minute: a batch may have rested for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One look at a batch. The counts add up: pending and running are what is left of the total."""

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
    """Items settled per second in the last minute; None when there were none."""
    eta_s: int | None
    """Seconds until nothing is left at that rate; None when that cannot be told."""

    @property
    def left(self) -> int:
        """Items without an outcome."""
        return self.pending + self.running

    def body(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "batch_id": self.batch_id,
            "state": self.state.value,
            "reason": self.reason,
            "total": self.total,
            "pending": self.pending,
            "running": self.running,
            "done": self.done,
            "failed": self.failed,
            "cancelled": self.cancelled,
            "rate": self.rate,
            "eta_s": self.eta_s,
        }


def progress_of(batch: Batch, chunks: Sequence[Chunk], now: datetime) -> Progress:
    """Return how far *batch* with all its *chunks* is."""
    running = sum(chunk.pending for chunk in chunks if is_at_work(chunk, now))
    left = sum(chunk.pending for chunk in chunks)
    rate = _rate(batch, chunks, now)
    at_it = batch.state is BatchState.RUNNING
    return Progress(
        batch_id=batch.batch_id,
        state=batch.state,
        reason=batch.reason,
        total=batch.total,
        pending=left - running,
        running=running,
        done=sum(chunk.done for chunk in chunks),
        failed=sum(chunk.failed for chunk in chunks),
        cancelled=sum(chunk.cancelled for chunk in chunks),
        rate=rate if at_it else None,
        eta_s=math.ceil(left / rate) if at_it and rate else None,
    )


def is_at_work(chunk: Chunk, now: datetime) -> bool:
    """Tell whether somebody who is alive works on a portion."""
    return chunk.state is ChunkState.RUNNING and chunk.lease_until >= now


def _rate(batch: Batch, chunks: Sequence[Chunk], now: datetime) -> float | None:
    since = max(now - WINDOW, batch.changed_at)
    settled = sum(chunk.settled for chunk in chunks if chunk.settled_at > since)
    span_s = (now - since).total_seconds()
    return round(settled / span_s, 1) if settled and span_s > 0 else None
