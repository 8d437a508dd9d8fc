"""Steps 1 and 2 of the issuing cycle: read what a copy is made from, and reserve its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certsvc.domain.certificate import CertificateVersion, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyId, CopyKind, CopyState, Grant
from certsvc.domain.events import HolderId, IdType, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration, Specialty, fold
from certsvc.errors import NotFoundError, UnavailableError
from certsvc.issuing.discretion import digest_of
from certsvc.issuing.lease import LEASE
from certsvc.page.certificate_type import CertificateType
from certsvc.qr.token import new_code, new_token
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, RecordedEvent, WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything read about a registration to issue a copy of it."""

    registration_id: RegistrationId
    holder_id: HolderId
    registration: Registration
    version: CertificateVersion
    in_force: bool
    """Whether that version prints what is in force; if not, an event that lies ahead has the only one."""
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """A row that is ours to fill, with what goes into it."""

    copy: Copy
    version: CertificateVersion
    specialties: tuple[Specialty, ...]
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
    return read_case(session, kinds, registration_id, now)


def read_case(
    session: ReadSession, kinds: Mapping[str, CertificateType], registration_id: RegistrationId, now: datetime
) -> Case:
    """Read a registration as of *now*.

    Raises:
        NotFoundError: it has not begun.
    """
    history = session.history(registration_id)
    policy = kinds[history[0].event.certificate_type].policy
    registration = fold([item.event for item in history], now, policy)
    if registration is None:
        raise NotFoundError
    version, in_force = _version_in_force(session, history, registration)
    return Case(
        registration_id=registration_id,
        holder_id=session.holder_of(registration_id),
        registration=registration,
        version=version,
        in_force=in_force,
        policy=policy,
    )


def _version_in_force(
    session: ReadSession, history: Sequence[RecordedEvent], registration: Registration
) -> tuple[CertificateVersion, bool]:
    """Return the newest version that prints what is in force and True; else the newest of all and False.

    An event may lie a few minutes ahead: its version is there, and does not count yet.
    """
    wanted = face_of(registration)
    newest = session.get_version(history[-1].version_id)
    version = newest
    for item in reversed(history):
        if version.version_id != item.version_id:
            version = session.get_version(item.version_id)
        if version.face == wanted:
            return version, True
    return newest, False


def reserve(
    session: WriteSession,
    case: Case,
    now: datetime,
    *,
    copy_id: CopyId,
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
    if not case.in_force:
        raise UnavailableError("an event that lies ahead has the only version; ask again in some minutes")
    token, code = new_token(), new_code()
    specialties = case.registration.specialties if allowed is None else allowed.specialties
    copy = Copy(
        copy_id=copy_id,
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
    kept = session.reserve(copy)
    if kept is None:
        return None
    return Reserved(
        copy=kept,
        version=case.version,
        specialties=specialties,
        id_type=case.registration.holder.id_type,
    )
