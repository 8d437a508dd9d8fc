"""How much waits: counts of rows, which are not checked one by one, for nothing is decided by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam, func

from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.port_figures import Figures
from certsvc.registry.rows import instant_text
from certsvc.registry.session import Session
from certsvc.registry.tables import COPY
from certsvc.registry.tables_batches import BATCH, BATCH_CHUNK
from certsvc.registry.tables_feed import LOOKUP_JOURNAL
from certsvc.registry.tables_log import LOG_CHECKPOINT, LOG_ENTRY

_GRACE: Final = timedelta(minutes=1)
_RECENT: Final = timedelta(days=1)

_chunk = BATCH_CHUNK.c
_settled = _chunk.done + _chunk.failed + _chunk.cancelled
_of_batch = BATCH_CHUNK.join(BATCH, BATCH.c.batch_id == _chunk.batch_id)
_not_over = sa.or_(*(BATCH.c.state == one for one in ("planning", "running", "stopped")))
_ITEMS: Final = Query(
    sa.select(
        func.coalesce(func.sum(sa.case((_not_over, _chunk.total - _settled), else_=0)), 0),
        func.coalesce(func.sum(_chunk.failed), 0),
    )
    .select_from(_of_batch)
    .where(sa.or_(_not_over, BATCH.c.changed_at >= bindparam("recent")))
)
_PORTIONS: Final = Query(
    sa.select(func.count())
    .select_from(_of_batch)
    .where(BATCH.c.state == "running", _chunk.state == "running", _chunk.lease_until < bindparam("late"))
)
_COPIES: Final = Query(
    sa.select(func.count())
    .select_from(COPY)
    .where(COPY.c.state == "PENDING", COPY.c.lease_until < bindparam("late"))
)
_LOG: Final = Query(sa.select(func.count()).select_from(LOG_ENTRY).where(LOG_ENTRY.c.place.is_(None)))
_CHECKPOINT: Final = Query(sa.select(LOG_CHECKPOINT.c.at).order_by(LOG_CHECKPOINT.c.size.desc()).limit(1))
_LOOK_UPS: Final = Query(sa.select(func.count()).select_from(LOOKUP_JOURNAL))


class FigureRows(Session):
    """Look-ups; the port says what each promises."""

    def figures(self, now: datetime) -> Figures:
        """Count what waits at *now*."""
        late: dict[str, Value] = {"late": instant_text(now - _GRACE)}
        items = self._rows(_ITEMS, {"recent": instant_text(now - _RECENT)})[0]
        signed = self._rows(_CHECKPOINT, {})
        try:
            return Figures(
                items_waiting=_whole(items[0]),
                items_failed=_whole(items[1]),
                portions_left=self._count(_PORTIONS, late),
                copies_left=self._count(_COPIES, late),
                log_waiting=self._count(_LOG, {}),
                checkpoint_at=datetime.fromisoformat(str(signed[0][0])) if signed else None,
                lookups_waiting=self._count(_LOOK_UPS, {}),
            )
        except ValueError as error:
            raise RecordDamagedError("an instant of a checkpoint is none") from error

    def _count(self, query: Query, given: dict[str, Value]) -> int:
        return _whole(self._rows(query, given)[0][0])


def _whole(value: object) -> int:
    # PostgreSQL sums to a decimal number.
    return int(str(value))
