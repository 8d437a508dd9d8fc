"""Look-ups for the status lists: what was recorded since, and all endorsements of some registrations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event, RegistrationId
from certsvc.errors import RecordDamagedError
from certsvc.registry.database import Query
from certsvc.registry.port import Endorsed, EventMark
from certsvc.registry.rows import copy_from, event_from, instant_text, version_from
from certsvc.registry.session import Session, select_rows
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, EVENT, REGISTRATION
from certsvc.registry.tables_holders import HOLDER_KEY

_copy, _event, _version = COPY.c, EVENT.c, CERTIFICATE_VERSION.c

_MOST: Final = bindparam("most", type_=sa.Integer)
EVENTS_AFTER: Final = select_rows(
    EVENT, _event.seq > bindparam("its_seq"), order_by=[_event.seq], limit=_MOST
)
SEQ_BEFORE: Final = Query(
    sa.select(sa.func.min(_event.seq) - 1).where(_event.recorded_at >= bindparam("its_recorded_at"))
)
LAST_SEQ: Final = Query(sa.select(sa.func.coalesce(sa.func.max(_event.seq), 0)))
HIGHEST_INDEX: Final = select_rows(
    COPY, _copy.status_index.is_not(None), order_by=[_copy.status_index.desc()], limit=1
)
ENDORSED_AFTER: Final = Query(
    sa.select(_copy.registration_id)
    .distinct()
    .where(_copy.registration_id > bindparam("its_registration_id"), _copy.copy_number.is_not(None))
    .order_by(_copy.registration_id)
    .limit(_MOST)
)


def _from_to(column: sa.Column[str]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    # Not BETWEEN: PostgreSQL takes no COLLATE in it.
    return column >= bindparam("first"), column <= bindparam("last")


ENDORSEMENTS: Final = select_rows(
    COPY,
    *_from_to(_copy.registration_id),
    _copy.copy_number.is_not(None),
    order_by=[_copy.registration_id, _copy.copy_number],
)
EVENTS: Final = select_rows(
    EVENT,
    *_from_to(_event.registration_id),
    order_by=[_event.registration_id, _event.seq],
)
KEYS: Final = select_rows(
    HOLDER_KEY,
    HOLDER_KEY.c.holder_id.in_(
        sa.select(REGISTRATION.c.holder_id).where(*_from_to(REGISTRATION.c.registration_id))
    ),
)
VERSIONS: Final = select_rows(CERTIFICATE_VERSION, *_from_to(_version.registration_id))


class StatusReading(Session):
    """Look-ups by ranges of registrations; the port says what each promises."""

    def last_seq_before(self, recorded_at: datetime) -> int:
        """Return a place in the order of recording up to which all was recorded before an instant."""
        for query, given in ((SEQ_BEFORE, {"its_recorded_at": instant_text(recorded_at)}), (LAST_SEQ, {})):
            (((seq,)),) = self._rows(query, given)
            if isinstance(seq, int):
                return seq
        raise RecordDamagedError("seq holds no number")

    def recorded_after(self, seq: int, limit: int) -> Sequence[EventMark]:
        """List the events recorded after *seq*, in the order of recording."""
        return [
            EventMark(
                seq=record.whole("seq"),
                registration_id=RegistrationId(record.text("registration_id")),
                effective_at=record.instant("effective_at"),
            )
            for record in self._all(EVENTS_AFTER, its_seq=seq, most=limit)
        ]

    def highest_status_index(self) -> int | None:
        """Return the highest place in the status lists that was given; None before the first."""
        record = self._first(HIGHEST_INDEX)
        return None if record is None else record.whole("status_index")

    def endorsed_after(self, registration_id: RegistrationId | None, limit: int) -> Sequence[RegistrationId]:
        """List registrations that have endorsements, by id, beginning after one."""
        rows = self._rows(ENDORSED_AFTER, {"its_registration_id": registration_id or "", "most": limit})
        return [RegistrationId(str(row[0])) for row in rows]

    def endorsements_between(self, first: RegistrationId, last: RegistrationId) -> Sequence[Copy]:
        """List all endorsements, in any state, of the registrations from *first* to *last*, by id."""
        # One statement for all their holders; each would be read alone otherwise.
        for row in self._rows(KEYS.query, {"first": first, "last": last}):
            self._opener.take(row)
        return [copy_from(record, self._opener) for record in self._all(ENDORSEMENTS, first=first, last=last)]

    def endorsed_between(self, first: RegistrationId, last: RegistrationId) -> Sequence[Endorsed]:
        """List the registrations from *first* to *last* that have endorsements, with what became of them."""
        versions: dict[RegistrationId, list[CertificateVersion]] = defaultdict(list)
        events: dict[RegistrationId, list[Event]] = defaultdict(list)
        copies: dict[RegistrationId, list[Copy]] = defaultdict(list)
        for copy in self.endorsements_between(first, last):
            copies[copy.registration_id].append(copy)
        for record in self._all(VERSIONS, first=first, last=last):
            version = version_from(record, self._opener)
            versions[version.registration_id].append(version)
        for record in self._all(EVENTS, first=first, last=last):
            recorded = event_from(record, self._vault, self._opener)
            events[recorded.registration_id].append(recorded.event)
        return [
            Endorsed(
                registration_id=one,
                copies=tuple(copies[one]),
                versions={version.version_id: version for version in versions[one]},
                events=tuple(events[one]),
            )
            for one in copies
        ]
