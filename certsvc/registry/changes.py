"""Interests and the change feed: rows written with the event they tell of, read in the order of commits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Boolean as SQLBoolean
from sqlalchemy import Integer, bindparam, exists, literal_column, tuple_

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId
from certsvc.domain.report import Status
from certsvc.errors import UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.payload_lines import text_of
from certsvc.registry.port_feed import Change, ExpiringSpecialty, Follow
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.session import Session, insert_row, insert_unless_taken, select_rows
from certsvc.registry.tables import COUNTER, SPECIALTY_END
from certsvc.registry.tables_feed import CHANGE, FOLLOW, IS_SPECIALTY
from certsvc.registry.writing import ADD_COUNTER, HOLD_COUNTER, RAISE_COUNTER

_change, _follow = CHANGE.c, FOLLOW.c

FOLLOWERS: Final = select_rows(
    FOLLOW,
    _follow.registration_id == bindparam("registration_id"),
    order_by=[_follow.client_id, _follow.followed_at, _follow.copy_id],
)
ANNOUNCED: Final = select_rows(
    CHANGE,
    _change.registration_id == bindparam("registration_id"),
    # Literal text, for the partial index.
    literal_column(IS_SPECIALTY, SQLBoolean),
)
ENDS_OF: Final = select_rows(
    SPECIALTY_END,
    SPECIALTY_END.c.registration_id == bindparam("registration_id"),
    order_by=[SPECIALTY_END.c.specialty],
)
_ends_order: Final = (SPECIALTY_END.c.valid_to, SPECIALTY_END.c.registration_id, SPECIALTY_END.c.specialty)
FOLLOWED_ENDS: Final = select_rows(
    SPECIALTY_END,
    SPECIALTY_END.c.valid_to >= bindparam("first"),
    SPECIALTY_END.c.valid_to < bindparam("before"),
    exists().where(_follow.registration_id == SPECIALTY_END.c.registration_id),
    tuple_(*_ends_order)
    > tuple_(bindparam("after_day"), bindparam("after_id"), bindparam("after_specialty")),
    order_by=_ends_order,
    limit=bindparam("most", type_=Integer),
)
CHANGES_AFTER: Final = select_rows(
    CHANGE,
    _change.client_id == bindparam("client_id"),
    _change.seq > bindparam("seq"),
    order_by=[_change.seq],
    limit=bindparam("most", type_=Integer),
)
COUNTER_BY_NAME: Final = select_rows(COUNTER, COUNTER.c.name == bindparam("name"))
ADD_FOLLOW: Final = insert_unless_taken(FOLLOW, "registration_id", "client_id", "copy_id")
ADD_CHANGE: Final = insert_row(CHANGE)
ADD_ANNOUNCEMENT: Final = insert_unless_taken(
    CHANGE, "registration_id", "client_id", "specialty", "valid_to", where=IS_SPECIALTY
)

_SEQ: Final = "change"
_ANNOUNCED: Final = "announced on"
"""Counters: the last place in the feeds; the day ends were gone through last, as date.toordinal() counts."""


class ChangeReading(Session):
    """Reading interests and changes; the port says what each promises."""

    def followers(self, registration_id: RegistrationId) -> Sequence[Follow]:
        """List who follows a registration, each client's latest interest last."""
        return [
            Follow(
                registration_id=registration_id,
                client_id=record.text("client_id"),
                copy_id=CopyId(record.text("copy_id")) if record.text("copy_id") else None,
                token=record.maybe_text("token"),
                licence_id=record.text("licence_id"),
            )
            for record in self._all(FOLLOWERS, registration_id=registration_id)
        ]

    def announced(self, registration_id: RegistrationId) -> Sequence[Change]:
        """List the announcements of a registration's specialties made so far."""
        return [_change_from(row) for row in self._all(ANNOUNCED, registration_id=registration_id)]

    def ends_of(self, registration_id: RegistrationId) -> Mapping[str, date]:
        """Return specialty -> valid_to of a live registration, as last recorded."""
        found = self._all(ENDS_OF, registration_id=registration_id)
        return {record.text("specialty"): record.day("valid_to") for record in found}

    def changes_after(self, client_id: str, seq: int, limit: int) -> Sequence[Change]:
        """List a client's changes behind place *seq*, the oldest first."""
        rows = self._all(CHANGES_AFTER, client_id=client_id, seq=seq, most=limit)
        return [_change_from(row) for row in rows]

    def newest_change(self) -> int:
        """Return the last place given in any feed; 0 when there is none."""
        return self._counted(_SEQ)

    def announced_on(self) -> date | None:
        """Return the day on which ends of specialties were gone through last; None: never."""
        ordinal = self._counted(_ANNOUNCED)
        return date.fromordinal(ordinal) if ordinal else None

    def followed_ends(
        self, first: date, before: date, after: tuple[date, str, str] | None, limit: int
    ) -> Sequence[ExpiringSpecialty]:
        """List specialties, of live registrations somebody follows, with first <= valid_to < before."""
        day, registration_id, specialty = after or (date.min, "", "")
        rows = self._all(
            FOLLOWED_ENDS,
            first=first.isoformat(),
            before=before.isoformat(),
            after_day=day.isoformat(),
            after_id=registration_id,
            after_specialty=specialty,
            most=limit,
        )
        return [
            ExpiringSpecialty(
                registration_id=RegistrationId(record.text("registration_id")),
                registration_number=record.text("registration_number"),
                specialty=record.text("specialty"),
                valid_to=record.day("valid_to"),
            )
            for record in rows
        ]

    def _counted(self, name: str) -> int:
        record = self._first(COUNTER_BY_NAME, name=name)
        return 0 if record is None else record.whole("value")


class ChangeWriting(ChangeReading):
    """Writing interests and changes; the port says what each promises."""

    def follow(self, interest: Follow, at: datetime) -> bool:
        """Keep an interest; False when it is there already."""
        values: dict[str, Value] = {
            "registration_id": interest.registration_id,
            "client_id": interest.client_id,
            "copy_id": interest.copy_id or "",
            "token": interest.token,
            "licence_id": interest.licence_id,
            "followed_at": instant_text(at),
        }
        return self._insert_unless_taken(ADD_FOLLOW, FOLLOW, values)

    def add_changes(self, changes: Sequence[Change]) -> None:
        """Write changes, in this order, behind all that was written before."""
        if not changes:
            return
        # The counter first, and held until the commit: places become visible in their own order, so that a
        # reader who saw one saw all before it; and of two who announce the same, the second waits here.
        seq = self._held(_SEQ)
        self._put(_SEQ, seq + len(changes))
        for place, change in enumerate(changes, seq + 1):
            values = _change_values(change, place)
            if change.specialty is None:
                self._insert(ADD_CHANGE, CHANGE, values)
            else:
                self._insert_unless_taken(ADD_ANNOUNCEMENT, CHANGE, values)

    def set_announced_on(self, day: date) -> None:
        """Remember the day on which ends were gone through."""
        self._held(_ANNOUNCED)
        self._put(_ANNOUNCED, day.toordinal())

    def _held(self, name: str) -> int:
        self._insert_unless_taken(ADD_COUNTER, COUNTER, {"name": name, "value": 0})
        record = self._first(HOLD_COUNTER, name=name)
        if record is None:
            raise UnavailableError("a counter vanished")
        return record.whole("value")

    def _put(self, name: str, value: int) -> None:
        mac = self._vault.sealed(COUNTER, {"name": name, "value": value})["mac"]
        self._change(RAISE_COUNTER, {"its_name": name, "new_value": value, "new_mac": mac})


def _change_values(change: Change, seq: int) -> dict[str, Value]:
    return {
        "client_id": change.client_id,
        "seq": seq,
        "registration_id": change.registration_id,
        "token": change.token,
        "licence_id": change.licence_id,
        "status": change.status.value,
        "changed_fields": text_of(list(change.changed_fields)),
        "specialty": change.specialty,
        "valid_to": None if change.valid_to is None else change.valid_to.isoformat(),
        "at": instant_text(change.at),
    }


def _change_from(record: Record) -> Change:
    changed: list[str] = json.loads(record.text("changed_fields"))
    return Change(
        registration_id=RegistrationId(record.text("registration_id")),
        client_id=record.text("client_id"),
        token=record.maybe_text("token"),
        licence_id=record.text("licence_id"),
        status=Status(record.text("status")),
        changed_fields=tuple(changed),
        specialty=record.maybe_text("specialty"),
        valid_to=None if record.maybe_text("valid_to") is None else record.day("valid_to"),
        at=record.instant("at"),
        seq=record.whole("seq"),
    )
