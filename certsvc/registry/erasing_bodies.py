"""What a batch would have said of an erased holder: bodies that failed and wait to be tried again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.events import IdType
from certsvc.registry.batches import BatchRows
from certsvc.registry.crypto import storable
from certsvc.registry.database import Query
from certsvc.registry.port_batches import ItemState
from certsvc.registry.tables import REGISTRATION, REGISTRATION_NUMBER
from certsvc.registry.tables_batches import BATCH_BODY, BATCH_ITEM
from certsvc.registry.writing_batches import DROP_BODY, HOLD_BATCH

_body, _item = BATCH_BODY.c, BATCH_ITEM.c

NUMBERS_OF: Final = Query(
    sa.select(REGISTRATION_NUMBER.c.number)
    .join_from(
        REGISTRATION_NUMBER,
        REGISTRATION,
        REGISTRATION.c.registration_id == REGISTRATION_NUMBER.c.registration_id,
    )
    .where(REGISTRATION.c.holder_id == bindparam("holder_id"))
)
WAITING_BODIES: Final = Query(
    sa.select(_body.batch_id, _body.line)
    .join_from(BATCH_BODY, BATCH_ITEM, sa.and_(_item.batch_id == _body.batch_id, _item.line == _body.line))
    # One that is about to be tried is refused, and dropped by whoever settles it.
    .where(_item.state != ItemState.PENDING.value)
    .order_by(_body.batch_id, _body.line)
)
_TYPES: Final = {kind.value: kind for kind in IdType}


class BodyErasing(BatchRows):
    """Dropping what batches still hold of one holder."""

    def _drop_bodies(self, holder_id: str, id_index: str) -> None:
        """Drop the bodies of failed items that name a number or the document of the holder."""
        numbers = {str(row[0]) for row in self._rows(NUMBERS_OF, {"holder_id": holder_id})}
        lines: dict[str, list[int]] = defaultdict(list)
        for batch_id, line in self._rows(WAITING_BODIES, {}):
            lines[str(batch_id)].append(int(str(line)))
        for batch_id, its_lines in lines.items():
            theirs = [line for line in its_lines if self._speaks_of(batch_id, line, numbers, id_index)]
            if theirs:
                # Whoever puts an item back has found its body first: after that it is his to settle.
                self._first(HOLD_BATCH, batch_id=batch_id)
                waiting = {tuple(row) for row in self._rows(WAITING_BODIES, {})}
                for line in theirs:
                    if (batch_id, line) in waiting:
                        self._change(DROP_BODY, {"its_batch_id": batch_id, "its_line": line})

    def _speaks_of(self, batch_id: str, line: int, numbers: Collection[str], id_index: str) -> bool:
        item = next(iter(self.items_after(batch_id, line - 1, 1)), None)
        if item is not None and item.registration_number is not None:
            return item.registration_number in numbers
        content = self.find_body(batch_id, line)
        body = {} if content is None else json.loads(content)
        named = {body.get("registration_number"), body.get("new_registration_number")}
        if not named.isdisjoint(numbers):
            return True
        holder = body.get("holder")
        if not isinstance(holder, dict):
            return False
        kind, number = _TYPES.get(str(holder.get("id_type"))), str(holder.get("id_number")).strip().upper()
        return kind is not None and storable(number) and self._vault.id_index(kind, number) == id_index
