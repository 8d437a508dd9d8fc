"""Resuming: what is not done is put back, so that it will be tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.errors import NotFoundError
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_batches import (
    EARLIEST,
    Batch,
    BatchState,
    Chunk,
    ChunkState,
    Item,
    ItemState,
)

_TOGETHER: Final = 500
_AGAIN: Final = (ItemState.FAILED, ItemState.CANCELLED)


def resume(registry: Registry, clock: Clock, batch_id: str) -> Batch:
    """Put back every item that failed or was cancelled and of which it is still known what it says.

    Raises:
        NotFoundError: there is no such batch, or its planning never ended.
    """
    after = 0
    while True:
        with registry.writing() as session:
            batch = session.hold_batch(batch_id)
            if batch.state is BatchState.PLANNING:
                raise NotFoundError
            items = session.items_after(batch_id, after, _TOGETHER)
            if not items:
                return _let_run(session, batch, clock.now())
            put_back(session, batch_id, items, clock.now())
        after = items[-1].line


def put_back(session: WriteSession, batch_id: str, items: Iterable[Item], now: datetime) -> None:
    """Put back those of *items* that can be tried again; the batch is held by the caller."""
    again = [
        item for item in items if item.state in _AGAIN and session.find_body(batch_id, item.line) is not None
    ]
    chunks: dict[int, Chunk] = {}
    for item in again:
        chunk = chunks.get(item.chunk) or session.get_chunk(batch_id, item.chunk)
        failed = item.state is ItemState.FAILED
        chunks[item.chunk] = replace(
            chunk, failed=chunk.failed - failed, cancelled=chunk.cancelled - (not failed)
        )
    session.change_items(
        batch_id,
        [replace(item, state=ItemState.PENDING, code=None, problem={}, settled_at=None) for item in again],
    )
    for chunk in chunks.values():
        # One at work keeps its worker, who leaves it open for what has come back.
        at_work = chunk.state is ChunkState.RUNNING
        opened = replace(chunk, state=ChunkState.OPEN, round=0, tries=0, not_before=EARLIEST)
        session.put_chunk(batch_id, chunk if at_work else opened)
    _let_run(session, session.hold_batch(batch_id), now)


def _let_run(session: WriteSession, batch: Batch, now: datetime) -> Batch:
    """Set a batch going that has something to do."""
    if batch.state is BatchState.RUNNING or not session.unclosed_chunks(batch.batch_id, 1):
        return batch
    running = replace(batch, state=BatchState.RUNNING, reason=None, changed_at=now)
    session.change_batch(running)
    return running
