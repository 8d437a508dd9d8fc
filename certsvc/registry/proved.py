"""Rows whose MAC held, read as domain values.

The MAC covers the types of the values too, so nothing is asked of a row twice: each function names every
column in its table's order (tests/registry/test_proved.py holds them against the tables).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import CapReason, Copy, CopyKind, CopyState, Grant, IssuedFile
from certsvc.domain.events import Event, EventType
from certsvc.registry import payload
from certsvc.registry.holder_keys import Opener
from certsvc.registry.payload_lines import read_specialties, read_warnings
from certsvc.registry.payload_sealed import read_purpose

Proved = Sequence[Any]
"""All columns of a row in its table's order."""

# Looking a value up costs a tenth of calling its class.
_KINDS: Final = {kind.value: kind for kind in CopyKind}
_STATES: Final = {state.value: state for state in CopyState}
_CAPS: Final = {cap.value: cap for cap in CapReason}
_TYPES: Final = {kind.value: kind for kind in EventType}

_day = date.fromisoformat
_instant = datetime.fromisoformat


def copy_of(row: Proved, opener: Opener | None) -> Copy:
    """Return the copy a row holds; its purpose is left out where there is nothing to open it with."""
    (
        copy_id,
        kind,
        registration_id,
        holder_id,
        certificate_type,
        version_id,
        day,
        state,
        worker,
        lease_until,
        token,
        code,
        reissue,
        content_digest,
        key_id,
        seal_key_id,
        issuer_name,
        reserved_at,
        use_from,
        use_until,
        cap_reason,
        specialties,
        warnings,
        copy_number,
        status_index,
        purpose,
        pdf_sha256,
        pdf_size,
        ofd_sha256,
        ofd_size,
        done_at,
        failure,
        _changed_at,
        _mac,
    ) = row
    files = {}
    if pdf_sha256 is not None:
        files["pdf"] = IssuedFile(sha256=pdf_sha256, size=pdf_size)
    if ofd_sha256 is not None:
        files["ofd"] = IssuedFile(sha256=ofd_sha256, size=ofd_size)
    grant = None
    if use_from is not None:
        grant = Grant(
            use_from=_day(use_from),
            use_until=_day(use_until),
            cap_reason=_CAPS[cap_reason],
            specialties=read_specialties(specialties),
            warnings=read_warnings(warnings),
        )
    return Copy(
        copy_id=copy_id,
        kind=_KINDS[kind],
        registration_id=registration_id,
        holder_id=holder_id,
        certificate_type=certificate_type,
        version_id=version_id,
        day=_day(day),
        state=_STATES[state],
        worker=worker,
        lease_until=_instant(lease_until),
        token=token,
        code=code,
        reissue=reissue,
        content_digest=content_digest,
        key_id=key_id,
        seal_key_id=seal_key_id,
        issuer_name=issuer_name,
        reserved_at=_instant(reserved_at),
        grant=grant,
        copy_number=copy_number,
        status_index=status_index,
        purpose=None if purpose is None or opener is None else read_purpose(purpose, opener, copy_id),
        files=files,
        done_at=None if done_at is None else _instant(done_at),
        failure=failure,
    )


def version_of(row: Proved, opener: Opener) -> CertificateVersion:
    """Return the version a row holds."""
    (
        version_id,
        registration_id,
        _ordinal,
        serial,
        version,
        licence_id,
        previous_licence_id,
        face,
        face_hash,
        event_id,
        created_at,
        _mac,
    ) = row
    return CertificateVersion(
        version_id=version_id,
        registration_id=registration_id,
        serial=serial,
        version=version,
        licence_id=licence_id,
        previous_licence_id=previous_licence_id,
        face=payload.read_face(face, opener, version_id),
        face_hash=face_hash,
        event_id=event_id,
        created_at=_instant(created_at),
    )


def event_of(
    row: Proved, opener: Opener, number: Callable[[bytes, str | None], str | None] | None = None
) -> Event:
    """Return the event a row holds.

    Args:
        row: of the event.
        opener: opens what is the holder's.
        number: opens the ID number, when whoever asks needs it; it is also told under whose key the number
            stands, None in the first rows, which were encrypted with the registry's secret alone.
    """
    (
        event_id,
        seq,
        source_id,
        _registration_id,
        kind,
        certificate_type,
        effective_at,
        recorded_at,
        _body_digest,
        _version_id,
        parts,
        sealed_number,
        _changed_fields,
        _outcome,
        _mac,
    ) = row
    said = payload.read_event(parts)
    id_number = None
    if number is not None and sealed_number is not None:
        id_number = number(sealed_number, payload.key_of(said["holder"]))
    return Event(
        event_id=event_id,
        source_id=source_id,
        type=_TYPES[kind],
        certificate_type=certificate_type,
        effective_at=_instant(effective_at),
        recorded_at=_instant(recorded_at),
        seq=seq,
        registration_number=said["registration_number"],
        new_registration_number=said["new_registration_number"],
        former_numbers=tuple(said["former_numbers"]),
        holder=payload.read_holder(said["holder"], id_number, opener, event_id),
        employer=payload.read_employer(said["employer"]),
        specialties=payload.read_grants(said["specialties"]),
        qualification_number=said["qualification_number"],
        reason=payload.read_reason(said["reason"]),
        override_reason=said["override_reason"],
    )
