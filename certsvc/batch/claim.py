"""Which portion of a batch a worker may take now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from certsvc.registry.port_batches import Chunk, ChunkState


def choose(chunks: Sequence[Chunk], worker: str, now: datetime) -> Chunk | None:
    """Return the portion that *worker* may take now; None when others must end first.

    Rounds follow each other: what was put off waits until everything before it was tried. Within a round,
    portions of one lane follow each other, so that what names one registration stays in its order.

    Args:
        chunks: those not CLOSED, by round then number.
        worker: who asks; a portion it holds is one it was interrupted in.
        now: a lease that ended before it is nobody's.
    """
    busy: set[int] = set()
    for chunk in chunks:
        if chunk.round != chunks[0].round:
            return None
        if chunk.lane in busy:
            continue
        held = chunk.state is ChunkState.RUNNING and chunk.lease_until >= now and chunk.worker != worker
        if not held and chunk.not_before <= now:
            return chunk
        busy.add(chunk.lane)
    return None
