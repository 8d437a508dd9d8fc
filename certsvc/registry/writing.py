"""Changes to holders, registrations, events, versions and images."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.events import Event, HolderId, IdType, RegistrationId
from certsvc.errors import Fault, InvalidFieldError, NotFoundError, UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.names import NameChanges
from certsvc.registry.noting import Noting
from certsvc.registry.port import RecordedEvent
from certsvc.registry.reading import LATEST_VERSION, RecordReading, image_place
from certsvc.registry.rows import event_values, instant_text, version_values
from certsvc.registry.session import HOLD_REGISTRATION, insert_row, insert_unless_taken, select_rows
from certsvc.registry.tables import (
    CERTIFICATE_VERSION,
    COUNTER,
    EVENT,
    HOLDER,
    REGISTRATION,
    REGISTRATION_NUMBER,
    SPECIALTY_END,
)
from certsvc.registry.tables_holders import HOLDER_IMAGE
from certsvc.registry.writing_keys import KeyWriting

HOLD_HOLDER_BY_INDEX: Final = select_rows(HOLDER, HOLDER.c.id_index == bindparam("id_index"), hold=True)
HOLD_HOLDER: Final = select_rows(HOLDER, HOLDER.c.holder_id == bindparam("holder_id"), hold=True)
HOLD_COUNTER: Final = select_rows(COUNTER, COUNTER.c.name == bindparam("name"), hold=True)

ADD_HOLDER: Final = insert_unless_taken(HOLDER, "id_index")
ADD_REGISTRATION: Final = insert_row(REGISTRATION)
ADD_NUMBER: Final = insert_unless_taken(REGISTRATION_NUMBER, "number", "registration_id")
ADD_IMAGE: Final = insert_unless_taken(HOLDER_IMAGE, "holder_id", "sha256")
ADD_COUNTER: Final = insert_unless_taken(COUNTER, "name")
ADD_EVENT: Final = insert_unless_taken(EVENT, "source_id")
ADD_VERSION: Final = insert_row(CERTIFICATE_VERSION)
ADD_END: Final = insert_row(SPECIALTY_END)
MOVE_HOLDER: Final = Query(
    sa.update(HOLDER)
    .where(HOLDER.c.holder_id == bindparam("its_holder_id"))
    .values(id_index=bindparam("new_id_index"), mac=bindparam("new_mac"))
)
RAISE_COUNTER: Final = Query(
    sa.update(COUNTER)
    .where(COUNTER.c.name == bindparam("its_name"))
    .values(value=bindparam("new_value"), mac=bindparam("new_mac"))
)
DROP_ENDS: Final = Query(
    sa.delete(SPECIALTY_END).where(SPECIALTY_END.c.registration_id == bindparam("registration_id"))
)


class RecordWriting(RecordReading, Noting, KeyWriting, NameChanges):
    """Changes to what was recorded; the port says what each promises."""

    def hold(self, names: Collection[str]) -> None:
        """Hold *names*, all at once and before anything else, until the transaction ends."""
        if self._hold is not None:
            # In one order for everybody: of two who hold several, neither waits for the other for ever.
            numbers = sorted({_lock_number(name) for name in names})
            self._connection.execute(self._hold, {"numbers": f"{{{','.join(map(str, numbers))}}}"})

    def lock_holder(self, id_type: IdType, id_number: str, at: datetime) -> HolderId:
        """Find or create the holder and hold it until the transaction ends."""
        id_index = self._vault.id_index(id_type, id_number)
        fresh: dict[str, Value] = {
            "holder_id": _new_id(),
            "id_index": id_index,
            "created_at": instant_text(at),
        }
        record = self._first(HOLD_HOLDER_BY_INDEX, id_index=id_index)
        if record is None:
            # Two first registrations of one person may meet here: the index lets one in, both then read it.
            self._insert_unless_taken(ADD_HOLDER, HOLDER, fresh)
            record = self._first(HOLD_HOLDER_BY_INDEX, id_index=id_index)
        if record is None:
            raise UnavailableError("the holder moved to another document at this moment")
        if record.text("holder_id") == fresh["holder_id"]:
            self._add_key(record)
        return HolderId(record.text("holder_id"))

    def lock_registration(self, registration_id: RegistrationId) -> None:
        """Hold a registration until the transaction ends."""
        if self._hold_registration(registration_id) is None:
            raise NotFoundError

    def lock_known(self, registrations: Collection[RegistrationId], holders: Collection[HolderId]) -> None:
        """Hold registrations, then holders, each in the order of their ids; missing ones are passed over."""
        for registration_id in sorted(registrations):
            self._rows(HOLD_REGISTRATION.query, {"registration_id": registration_id})
        for holder_id in sorted(holders):
            self._rows(HOLD_HOLDER.query, {"holder_id": holder_id})

    def lock_holder_of(self, registration_id: RegistrationId) -> HolderId:
        """Hold the holder of a registration until the transaction ends."""
        holder_id = self.holder_of(registration_id)
        if self._first(HOLD_HOLDER, holder_id=holder_id) is None:
            raise NotFoundError
        return holder_id

    def add_registration(self, holder_id: HolderId, certificate_type: str, at: datetime) -> RegistrationId:
        """Create an empty registration; its first event follows in the same transaction."""
        registration_id = RegistrationId(_new_id())
        values: dict[str, Value] = {
            "registration_id": registration_id,
            "holder_id": holder_id,
            "certificate_type": certificate_type,
            "ordinal": self._next("registration"),
            "created_at": instant_text(at),
        }
        self._insert(ADD_REGISTRATION, REGISTRATION, values)
        return registration_id

    def set_holder_document(self, holder_id: HolderId, id_type: IdType, id_number: str) -> None:
        """Move a holder to another identity document. InvalidFieldError when another holder has it."""
        record = self._first(HOLD_HOLDER, holder_id=holder_id)
        if record is None:
            raise NotFoundError
        id_index = self._vault.id_index(id_type, id_number)
        if self.find_holder(id_type, id_number) not in (None, holder_id):
            raise _taken()
        moved = self._vault.sealed(HOLDER, {**record.values(), "id_index": id_index})
        try:
            self._change(
                MOVE_HOLDER,
                {"its_holder_id": holder_id, "new_id_index": id_index, "new_mac": moved["mac"]},
            )
        except self._integrity_error as error:
            # A rival took the document between the look-up and here.
            raise _taken() from error

    def add_numbers(self, registration_id: RegistrationId, numbers: Sequence[str], at: datetime) -> None:
        """Make the registration answer to these numbers too; known ones are passed over."""
        for number in numbers:
            values: dict[str, Value] = {
                "number": number,
                "registration_id": registration_id,
                "added_at": instant_text(at),
            }
            self._insert_unless_taken(ADD_NUMBER, REGISTRATION_NUMBER, values)

    def put_image(self, holder_id: HolderId, sha256: str, content: bytes, at: datetime) -> None:
        """Keep an image of a holder's; the same content twice is kept once."""
        key = self._writing_key(holder_id)
        values: dict[str, Value] = {
            "holder_id": holder_id,
            "sha256": sha256,
            "content": key.seal(content, image_place(sha256)),
            "added_at": instant_text(at),
        }
        self._insert_unless_taken(ADD_IMAGE, HOLDER_IMAGE, values)

    def next_serial(self, year: int) -> str:
        """Return a fresh serial: the year and ten digits, rising within the year."""
        return f"{year:04d}{self._next(f'serial {year:04d}'):010d}"

    def _next(self, name: str) -> int:
        """Return the next value of a rising number, held until the transaction ends: no gap, no double."""
        self._insert_unless_taken(ADD_COUNTER, COUNTER, {"name": name, "value": 0})
        record = self._first(HOLD_COUNTER, name=name)
        if record is None:
            raise UnavailableError("a counter vanished")
        value = record.whole("value") + 1
        mac = self._vault.sealed(COUNTER, {"name": name, "value": value})["mac"]
        self._change(RAISE_COUNTER, {"its_name": name, "new_value": value, "new_mac": mac})
        return value

    def append_event(self, recorded: RecordedEvent) -> Event:
        """Append one event; returns it with its ``seq``."""
        seq = self._next("event")
        key = self._writing_key(self.holder_of(recorded.registration_id))
        values = event_values(recorded, seq, self._vault, key)
        if not self._insert_unless_taken(ADD_EVENT, EVENT, values):
            # Two deliveries at once; the second one finds the first one's outcome when it comes again.
            raise UnavailableError("an event with this source_id was recorded at this moment")
        if recorded.event.holder is not None:
            self._note_name(recorded.registration_id, recorded.event.holder.name)
        self._note_event(values)
        return replace(recorded.event, seq=seq)

    def add_version(self, version: CertificateVersion) -> None:
        """Add one version; (serial, version) and licence_id are unique."""
        latest = self._first(LATEST_VERSION, registration_id=version.registration_id)
        ordinal = 1 if latest is None else latest.whole("ordinal") + 1
        key = self._writing_key(self.holder_of(version.registration_id))
        self._insert(ADD_VERSION, CERTIFICATE_VERSION, version_values(version, ordinal, key))

    def project(
        self, registration_id: RegistrationId, registration_number: str, live: bool, ends: Mapping[str, date]
    ) -> None:
        """Replace the rows the expiring list is read from: specialty -> valid_to, as last recorded."""
        self._change(DROP_ENDS, {"registration_id": registration_id})
        for specialty, valid_to in ends.items() if live else ():
            values: dict[str, Value] = {
                "registration_id": registration_id,
                "specialty": specialty,
                "registration_number": registration_number,
                "valid_to": valid_to.isoformat(),
            }
            self._insert(ADD_END, SPECIALTY_END, values)


def _new_id() -> str:
    """Return 128 random bits: ids can be neither counted nor guessed."""
    return secrets.token_hex(16)


def _lock_number(name: str) -> int:
    """Return the number under which PostgreSQL locks *name*; two names under one number only wait longer."""
    digest = sha256(b"certsvc name " + name.encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _taken() -> InvalidFieldError:
    return InvalidFieldError(
        Fault(
            pointer="/holder/id_number",
            zh="该证件号码已登记在另一持证人名下，请核对后重新提交。",
            en="This document number is registered for another holder; check it and send it again.",
        )
    )
