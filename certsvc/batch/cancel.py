"""Cancelling: nothing more is begun, and what items say is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from certsvc.batch.plan import forget_bodies
from certsvc.batch.progress import is_at_work
from certsvc.domain.clock import Clock
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_batches import BatchState, Chunk, ChunkState, ItemState

_AT_A_LOOK: Final = 100
"""More than there can be at work at once: one of each lane."""


def cancel(registry: Registry, clock: Clock, batch_id: str) -> None:
    """Cancel what nobody has begun; a portion at work is finished by its worker.

    What was issued stays issued. Of a batch that is through, only what failed items said is forgotten.

    Raises:
        NotFoundError: there is no such batch.
    """
    with registry.writing() as session:
        batch = session.hold_batch(batch_id)
        if batch.state is not BatchState.DONE:
            # From here on nobody claims anything of it.
            session.change_batch(replace(batch, state=BatchState.CANCELLED, changed_at=clock.now()))
    while True:
        with registry.writing() as session:
            session.hold_batch(batch_id)
            now = clock.now()
            free = [
                chunk for chunk in session.unclosed_chunks(batch_id, _AT_A_LOOK) if not is_at_work(chunk, now)
            ]
            if not free:
                break
            _close(session, batch_id, free[0], now)
    forget_bodies(registry, batch_id, lambda item: item.state is not ItemState.PENDING)


def _close(session: WriteSession, batch_id: str, chunk: Chunk, now: datetime) -> None:
    pending = [item for item in session.items_in(batch_id, chunk.number) if item.state is ItemState.PENDING]
    session.change_items(
        batch_id, [replace(item, state=ItemState.CANCELLED, settled_at=now) for item in pending]
    )
    for item in pending:
        session.drop_body(batch_id, item.line)
    closed = replace(chunk, state=ChunkState.CLOSED, worker="", cancelled=chunk.cancelled + len(pending))
    session.put_chunk(batch_id, closed)
