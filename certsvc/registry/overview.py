"""The register as a whole, as the desk shows it: what ends when, batches, what is looked up most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.events import RegistrationId
from certsvc.registry.batches import batch_from
from certsvc.registry.database import Query
from certsvc.registry.port_batches import Batch
from certsvc.registry.session import Session, select_rows
from certsvc.registry.tables import SPECIALTY_END
from certsvc.registry.tables_batches import BATCH
from certsvc.registry.tables_feed import LOOKUP

_month = sa.func.substr(SPECIALTY_END.c.valid_to, 1, 7)
_most = bindparam("most", type_=sa.Integer)
ENDS_BY_MONTH: Final = Query(
    sa.select(_month, sa.func.count())
    .where(SPECIALTY_END.c.valid_to >= bindparam("first"), SPECIALTY_END.c.valid_to < bindparam("before"))
    .group_by(_month)
    .order_by(_month)
)
LATEST_BATCHES: Final = select_rows(
    BATCH, order_by=[BATCH.c.created_at.desc(), BATCH.c.batch_id], limit=_most
)
_looked = sa.func.sum(LOOKUP.c.count)
MOST_LOOKED_UP: Final = Query(
    sa.select(LOOKUP.c.registration_id)
    .where(LOOKUP.c.hour >= bindparam("since_hour"))
    .group_by(LOOKUP.c.registration_id)
    .order_by(_looked.desc(), LOOKUP.c.registration_id)
    .limit(_most)
)


class OverviewRows(Session):
    """Counts and lists over everybody; the port says what each promises."""

    def ends_by_month(self, first: date, before: date) -> Mapping[str, int]:
        """Count specialties of live registrations by the month they end in."""
        rows = self._rows(ENDS_BY_MONTH, {"first": first.isoformat(), "before": before.isoformat()})
        return {str(month): int(str(count)) for month, count in rows}

    def latest_batches(self, limit: int) -> Sequence[Batch]:
        """List batches of everybody, the latest first."""
        return [batch_from(record) for record in self._all(LATEST_BATCHES, most=limit)]

    def most_looked_up(self, since_hour: str, limit: int) -> Sequence[RegistrationId]:
        """List the registrations looked up most from an hour on."""
        rows = self._rows(MOST_LOOKED_UP, {"since_hour": since_hour, "most": limit})
        return [RegistrationId(str(row[0])) for row in rows]
