"""Look-ups for the status lists: what was recorded since, and all endorsements of some registrations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import RegistrationId
from certsvc.registry.database import Query
from certsvc.registry.port import RecordedEvent
from certsvc.registry.rows import copy_from, event_from, version_from
from certsvc.registry.session import Session, select_rows
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, EVENT

_copy, _event, _version = COPY.c, EVENT.c, CERTIFICATE_VERSION.c

_MOST: Final = bindparam("most", type_=sa.Integer)
EVENTS_AFTER: Final = select_rows(EVENT, _event.seq > bindparam("seq"), order_by=[_event.seq], limit=_MOST)
SEQ_BEFORE: Final = Query(
    sa.select(sa.func.min(_event.seq) - 1).where(_event.recorded_at >= bindparam("recorded_at"))
)
LAST_SEQ: Final = Query(sa.select(sa.func.coalesce(sa.func.max(_event.seq), 0)))
HIGHEST_INDEX: Final = select_rows(
    COPY, _copy.status_index.is_not(None), order_by=[_copy.status_index.desc()], limit=1
)
ENDORSED_AFTER: Final = Query(
    sa.select(_copy.registration_id)
    .distinct()
    .where(_copy.registration_id > bindparam("registration_id"), _copy.copy_number.is_not(None))
    .order_by(_copy.registration_id)
    .limit(_MOST)
)
_RANGE: Final = (bindparam("first"), bindparam("last"))
ENDORSEMENTS: Final = select_rows(
    COPY,
    _copy.registration_id.between(*_RANGE),
    _copy.copy_number.is_not(None),
    order_by=[_copy.registration_id, _copy.copy_number],
)
EVENTS: Final = select_rows(
    EVENT, _event.registration_id.between(*_RANGE), order_by=[_event.registration_id, _event.seq]
)
VERSIONS: Final = select_rows(CERTIFICATE_VERSION, _version.registration_id.between(*_RANGE))


class StatusReading(Session):
    """Look-ups by ranges of registrations; the port says what each promises."""

    def last_seq_before(self, recorded_at: datetime) -> int:
        """Return a place in the order of recording before which all was recorded earlier than an instant."""
        (((seq,),)) = self._rows(SEQ_BEFORE, {"recorded_at": recorded_at})
        return seq
