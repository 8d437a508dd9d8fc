"""Made-up versions, copies and registry entries; import them from ``tests.factories``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from certsvc.domain.certificate import CertificateVersion, Face, VersionId, face_hash, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import CapReason, Copy, CopyId, CopyKind, CopyState, Grant, IssuedFile
from certsvc.domain.events import Event, EventId, HolderId, RegistrationId
from certsvc.domain.registration import Specialty
from certsvc.domain.report import Entry
from tests.factories_register import (
    CONSTRUCTOR_1,
    HOLDER,
    NOW,
    NUMBER,
    REGISTRATION,
    STARTED,
    a_specialty,
    an_initial,
    an_issuer,
    folded,
)

TOKEN: Final = "0123456789ABCDEFGHJKMNPQRS"
CODE: Final = "0123456789AB"


def a_version(
    *,
    face: Face | None = None,
    version: int = 1,
    version_id: str = "V1",
    registration_id: RegistrationId = REGISTRATION,
    serial: str = "20260000000001",
    licence_id: str = ("1.2.156.3005.2.11990000000000019A001.11990000000000019A.20260000000001.001.K"),
    previous_licence_id: str | None = None,
    event_id: EventId | None = None,
    created_at: datetime = STARTED,
) -> CertificateVersion:
    """Return one version; without *face* it prints the default initial registration."""
    initial = an_initial()
    printed = face or face_of(folded([initial], initial.effective_at))
    return CertificateVersion(
        version_id=VersionId(version_id),
        registration_id=registration_id,
        serial=serial,
        version=version,
        licence_id=licence_id,
        previous_licence_id=previous_licence_id,
        face=printed,
        face_hash=face_hash(printed),
        event_id=event_id or initial.event_id,
        created_at=created_at,
    )


def a_grant(
    *,
    use_from: date = date(2026, 11, 20),
    use_until: date | None = None,
    cap_reason: CapReason = CapReason.NONE,
    specialties: Sequence[Specialty] | None = None,
) -> Grant:
    """Return the window of one endorsed copy, 180 days unless told."""
    return Grant(
        use_from=use_from,
        use_until=use_until or use_from + timedelta(days=180),
        cap_reason=cap_reason,
        specialties=(a_specialty(),) if specialties is None else tuple(specialties),
        warnings=(),
    )


def a_copy(
    kind: CopyKind = CopyKind.ENDORSEMENT,
    *,
    copy_id: str = "C1",
    registration_id: RegistrationId = REGISTRATION,
    holder_id: HolderId = HOLDER,
    version_id: str = "V1",
    state: CopyState = CopyState.DONE,
    worker: str = "worker-1",
    lease_until: datetime | None = None,
    token: str = TOKEN,
    code: str = CODE,
    reissue: int = 0,
    key_id: str = "dev-doc-1",
    seal_key_id: str = "dev-seal-1",
    reserved_at: datetime = NOW,
    done_at: datetime | None = None,
    grant: Grant | None = None,
    copy_number: int | None = None,
    status_index: int | None = None,
    purpose: str | None = None,
    files: Mapping[str, IssuedFile] | None = None,
    failure: str | None = None,
) -> Copy:
    """Return one issued copy, DONE two seconds after its reservation.

    An endorsed copy gets a window of 180 days from the reservation's day, copy number 1 and a purpose.
    """
    endorsed = kind is CopyKind.ENDORSEMENT
    day = beijing_day(reserved_at)
    done = state is CopyState.DONE
    sealed = {
        "pdf": IssuedFile(sha256="c" * 64, size=120_000),
        "ofd": IssuedFile(sha256="b" * 64, size=70_000),
    }
    return Copy(
        copy_id=CopyId(copy_id),
        kind=kind,
        registration_id=registration_id,
        holder_id=holder_id,
        certificate_type=CONSTRUCTOR_1,
        version_id=VersionId(version_id),
        day=day,
        state=state,
        worker=worker,
        lease_until=lease_until or reserved_at + timedelta(seconds=60),
        token=token,
        code=code,
        reissue=reissue,
        content_digest="d" * 64,
        key_id=key_id,
        seal_key_id=seal_key_id,
        issuer_name=an_issuer().name,
        reserved_at=reserved_at,
        grant=(grant or a_grant(use_from=day)) if endorsed else None,
        copy_number=(copy_number or 1) if endorsed else None,
        status_index=(status_index or 0) if endorsed else None,
        purpose=(purpose or "示例大桥工程投标") if endorsed else None,
        files=(sealed if done else {}) if files is None else files,
        done_at=done_at or (reserved_at + timedelta(seconds=2) if done else None),
        failure=failure,
    )


def an_entry(
    events: Sequence[Event] | None = None,
    *,
    copy: Copy | None = None,
    by_number: bool = False,
    version: CertificateVersion | None = None,
    newest_copy_number: int | None = None,
    newest_copy_day: date | None = None,
) -> Entry:
    """Return what the registry knows of one copy, by default an endorsed one.

    The version prints the state at the copy's reservation (for a look-up *by_number*: at NOW), unless given.
    """
    history = tuple(events) if events is not None else (an_initial(),)
    held = None if by_number else copy or a_copy()
    printed_at = held.reserved_at if held else NOW
    shown = version or a_version(face=face_of(folded(history, printed_at)), event_id=history[0].event_id)
    return Entry(
        registration_number=NUMBER,
        version=shown,
        copy=held,
        events=history,
        newest_copy_number=newest_copy_number or (held.copy_number if held else None),
        newest_copy_day=newest_copy_day or (held.day if held else None),
    )
