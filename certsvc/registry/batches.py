"""Reading batches: rows to values, each with its MAC checked."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Integer, bindparam, or_

from certsvc.errors import NotFoundError, RecordDamagedError
from certsvc.registry.crypto import storable
from certsvc.registry.payload_sealed import read_outcome
from certsvc.registry.port_batches import (
    Batch,
    BatchState,
    Chunk,
    ChunkState,
    Engine,
    Item,
    ItemState,
)
from certsvc.registry.rows import Record
from certsvc.registry.session import Session, select_rows
from certsvc.registry.tables import EVENT
from certsvc.registry.tables_batches import BATCH, BATCH_BODY, BATCH_CHUNK, BATCH_ITEM

_batch, _chunk, _item, _body = BATCH.c, BATCH_CHUNK.c, BATCH_ITEM.c, BATCH_BODY.c

BATCH_BY_ID: Final = select_rows(BATCH, _batch.batch_id == bindparam("batch_id"))
BATCH_BY_DIGEST: Final = select_rows(
    BATCH, _batch.client_id == bindparam("client_id"), _batch.digest == bindparam("digest")
)
BATCHES_IN: Final = select_rows(
    BATCH,
    _batch.engine == bindparam("engine"),
    _batch.state == bindparam("state"),
    order_by=[_batch.created_at, _batch.batch_id],
)
CHUNKS_OF: Final = select_rows(BATCH_CHUNK, _chunk.batch_id == bindparam("batch_id"), order_by=[_chunk.chunk])
UNCLOSED_CHUNKS: Final = select_rows(
    BATCH_CHUNK,
    _chunk.batch_id == bindparam("batch_id"),
    or_(_chunk.state == "open", _chunk.state == "running"),
    order_by=[_chunk.round, _chunk.chunk],
    limit=bindparam("most", type_=Integer),
)
CHUNK_BY_NUMBER: Final = select_rows(
    BATCH_CHUNK, _chunk.batch_id == bindparam("batch_id"), _chunk.chunk == bindparam("chunk")
)
ITEMS_AFTER: Final = select_rows(
    BATCH_ITEM,
    _item.batch_id == bindparam("batch_id"),
    _item.line > bindparam("line"),
    order_by=[_item.line],
    limit=bindparam("most", type_=Integer),
)
ITEMS_IN: Final = select_rows(
    BATCH_ITEM,
    _item.batch_id == bindparam("batch_id"),
    _item.chunk == bindparam("chunk"),
    order_by=[_item.line],
)
ITEM_BY_KEY: Final = select_rows(
    BATCH_ITEM, _item.batch_id == bindparam("batch_id"), _item.item_key == bindparam("item_key")
)
EVENT_BY_ID: Final = select_rows(EVENT, EVENT.c.event_id == bindparam("event_id"))
BODY: Final = select_rows(
    BATCH_BODY, _body.batch_id == bindparam("batch_id"), _body.line == bindparam("line")
)


class BatchRows(Session):
    """Look-ups of batches; the port says what each promises."""

    def find_batch(self, batch_id: str) -> Batch | None:
        """Find a batch by its id."""
        record = self._first(BATCH_BY_ID, batch_id=batch_id) if storable(batch_id) else None
        return None if record is None else batch_from(record)

    def find_batch_of(self, client_id: str, digest: str) -> Batch | None:
        """Find the batch of what a client sent before."""
        record = self._first(BATCH_BY_DIGEST, client_id=client_id, digest=digest)
        return None if record is None else batch_from(record)

    def batches_in(self, engine: Engine, state: BatchState) -> Sequence[Batch]:
        """List batches, the oldest first."""
        return [batch_from(row) for row in self._all(BATCHES_IN, engine=engine.value, state=state.value)]

    def chunks_of(self, batch_id: str) -> Sequence[Chunk]:
        """List all portions of a batch by number."""
        return [chunk_from(row) for row in self._all(CHUNKS_OF, batch_id=batch_id)]

    def get_chunk(self, batch_id: str, chunk: int) -> Chunk:
        """Return one portion; NotFoundError when there is none."""
        record = self._first(CHUNK_BY_NUMBER, batch_id=batch_id, chunk=chunk)
        if record is None:
            raise NotFoundError
        return chunk_from(record)

    def unclosed_chunks(self, batch_id: str, limit: int) -> Sequence[Chunk]:
        """List portions that are not CLOSED, by round then number."""
        return [chunk_from(row) for row in self._all(UNCLOSED_CHUNKS, batch_id=batch_id, most=limit)]

    def items_after(self, batch_id: str, line: int, limit: int) -> Sequence[Item]:
        """List items behind *line*, in the order of the submission."""
        return [item_from(row) for row in self._all(ITEMS_AFTER, batch_id=batch_id, line=line, most=limit)]

    def items_in(self, batch_id: str, chunk: int) -> Sequence[Item]:
        """List the items of one portion in the order of the submission."""
        return [item_from(row) for row in self._all(ITEMS_IN, batch_id=batch_id, chunk=chunk)]

    def find_item(self, batch_id: str, item_key: str) -> Item | None:
        """Find an item by its key."""
        record = self._first(ITEM_BY_KEY, batch_id=batch_id, item_key=item_key)
        return None if record is None else item_from(record)

    def outcome_of(self, event_id: str) -> Mapping[str, object]:
        """Return what recording an event answered; NotFoundError when there is none."""
        record = self._first(EVENT_BY_ID, event_id=event_id)
        if record is None:
            raise NotFoundError
        return read_outcome(record.text("outcome"), self._opener, event_id)

    def find_body(self, batch_id: str, line: int) -> bytes | None:
        """Return what an item says; None when that was dropped."""
        record = self._first(BODY, batch_id=batch_id, line=line)
        if record is None:
            return None
        packed = self._vault.open_content(record.content("content"), place_of_body(batch_id, line))
        try:
            return zlib.decompress(packed)
        except zlib.error as error:
            raise RecordDamagedError("what an item says cannot be unpacked") from error


def place_of_body(batch_id: str, line: int) -> str:
    """Name the one place where what an item says can be opened."""
    return f"batch {batch_id} line {line}"


def batch_from(record: Record) -> Batch:
    """Return the batch a row holds."""
    return Batch(
        batch_id=record.text("batch_id"),
        client_id=record.text("client_id"),
        digest=record.text("digest"),
        engine=Engine(record.text("engine")),
        state=BatchState(record.text("state")),
        reason=record.maybe_text("reason"),
        total=record.whole("total"),
        events=record.whole("events") > 0,
        created_at=record.instant("created_at"),
        changed_at=record.instant("changed_at"),
    )


def chunk_from(record: Record) -> Chunk:
    """Return the portion a row holds."""
    return Chunk(
        number=record.whole("chunk"),
        lane=record.whole("lane"),
        round=record.whole("round"),
        tries=record.whole("tries"),
        state=ChunkState(record.text("state")),
        worker=record.text("worker"),
        lease_until=record.instant("lease_until"),
        not_before=record.instant("not_before"),
        total=record.whole("total"),
        done=record.whole("done"),
        failed=record.whole("failed"),
        cancelled=record.whole("cancelled"),
        settled=record.whole("settled"),
        settled_at=record.instant("settled_at"),
    )


def item_from(record: Record) -> Item:
    """Return the item a row holds."""
    created, problem = record.maybe_whole("created"), record.maybe_text("problem")
    return Item(
        line=record.whole("line"),
        chunk=record.whole("chunk"),
        item_key=record.text("item_key"),
        item_id=record.maybe_text("item_id"),
        op=record.maybe_text("op"),
        registration_number=record.maybe_text("registration_number"),
        state=ItemState(record.text("state")),
        code=record.maybe_text("code"),
        problem={} if problem is None else json.loads(problem),
        reference=record.maybe_text("reference"),
        created=None if created is None else bool(created),
        settled_at=record.maybe_instant("settled_at"),
    )
