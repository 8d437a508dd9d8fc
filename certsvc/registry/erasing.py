"""Erasing a holder's personal data: the key goes, and what it opened gives way to stand-ins."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy, CopyState
from certsvc.domain.events import ERASED, HolderId, RegistrationId
from certsvc.errors import NotFoundError, UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.entries import EntryChanges
from certsvc.registry.erasing_bodies import BodyErasing
from certsvc.registry.log_rows import LogChanges
from certsvc.registry.names import NameChanges
from certsvc.registry.payload import event_text, face_text
from certsvc.registry.payload_sealed import outcome_text
from certsvc.registry.port_erasing import Erasure, StandIn
from certsvc.registry.reading import HISTORY, IMAGE_BY_SHA256, RecordReading
from certsvc.registry.rows import Record, copy_from, instant_text, version_from
from certsvc.registry.session import KEY_OF_HOLDER, RowQuery, select_rows
from certsvc.registry.tables import (
    CERTIFICATE_VERSION,
    COPY,
    EVENT,
    HOLDER,
    IDEMPOTENCY_KEY,
    IMAGE,
    REGISTRATION,
)
from certsvc.registry.tables_holders import HOLDER_IMAGE, HOLDER_KEY
from certsvc.registry.writing import HOLD_HOLDER, MOVE_HOLDER
from certsvc.registry.writing_keys import KeyWriting

_key = HOLDER_KEY.c

EVERY_REGISTRATION: Final = select_rows(
    REGISTRATION,
    REGISTRATION.c.holder_id == bindparam("holder_id"),
    order_by=[REGISTRATION.c.ordinal],
)
VERSIONS_OF: Final = select_rows(
    CERTIFICATE_VERSION,
    CERTIFICATE_VERSION.c.registration_id == bindparam("registration_id"),
    order_by=[CERTIFICATE_VERSION.c.ordinal],
)
COPIES_OF: Final = select_rows(
    COPY, COPY.c.registration_id == bindparam("registration_id"), order_by=[COPY.c.copy_id]
)
FILES_LEFT: Final = select_rows(
    HOLDER_KEY,
    # Literal text, for the partial index.
    sa.literal_column("erased_at IS NOT NULL AND files_gone_at IS NULL", sa.Boolean),
    order_by=[_key.holder_id],
)
FACTS_OF: Final = tuple(
    Query(
        sa.select(key)
        .join_from(key.table, REGISTRATION, REGISTRATION.c.registration_id == key.table.c.registration_id)
        .where(REGISTRATION.c.holder_id == bindparam("holder_id"))
        .order_by(key)
    )
    for key in (EVENT.c.event_id, COPY.c.copy_id)
)
"""Ids of a holder's events and copies: what the log has entries about."""
DROP_IMAGES: Final = Query(sa.delete(HOLDER_IMAGE).where(HOLDER_IMAGE.c.holder_id == bindparam("holder_id")))
DROP_OLD_IMAGE: Final = Query(sa.delete(IMAGE).where(IMAGE.c.sha256 == bindparam("sha256")))
NAMED_ELSEWHERE: Final = Query(
    sa.select(sa.func.count())
    .select_from(EVENT)
    .where(EVENT.c.payload.contains(bindparam("sha256", type_=sa.Text), autoescape=False))
)
"""Only plain rows can name an old image; those of the holder are rewritten when this is asked."""


def _rewrite(table: sa.Table, *changed: str) -> Query:
    """Build the UPDATE of one row, found by its key and by the MAC it was read with."""
    (key,) = table.primary_key.columns
    return Query(
        sa.update(table)
        .where(key == bindparam("its_key"), table.c.mac == bindparam("seen_mac"))
        .values({name: bindparam(f"new_{name}") for name in (*changed, "mac")})
    )


REWRITE_EVENT: Final = _rewrite(EVENT, "payload", "id_number", "outcome")
REWRITE_VERSION: Final = _rewrite(CERTIFICATE_VERSION, "face", "face_hash")
REWRITE_COPY: Final = _rewrite(COPY, "purpose", "content_digest")
REQUESTS_OF: Final = select_rows(
    IDEMPOTENCY_KEY,
    IDEMPOTENCY_KEY.c.copy_id.in_(
        sa.select(COPY.c.copy_id)
        .join_from(COPY, REGISTRATION, REGISTRATION.c.registration_id == COPY.c.registration_id)
        .where(REGISTRATION.c.holder_id == bindparam("holder_id"))
    ),
    order_by=[IDEMPOTENCY_KEY.c.client_id, IDEMPOTENCY_KEY.c.key],
)
BLUR_REQUEST: Final = Query(
    sa.update(IDEMPOTENCY_KEY)
    .where(
        IDEMPOTENCY_KEY.c.client_id == bindparam("its_client_id"),
        IDEMPOTENCY_KEY.c.key == bindparam("its_key"),
        IDEMPOTENCY_KEY.c.mac == bindparam("seen_mac"),
    )
    .values(body_digest=bindparam("new_body_digest"), mac=bindparam("new_mac"))
)
DESTROY_KEY: Final = _rewrite(HOLDER_KEY, "wrapped", "erased_at")
CLOSE_KEY: Final = _rewrite(HOLDER_KEY, "files_gone_at")


class ErasingRows(RecordReading):
    """Look-ups that erasing needs; the port says what each promises."""

    def find_erasure(self, holder_id: HolderId) -> Erasure | None:
        """Tell whether a holder was erased."""
        record = self._first(KEY_OF_HOLDER, holder_id=holder_id)
        erased_at = None if record is None else record.maybe_instant("erased_at")
        if record is None or erased_at is None:
            return None
        return Erasure(erased_at=erased_at, files_gone_at=record.maybe_instant("files_gone_at"))

    def erasures_with_files(self) -> Sequence[HolderId]:
        """List erased holders of whom issued files may still be in the store."""
        return [HolderId(record.text("holder_id")) for record in self._all(FILES_LEFT)]

    def every_registration_of(self, holder_id: HolderId) -> Sequence[RegistrationId]:
        """List a holder's registrations of every type, oldest first."""
        found = self._all(EVERY_REGISTRATION, holder_id=holder_id)
        return [RegistrationId(record.text("registration_id")) for record in found]

    def versions_of(self, registration_id: RegistrationId) -> Sequence[CertificateVersion]:
        """List the versions of a registration, oldest first."""
        found = self._all(VERSIONS_OF, registration_id=registration_id)
        return [version_from(record, self._opener) for record in found]

    def copies_of(self, registration_id: RegistrationId) -> Sequence[Copy]:
        """List the originals and endorsements of a registration in any state."""
        return [copy_from(one, self._opener) for one in self._all(COPIES_OF, registration_id=registration_id)]


class ErasingChanges(ErasingRows, LogChanges, KeyWriting, BodyErasing, NameChanges, EntryChanges):
    """Changes that erasing makes; the port says what each promises."""

    def erase_holder(self, holder_id: HolderId, stand_ins: Sequence[StandIn], at: datetime) -> None:
        """Destroy a holder's key and everything personal."""
        if self._dialect.name == "sqlite":
            # What is overwritten is zeroed in the file; for everything else that would be a waste.
            self._connection.execute("PRAGMA secure_delete = ON")
        # One that came before there were keys gets one, whose end is what says that the holder was erased.
        self._writing_key(holder_id)
        images: set[str] = set()
        for registration_id, stand_in in zip(self.every_registration_of(holder_id), stand_ins, strict=True):
            images |= self._rewrite_events(registration_id, stand_in)
            self._rewrite_versions(registration_id, stand_in)
            self._rewrite_copies(registration_id)
        self.forget_log_salts(
            [str(row[0]) for query in FACTS_OF for row in self._rows(query, {"holder_id": holder_id})]
        )
        self._forget_names(holder_id)
        self._change(DROP_IMAGES, {"holder_id": holder_id})
        for sha256 in sorted(images):
            if self._first(IMAGE_BY_SHA256, sha256=sha256) is None:
                continue
            (((named,)),) = self._rows(NAMED_ELSEWHERE, {"sha256": sha256})
            if named == 0:
                self._change(DROP_OLD_IMAGE, {"sha256": sha256})
        for request in self._all(REQUESTS_OF, holder_id=holder_id):
            # A plain hash of the purpose: what people write there is found by trying, too.
            self._blur_request(request)
        self._drop_bodies(holder_id, self._only(HOLD_HOLDER, holder_id=holder_id).text("id_index"))
        self._drop_entries(holder_id)
        self._forget_document(holder_id)
        self._replace(
            DESTROY_KEY,
            self._only(KEY_OF_HOLDER, holder_id=holder_id),
            {"wrapped": None, "erased_at": instant_text(at)},
            KEY_OF_HOLDER,
        )
        self._opener.forget()

    def set_files_gone(self, holder_id: HolderId, at: datetime) -> None:
        """Remember that no issued file of an erased holder is in the store any more."""
        record = self._only(KEY_OF_HOLDER, holder_id=holder_id)
        if record.maybe_text("files_gone_at") is None:
            self._replace(CLOSE_KEY, record, {"files_gone_at": instant_text(at)}, KEY_OF_HOLDER)

    def _rewrite_events(self, registration_id: RegistrationId, stand_in: StandIn) -> set[str]:
        """Put the stand-ins into a registration's events; returns the hashes of the images they named."""
        images: set[str] = set()
        told = {item.event.event_id: item.event for item in self.history(registration_id)}
        rows = {
            record.text("event_id"): record for record in self._all(HISTORY, registration_id=registration_id)
        }
        _same(rows.keys() == {event.event_id for event in stand_in.events})
        for event in stand_in.events:
            holder = told[event.event_id].holder
            if holder is not None:
                images |= {one for one in (holder.photo_sha256, holder.signature_sha256) if one is not None}
            changes: dict[str, Value] = {
                "payload": event_text(event, None),
                "id_number": None,
                "outcome": outcome_text(stand_in.outcomes[event.event_id], None, event.event_id),
            }
            self._replace(REWRITE_EVENT, rows[event.event_id], changes, HISTORY)
        return images

    def _rewrite_versions(self, registration_id: RegistrationId, stand_in: StandIn) -> None:
        rows = {
            row.text("version_id"): row for row in self._all(VERSIONS_OF, registration_id=registration_id)
        }
        _same(rows.keys() == {version.version_id for version in stand_in.versions})
        for version in stand_in.versions:
            changes: dict[str, Value] = {
                "face": face_text(version.face, None, version.version_id),
                # The hash of a name and a birth date is found by trying them all.
                "face_hash": secrets.token_hex(32),
            }
            self._replace(REWRITE_VERSION, rows[version.version_id], changes, VERSIONS_OF)

    def _rewrite_copies(self, registration_id: RegistrationId) -> None:
        for record in self._all(COPIES_OF, registration_id=registration_id):
            if record.text("state") == CopyState.PENDING:
                raise UnavailableError(
                    "a copy is being made for this holder; run certsvc recover, then again"
                )
            changes: dict[str, Value] = {
                "purpose": None if record.maybe_text("purpose") is None else ERASED,
                # Who registers anew with the same picture would be found by trying everybody there is.
                "content_digest": secrets.token_hex(32),
            }
            self._replace(REWRITE_COPY, record, changes, COPIES_OF)

    def _blur_request(self, request: Record) -> None:
        """Let a request be known again by its key alone; what it said is not found any more."""
        digest = secrets.token_hex(32)
        mac = self._vault.sealed(IDEMPOTENCY_KEY, {**request.values(), "body_digest": digest})["mac"]
        given: dict[str, Value] = {
            "its_client_id": request.text("client_id"),
            "its_key": request.text("key"),
            "seen_mac": request.content("mac"),
            "new_body_digest": digest,
            "new_mac": mac,
        }
        _same(self._change(BLUR_REQUEST, given) == 1)

    def _forget_document(self, holder_id: HolderId) -> None:
        """Let no document lead to the holder: the same person registering anew is a new holder."""
        holder = self._only(HOLD_HOLDER, holder_id=holder_id)
        id_index = secrets.token_hex(32)
        moved = self._vault.sealed(HOLDER, {**holder.values(), "id_index": id_index})
        self._change(
            MOVE_HOLDER, {"its_holder_id": holder_id, "new_id_index": id_index, "new_mac": moved["mac"]}
        )

    def _only(self, query: RowQuery, **given: Value) -> Record:
        record = self._first(query, **given)
        if record is None:
            raise NotFoundError
        return record

    def _replace(self, query: Query, record: Record, changes: Mapping[str, Value], found: RowQuery) -> None:
        """Write a row anew with *changes*; *found* is the query the record came from."""
        table = found.table
        sealed = self._vault.sealed(table, {**record.values(), **changes})
        (key,) = table.primary_key.columns
        given: dict[str, Value] = {f"new_{name}": sealed[name] for name in (*changes, "mac")}
        given |= {"its_key": record.text(key.name), "seen_mac": record.content("mac")}
        _same(self._change(query, given) == 1)


def _same(still: bool) -> None:
    if not still:
        raise UnavailableError("the holder's rows changed meanwhile; erase again")
