"""Look-ups of holders, registrations, events, versions and images."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion, VersionId
from certsvc.domain.events import HolderId, IdType, RegistrationId
from certsvc.errors import NotFoundError
from certsvc.registry.crypto import storable
from certsvc.registry.port import RecordedEvent
from certsvc.registry.port_feed import ExpiringSpecialty
from certsvc.registry.rows import Record, event_from, version_from
from certsvc.registry.session import Session, select_rows
from certsvc.registry.tables import (
    CERTIFICATE_VERSION,
    CLIENT,
    COPY,
    EVENT,
    HOLDER,
    IMAGE,
    REGISTRATION,
    REGISTRATION_NUMBER,
    SPECIALTY_END,
)
from certsvc.registry.tables_holders import HOLDER_IMAGE

_event, _end, _version = EVENT.c, SPECIALTY_END.c, CERTIFICATE_VERSION.c

EVENT_BY_SOURCE: Final = select_rows(EVENT, _event.source_id == bindparam("source_id"))
HISTORY: Final = select_rows(EVENT, each=_event.registration_id, order_by=[_event.seq])
NUMBER: Final = select_rows(REGISTRATION_NUMBER, each=REGISTRATION_NUMBER.c.number)
REGISTRATIONS_NUMBERED: Final = select_rows(
    REGISTRATION,
    REGISTRATION.c.registration_id.in_(
        sa.select(REGISTRATION_NUMBER.c.registration_id).where(
            REGISTRATION_NUMBER.c.number == bindparam("number")
        )
    ),
)
HOLDER_BY_INDEX: Final = select_rows(HOLDER, HOLDER.c.id_index == bindparam("id_index"))
REGISTRATION_BY_ID: Final = select_rows(REGISTRATION, each=REGISTRATION.c.registration_id)
REGISTRATIONS_OF: Final = select_rows(
    REGISTRATION, REGISTRATION.c.holder_id == bindparam("holder_id"), order_by=[REGISTRATION.c.ordinal]
)
LATEST_VERSION: Final = select_rows(
    CERTIFICATE_VERSION,
    _version.registration_id == bindparam("registration_id"),
    order_by=[_version.ordinal.desc()],
    limit=1,
)
VERSION: Final = select_rows(CERTIFICATE_VERSION, each=_version.version_id)
IMAGE_BY_SHA256: Final = select_rows(IMAGE, IMAGE.c.sha256 == bindparam("sha256"))
IMAGE_OF_A_HOLDER: Final = select_rows(HOLDER_IMAGE, HOLDER_IMAGE.c.sha256 == bindparam("sha256"), limit=1)
IMAGES_OF_HOLDERS: Final = select_rows(
    HOLDER_IMAGE, HOLDER_IMAGE.c.sha256 == bindparam("sha256"), order_by=[HOLDER_IMAGE.c.holder_id]
)

_WINDOW: Final = (_end.valid_to >= bindparam("valid_from_day"), _end.valid_to < bindparam("before"))
_EXPIRING_ORDER: Final = (_end.valid_to, _end.registration_number, _end.specialty)
EXPIRING: Final = select_rows(
    SPECIALTY_END, *_WINDOW, order_by=_EXPIRING_ORDER, limit=bindparam("most", type_=sa.Integer)
)
EXPIRING_AFTER: Final = select_rows(
    SPECIALTY_END,
    *_WINDOW,
    sa.tuple_(*_EXPIRING_ORDER)
    > sa.tuple_(bindparam("after_day"), bindparam("after_number"), bindparam("after_specialty")),
    order_by=_EXPIRING_ORDER,
    limit=bindparam("most", type_=sa.Integer),
)

NEWEST: Final = tuple(
    (select_rows(column.table, order_by=[column.desc()], limit=1), column.name)
    for column in (_event.recorded_at, COPY.c.changed_at, CLIENT.c.created_at)
)
"""The newest row of each table, and the column that says when it was written."""


class RecordReading(Session):
    """Look-ups of what was recorded; the port says what each promises."""

    def find_event(self, source_id: str) -> RecordedEvent | None:
        """Find what an earlier delivery of *source_id* gave."""
        record = self._first(EVENT_BY_SOURCE, source_id=source_id) if storable(source_id) else None
        return None if record is None else event_from(record, self._vault, self._opener)

    def find_registration(self, registration_number: str) -> RegistrationId | None:
        """Find the latest registration that has or had this number."""
        found = self.registrations_with(registration_number)
        return found[0] if found else None

    def registrations_with(self, registration_number: str) -> Sequence[RegistrationId]:
        """List every registration that has or had this number, the latest first."""
        if not storable(registration_number):
            return []
        numbers = self._all(NUMBER, number=registration_number)
        # Asked for none, one or several alike: how long it takes shall not tell which it was.
        registrations = self._all(REGISTRATIONS_NUMBERED, number=registration_number)
        ordinal = {row.text("registration_id"): row.whole("ordinal") for row in registrations}
        found = [RegistrationId(number.text("registration_id")) for number in numbers]
        if not ordinal.keys() >= set(found):
            raise NotFoundError
        return sorted(found, key=lambda one: -ordinal[one])

    def find_holder(self, id_type: IdType, id_number: str) -> HolderId | None:
        """Find a holder by the identity document in force, through the HMAC index."""
        if not storable(id_number):
            return None
        record = self._first(HOLDER_BY_INDEX, id_index=self._vault.id_index(id_type, id_number))
        return None if record is None else HolderId(record.text("holder_id"))

    def registrations_of(
        self, holder_id: HolderId, certificate_type: str | None = None
    ) -> Sequence[RegistrationId]:
        """List a holder's registrations of one type, or of every type, oldest first."""
        return [
            RegistrationId(record.text("registration_id"))
            for record in self._all(REGISTRATIONS_OF, holder_id=holder_id)
            if certificate_type in {None, record.text("certificate_type")}
        ]

    def holder_of(self, registration_id: RegistrationId) -> HolderId:
        """Return whose registration it is."""
        return HolderId(self._registration(registration_id).text("holder_id"))

    def _registration(self, registration_id: RegistrationId) -> Record:
        record = self._registrations_held.get(registration_id) or self._first(
            REGISTRATION_BY_ID, registration_id=registration_id
        )
        if record is None:
            raise NotFoundError
        return record

    def history(self, registration_id: RegistrationId) -> Sequence[RecordedEvent]:
        """List the events of one registration in the order of recording."""
        return [
            event_from(record, self._vault, self._opener)
            for record in self._all(HISTORY, registration_id=registration_id)
        ]

    def latest_version(self, registration_id: RegistrationId) -> CertificateVersion:
        """Return the version with the highest recording order."""
        record = self._first(LATEST_VERSION, registration_id=registration_id)
        if record is None:
            raise NotFoundError
        return version_from(record, self._opener)

    def get_version(self, version_id: VersionId) -> CertificateVersion:
        """Return one version."""
        record = self._first(VERSION, version_id=version_id)
        if record is None:
            raise NotFoundError
        return version_from(record, self._opener)

    def get_image(self, sha256: str) -> bytes:
        """Return a normalised photo or signature image."""
        # Anybody's will do, as all hold the same picture; the others are read when that one does not open.
        for query in (IMAGE_OF_A_HOLDER, IMAGES_OF_HOLDERS):
            for record in self._all(query, sha256=sha256):
                holder_id, sealed = record.text("holder_id"), record.content("content")
                content = self._opener.content(holder_id, sealed, image_place(sha256))
                if content is not None:
                    return content
        # Those of before holders had keys.
        record_of_all = self._first(IMAGE_BY_SHA256, sha256=sha256)
        if record_of_all is None:
            raise NotFoundError
        return record_of_all.content("content")

    def expiring(
        self, valid_from_day: date, before: date, after: tuple[date, str, str] | None, limit: int
    ) -> Sequence[ExpiringSpecialty]:
        """List specialties of live registrations with valid_from_day <= valid_to < before."""
        window = {"valid_from_day": valid_from_day.isoformat(), "before": before.isoformat()}
        if after is None:
            records = self._all(EXPIRING, **window, most=limit)
        elif not all(map(storable, after[1:])):
            records = []
        else:
            day, number, specialty = after
            place = {"after_day": day.isoformat(), "after_number": number, "after_specialty": specialty}
            records = self._all(EXPIRING_AFTER, **window, **place, most=limit)
        return [
            ExpiringSpecialty(
                registration_id=RegistrationId(record.text("registration_id")),
                registration_number=record.text("registration_number"),
                specialty=record.text("specialty"),
                valid_to=record.day("valid_to"),
            )
            for record in records
        ]

    def last_recorded_at(self) -> datetime | None:
        """Return the latest instant any row was written at; the clock must not stand before it.

        The newest rows are read whole, so that an instant moved by hand fails its MAC.
        """
        newest = [(self._first(query), name) for query, name in NEWEST]
        return max((record.instant(name) for record, name in newest if record is not None), default=None)


def image_place(sha256: str) -> str:
    """Return where an image of a holder's opens."""
    return f"image {sha256}"
