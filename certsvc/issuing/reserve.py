"""Steps 1 and 2 of the issuing cycle: read what a copy is made from, and reserve its row."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyId, CopyKind, CopyState, Grant
from certsvc.domain.events import HolderId, IdType, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration, Specialty, fold
from certsvc.errors import NotFoundError
from certsvc.issuing.record import digest_of
from certsvc.page.certificate_type import CertificateType
from certsvc.qr.token import new_code, new_token
from certsvc.registry.port import ReadSession, WriteSession

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
    """Read the registration that has or had *number*, as its newest version says.

    Raises:
        NotFoundError: nobody has it.
    """
    registration_id = session.find_registration(number)
    if registration_id is None:
        raise NotFoundError
    events = [item.event for item in session.history(registration_id)]
    policy = kinds[events[0].certificate_type].policy
    # An event may lie a few minutes ahead; what is printed must agree with the version that holds it.
    registration = fold(events, max(now, *(event.effective_at for event in events)), policy)
    if registration is None:
        raise NotFoundError
    return Case(
        registration_id=registration_id,
        holder_id=session.holder_of(registration_id),
        registration=registration,
        version=session.latest_version(registration_id),
        policy=policy,
    )


def reserve(
    session: WriteSession,
    case: Case,
    now: datetime,
    *,
    worker: str,
    key_id: str,
    allowed: Grant | None = None,
    purpose: str | None = None,
) -> Reserved | None:
    """Reserve a copy: an endorsed one when *allowed* is given, else the original.

    Returns:
        None when the day (or the original's place) is taken: the unique index decides.
    """
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
