"""Steps 1 and 2 of the issuing cycle: read what a copy is made from, and reserve its row."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.certificate import CertificateVersion, face_hash, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyId, CopyKind, CopyState, Grant
from certsvc.domain.events import HolderId, IdType, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration, Specialty, fold
from certsvc.errors import NotFoundError, UnavailableError
from certsvc.issuing.record import digest_of
from certsvc.page.certificate_type import CertificateType
from certsvc.qr.token import new_code, new_token
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, RecordedEvent, WriteSession

LEASE: Final = timedelta(seconds=60)
"""How long a worker may take for one copy before others consider it dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything read about a registration to issue a copy of it."""

    registration_id: RegistrationId
    holder_id: HolderId
    registration: Registration
    version: CertificateVersion
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """A row that is ours to fill, with what goes into it."""

    copy: Copy
    version: CertificateVersion
    specialties: tuple[Specialty, ...]
    photo: bytes | None
    signature: bytes | None
    id_type: IdType | None
    """Kind of the holder's document; its number goes into no file."""


def get_case(session: ReadSession, kinds: Mapping[str, CertificateType], number: str, now: datetime) -> Case:
    """Read the registration that has *number*, as of *now*.

    Raises:
        NotFoundError: nobody has it, or it has not begun.
    """
    registration_id = registration_at(session, number, now)
    if registration_id is None:
        raise NotFoundError
    history = session.history(registration_id)
    policy = kinds[history[0].event.certificate_type].policy
    registration = fold([item.event for item in history], now, policy)
    if registration is None:
        raise NotFoundError
    return Case(
        registration_id=registration_id,
        holder_id=session.holder_of(registration_id),
        registration=registration,
        version=_version_in_force(session, history, registration),
        policy=policy,
    )


def _version_in_force(
    session: ReadSession, history: Sequence[RecordedEvent], registration: Registration
) -> CertificateVersion:
    """Return the newest version that prints what is in force; the newest of all when none does.

    An event may lie a few minutes ahead: its version is there, and does not count yet.
    """
    wanted = face_hash(face_of(registration))
    newest = session.get_version(history[-1].version_id)
    version = newest
    for item in reversed(history):
        if version.version_id != item.version_id:
            version = session.get_version(item.version_id)
        if version.face_hash == wanted:
            return version
    return newest


def hold_case(
    session: WriteSession, kinds: Mapping[str, CertificateType], number: str, now: datetime
) -> Case:
    """Hold the registration that has *number*, then read it; the caller holds the number's name.

    Raises:
        NotFoundError: nobody has it, or it has not begun.
    """
    registration_id = registration_at(session, number, now)
    if registration_id is None:
        raise NotFoundError
    session.lock_registration(registration_id)
    return get_case(session, kinds, number, now)


def reserve(
    session: WriteSession,
    case: Case,
    now: datetime,
    *,
    worker: str,
    key_id: str,
    seal_key_id: str,
    issuer_name: str,
    allowed: Grant | None = None,
    purpose: str | None = None,
) -> Reserved | None:
    """Reserve a copy: an endorsed one when *allowed* is given, else the original.

    Returns:
        None when the day (or the original's place) is taken: the unique index decides.

    Raises:
        UnavailableError: no version prints what is in force now; one of the next minutes will.
    """
    if case.version.face_hash != face_hash(face_of(case.registration)):
        raise UnavailableError("an event that lies ahead has the only version; ask again in some minutes")
    token, code = new_token(), new_code()
    face = case.version.face
    specialties = case.registration.specialties if allowed is None else allowed.specialties
    copy = Copy(
        copy_id=CopyId(secrets.token_hex(16)),
        kind=CopyKind.ORIGINAL if allowed is None else CopyKind.ENDORSEMENT,
        registration_id=case.registration_id,
        holder_id=case.holder_id,
        certificate_type=case.registration.certificate_type,
        version_id=case.version.version_id,
        day=beijing_day(now),
        state=CopyState.PENDING,
        worker=worker,
        lease_until=now + LEASE,
        token=token,
        code=code,
        reissue=case.registration.reissues if allowed is None else 0,
        content_digest=digest_of(
            [case.version.face_hash, token, code, purpose, now.isoformat(), repr(allowed), repr(specialties)]
        ),
        key_id=key_id,
        seal_key_id=seal_key_id,
        issuer_name=issuer_name,
        reserved_at=now,
        grant=allowed,
        purpose=purpose,
    )
    if not session.reserve(copy):
        return None
    return Reserved(
        copy=session.get_copy(copy.copy_id),
        version=case.version,
        specialties=specialties,
        photo=session.get_image(face.photo_sha256) if face.photo_sha256 else None,
        signature=session.get_image(face.signature_sha256) if face.signature_sha256 else None,
        id_type=case.registration.holder.id_type,
    )
