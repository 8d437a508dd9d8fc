"""Rows to domain values and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

from certsvc.domain.certificate import CertificateVersion, VersionId
from certsvc.domain.endorsement import (
    FORMATS,
    Copy,
    IssuedFile,
)
from certsvc.domain.events import Event, RegistrationId
from certsvc.errors import DefectError, RecordDamagedError
from certsvc.registry import payload, payload_sealed
from certsvc.registry.crypto import HolderKey, Value, Vault
from certsvc.registry.holder_keys import Opener
from certsvc.registry.payload_lines import specialties_text, text_of, warnings_text
from certsvc.registry.port import RecordedEvent
from certsvc.registry.proved import Proved, copy_of, event_of, version_of


class Record:
    """The values of one row whose MAC held, in the table's order, read by name and type."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        """Take the columns by name."""
        self._values = values

    def text(self, name: str) -> str:
        """Return a text column that is never NULL."""
        value = self._values[name]
        if isinstance(value, str):
            return value
        raise RecordDamagedError(f"{name} holds no text")

    def maybe_text(self, name: str) -> str | None:
        """Return a text column that may be NULL."""
        return None if self._values[name] is None else self.text(name)

    def whole(self, name: str) -> int:
        """Return a number column that is never NULL."""
        value = self._values[name]
        if isinstance(value, int):
            return value
        raise RecordDamagedError(f"{name} holds no number")

    def maybe_whole(self, name: str) -> int | None:
        """Return a number column that may be NULL."""
        return None if self._values[name] is None else self.whole(name)

    def content(self, name: str) -> bytes:
        """Return a bytes column that is never NULL."""
        value = self._values[name]
        if isinstance(value, bytes):
            return value
        raise RecordDamagedError(f"{name} holds no bytes")

    def maybe_content(self, name: str) -> bytes | None:
        """Return a bytes column that may be NULL."""
        return None if self._values[name] is None else self.content(name)

    def day(self, name: str) -> date:
        """Return a day."""
        return date.fromisoformat(self.text(name))

    def instant(self, name: str) -> datetime:
        """Return an instant, aware, in UTC."""
        return datetime.fromisoformat(self.text(name))

    def maybe_instant(self, name: str) -> datetime | None:
        """Return an instant, or None for NULL."""
        return None if self._values[name] is None else self.instant(name)

    def row(self) -> Proved:
        """Return every value in the table's order."""
        return tuple(self._values.values())

    def values(self) -> dict[str, Value]:
        """Return the whole row, to be written again with changes."""
        kept: dict[str, Value] = {}
        for name, value in self._values.items():
            if value is not None and not isinstance(value, str | int | bytes):
                raise RecordDamagedError(f"{name} holds a value of a strange type")
            kept[name] = value
        return kept


def instant_text(instant: datetime) -> str:
    """Return *instant* (aware) as columns hold it: UTC, always 27 characters, so text sorts as time."""
    if instant.tzinfo is None:
        raise DefectError("an instant without offset reached the registry")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _maybe_instant_text(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


def _place_of_id_number(event_id: str) -> str:
    return f"event {event_id} id_number"


def event_values(recorded: RecordedEvent, seq: int, vault: Vault, key: HolderKey) -> dict[str, Value]:
    """Return the row of an event that takes place *seq* in the order of recording; *key* is its holder's."""
    event = recorded.event
    id_number = None if event.holder is None else event.holder.id_number
    if id_number is not None and text_of(id_number) in text_of(dict(recorded.outcome)):
        raise DefectError("the answer to an event would have kept the ID number in clear")
    return {
        "event_id": event.event_id,
        "seq": seq,
        "source_id": event.source_id,
        "registration_id": recorded.registration_id,
        "type": event.type.value,
        "certificate_type": event.certificate_type,
        "effective_at": instant_text(event.effective_at),
        "recorded_at": instant_text(event.recorded_at),
        "body_digest": recorded.body_digest,
        "version_id": recorded.version_id,
        "payload": payload.event_text(event, key),
        "id_number": None if id_number is None else _sealed_number(id_number, event.event_id, vault, key),
        "changed_fields": text_of(list(recorded.changed_fields)),
        "outcome": payload_sealed.outcome_text(recorded.outcome, key, event.event_id),
    }


def _sealed_number(id_number: str, event_id: str, vault: Vault, key: HolderKey) -> bytes:
    """Encrypt an ID number twice: it takes the registry's secret and the holder's key to open it."""
    place = _place_of_id_number(event_id)
    return key.seal(vault.encrypt(id_number, place), place)


def event_from(record: Record, vault: Vault, opener: Opener) -> RecordedEvent:
    """Return the event a row holds, its ID number opened."""
    changed_fields: list[str] = json.loads(record.text("changed_fields"))
    return RecordedEvent(
        event=bare_event_from(record, vault, opener),
        registration_id=RegistrationId(record.text("registration_id")),
        body_digest=record.text("body_digest"),
        version_id=VersionId(record.text("version_id")),
        changed_fields=tuple(changed_fields),
        outcome=payload_sealed.read_outcome(record.text("outcome"), opener, record.text("event_id")),
    )


def bare_event_from(record: Record, vault: Vault, opener: Opener) -> Event:
    """Return the event alone, without what recording it gave."""

    def number(sealed: bytes, holder_id: str | None) -> str | None:
        place = _place_of_id_number(record.text("event_id"))
        if holder_id is not None:
            inner = opener.content(holder_id, sealed, place)
            return None if inner is None else vault.decrypt(inner, place)
        return vault.decrypt(sealed, place)

    return event_of(record.row(), opener, number)


def version_values(version: CertificateVersion, ordinal: int, key: HolderKey) -> dict[str, Value]:
    """Return the row of a version, the *ordinal*-th recorded of its registration; *key* is its holder's."""
    return {
        "version_id": version.version_id,
        "registration_id": version.registration_id,
        "ordinal": ordinal,
        "serial": version.serial,
        "version": version.version,
        "licence_id": version.licence_id,
        "previous_licence_id": version.previous_licence_id,
        "face": payload.face_text(version.face, key, version.version_id),
        "face_hash": version.face_hash,
        "event_id": version.event_id,
        "created_at": instant_text(version.created_at),
    }


def version_from(record: Record, opener: Opener) -> CertificateVersion:
    """Return the version a row holds."""
    return version_of(record.row(), opener)


def file_values(files: Mapping[str, IssuedFile]) -> dict[str, Value]:
    """Return the columns that name a copy's files; each format has two."""
    if strange := files.keys() - set(FORMATS):
        raise DefectError(f"no column for files of format {sorted(strange)}")
    values: dict[str, Value] = {}
    for form in FORMATS:
        file = files.get(form)
        values[f"{form}_sha256"] = None if file is None else file.sha256
        values[f"{form}_size"] = None if file is None else file.size
    return values


def copy_values(copy: Copy, key: HolderKey) -> dict[str, Value]:
    """Return the row of a copy that was just reserved; *key* is its holder's."""
    grant = copy.grant
    return {
        "copy_id": copy.copy_id,
        "kind": copy.kind.value,
        "registration_id": copy.registration_id,
        "holder_id": copy.holder_id,
        "certificate_type": copy.certificate_type,
        "version_id": copy.version_id,
        "day": copy.day.isoformat(),
        "state": copy.state.value,
        "worker": copy.worker,
        "lease_until": instant_text(copy.lease_until),
        "token": copy.token,
        "code": copy.code,
        "reissue": copy.reissue,
        "content_digest": copy.content_digest,
        "key_id": copy.key_id,
        "seal_key_id": copy.seal_key_id,
        "issuer_name": copy.issuer_name,
        "reserved_at": instant_text(copy.reserved_at),
        "use_from": None if grant is None else grant.use_from.isoformat(),
        "use_until": None if grant is None else grant.use_until.isoformat(),
        "cap_reason": None if grant is None else grant.cap_reason.value,
        "specialties": None if grant is None else specialties_text(grant.specialties),
        "warnings": None if grant is None else warnings_text(grant.warnings),
        "copy_number": copy.copy_number,
        "status_index": copy.status_index,
        "purpose": payload_sealed.purpose_text(copy.purpose, key, copy.copy_id),
        **file_values(copy.files),
        "done_at": _maybe_instant_text(copy.done_at),
        "failure": copy.failure,
        "changed_at": instant_text(copy.reserved_at),
    }


def copy_from(record: Record, opener: Opener) -> Copy:
    """Return the copy a row holds."""
    return copy_of(record.row(), opener)
