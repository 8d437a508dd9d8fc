"""Changing batches. Each row is written whole, with its MAC; who changes anything holds the batch first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from isal import isal_zlib
from sqlalchemy import bindparam

from certsvc.errors import DefectError, NotFoundError
from certsvc.registry.batches import BATCH_BY_ID, BatchRows, batch_from, place_of_body
from certsvc.registry.crypto import Value, storable
from certsvc.registry.database import Query
from certsvc.registry.dialects import POSTGRESQL, SQLITE
from certsvc.registry.payload_lines import text_of
from certsvc.registry.port_batches import Batch, Chunk, Item
from certsvc.registry.rows import instant_text
from certsvc.registry.session import insert_unless_taken, select_rows
from certsvc.registry.tables_batches import BATCH, BATCH_BODY, BATCH_CHUNK, BATCH_ITEM

HOLD_BATCH: Final = select_rows(BATCH, BATCH.c.batch_id == bindparam("batch_id"), hold=True)
ADD_BATCH: Final = insert_unless_taken(BATCH, "client_id", "digest")
ADD_BODY: Final = insert_unless_taken(BATCH_BODY, "batch_id", "line")
DROP_BODY: Final = Query(
    sa.delete(BATCH_BODY).where(
        BATCH_BODY.c.batch_id == bindparam("its_batch_id"), BATCH_BODY.c.line == bindparam("its_line")
    )
)


def _insert_unless_any_taken(table: sa.Table) -> Query:
    """Build the INSERT that does nothing when any unique place of the row is taken."""
    return Query(
        {dialect.name: dialect.insert(table).on_conflict_do_nothing() for dialect in (SQLITE, POSTGRESQL)}
    )


def _insert_or_replace(table: sa.Table, *key: str) -> Query:
    """Build the INSERT that writes a row of the same *key* anew."""
    rest = [column.name for column in table.c if column.name not in key]
    inserts = {dialect.name: dialect.insert(table) for dialect in (SQLITE, POSTGRESQL)}
    return Query(
        {
            name: insert.on_conflict_do_update(
                index_elements=list(key), set_={column: insert.excluded[column] for column in rest}
            )
            for name, insert in inserts.items()
        }
    )


def _update(table: sa.Table, *key: str) -> Query:
    """Build the UPDATE of every column but *key* of one row."""
    return Query(
        sa.update(table)
        .where(*(table.c[name] == bindparam(f"its_{name}") for name in key))
        .values(
            {column.name: bindparam(f"new_{column.name}") for column in table.c if column.name not in key}
        )
    )


ADD_ITEM: Final = _insert_unless_any_taken(BATCH_ITEM)
PUT_CHUNK: Final = _insert_or_replace(BATCH_CHUNK, "batch_id", "chunk")
CHANGE_BATCH: Final = _update(BATCH, "batch_id")
CHANGE_ITEM: Final = _update(BATCH_ITEM, "batch_id", "line")


class BatchChanges(BatchRows):
    """Changes of batches; the port says what each promises."""

    def add_batch(self, batch: Batch) -> bool:
        """Add a batch; False when the client has one of this digest."""
        return self._insert_unless_taken(ADD_BATCH, BATCH, _batch_values(batch))

    def hold_batch(self, batch_id: str) -> Batch:
        """Hold a batch until the transaction ends; NotFoundError when there is none."""
        if not storable(batch_id) or self._first(BATCH_BY_ID, batch_id=batch_id) is None:
            raise NotFoundError
        # Read again: what was waited for may have changed it.
        record = self._first(HOLD_BATCH, batch_id=batch_id)
        if record is None:
            raise NotFoundError
        return batch_from(record)

    def change_batch(self, batch: Batch) -> None:
        """Write a batch anew."""
        self._rewrite(CHANGE_BATCH, BATCH, _batch_values(batch), "batch_id")

    def put_chunk(self, batch_id: str, chunk: Chunk) -> None:
        """Add a portion or write it anew."""
        self._insert(PUT_CHUNK, BATCH_CHUNK, _chunk_values(batch_id, chunk))

    def add_item(self, batch_id: str, item: Item, body: bytes | None) -> bool:
        """Add an item with what it says; False when its line or its key is taken in this batch."""
        if not self._insert_unless_taken(ADD_ITEM, BATCH_ITEM, _item_values(batch_id, item)):
            return False
        if body is not None:
            self.put_body(batch_id, item.line, body)
        return True

    def change_items(self, batch_id: str, items: Iterable[Item]) -> None:
        """Write what became of items anew."""
        for item in items:
            self._rewrite(CHANGE_ITEM, BATCH_ITEM, _item_values(batch_id, item), "batch_id", "line")

    def put_body(self, batch_id: str, line: int, body: bytes) -> None:
        """Keep what an item says, encrypted; what is there already stays."""
        content = self._vault.seal_content(isal_zlib.compress(body, 1), place_of_body(batch_id, line))
        values: dict[str, Value] = {"batch_id": batch_id, "line": line, "content": content}
        self._insert_unless_taken(ADD_BODY, BATCH_BODY, values)

    def drop_body(self, batch_id: str, line: int) -> None:
        """Forget what an item says."""
        self._change(DROP_BODY, {"its_batch_id": batch_id, "its_line": line})

    def _rewrite(self, query: Query, table: sa.Table, values: Mapping[str, Value], *key: str) -> None:
        sealed = self._vault.sealed(table, values)
        given = {f"{'its' if name in key else 'new'}_{name}": value for name, value in sealed.items()}
        if self._change(query, given) != 1:
            raise DefectError(f"a row of {table.name} that was just read is gone")


def _batch_values(batch: Batch) -> dict[str, Value]:
    return {
        "batch_id": batch.batch_id,
        "client_id": batch.client_id,
        "digest": batch.digest,
        "engine": batch.engine.value,
        "state": batch.state.value,
        "reason": batch.reason,
        "total": batch.total,
        "events": int(batch.events),
        "created_at": instant_text(batch.created_at),
        "changed_at": instant_text(batch.changed_at),
    }


def _chunk_values(batch_id: str, chunk: Chunk) -> dict[str, Value]:
    return {
        "batch_id": batch_id,
        "chunk": chunk.number,
        "lane": chunk.lane,
        "round": chunk.round,
        "tries": chunk.tries,
        "state": chunk.state.value,
        "worker": chunk.worker,
        "lease_until": instant_text(chunk.lease_until),
        "not_before": instant_text(chunk.not_before),
        "total": chunk.total,
        "done": chunk.done,
        "failed": chunk.failed,
        "cancelled": chunk.cancelled,
        "settled": chunk.settled,
        "settled_at": instant_text(chunk.settled_at),
    }


def _item_values(batch_id: str, item: Item) -> dict[str, Value]:
    return {
        "batch_id": batch_id,
        "line": item.line,
        "chunk": item.chunk,
        "item_key": item.item_key,
        "item_id": item.item_id,
        "op": item.op,
        "registration_number": item.registration_number,
        "state": item.state.value,
        "code": item.code,
        "problem": text_of(dict(item.problem)) if item.problem else None,
        "reference": item.reference,
        "created": None if item.created is None else int(item.created),
        "settled_at": None if item.settled_at is None else instant_text(item.settled_at),
    }
