"""Endorsing (加注): who may have a copy for use, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

from certsvc.domain.certificate import VersionId
from certsvc.domain.events import HolderId, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.registration import ENDED, Registration, Specialty, Standing
from certsvc.domain.specialty import days_left, turns
from certsvc.errors import (
    ExpiredError,
    PhotoOrSignatureMissingError,
    RegistrationEndedError,
    SuspendedError,
)

CopyId = NewType("CopyId", str)

FORMATS: Final = ("pdf", "ofd")
"""A copy is issued in all of these or not at all, in this order."""


class CapReason(StrEnum):
    """What shortened a usage window."""

    NONE = "NONE"
    AGE65 = "AGE65"
    SPECIALTY = "SPECIALTY"


class CopyKind(StrEnum):
    """What was issued."""

    ORIGINAL = "original"
    """原件: a version itself, for viewing only."""
    ENDORSEMENT = "endorsement"
    """加注件: a copy for one use."""


class CopyState(StrEnum):
    """Where a copy stands in the issuing cycle."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warning:
    """One specialty that is about to end."""

    code: str
    """SPECIALTY_LT_180D."""
    specialty: str
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What admission allows: the window and the specialties of one endorsed copy."""

    use_from: date
    """Day of granting; that day counts."""
    use_until: date
    """Last day on which the copy may be accepted; that day counts."""
    cap_reason: CapReason
    specialties: tuple[Specialty, ...]
    """Those valid on use_from, in the order of the policy's list."""
    warnings: tuple[Warning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedFile:
    """One issued file of a copy."""

    sha256: str
    """Hex."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One issued document, an original or an endorsed copy, as the registry holds it."""

    copy_id: CopyId
    kind: CopyKind
    registration_id: RegistrationId
    holder_id: HolderId
    certificate_type: str
    version_id: VersionId
    day: date
    """Beijing day of the reservation: quota, window and print all use it."""
    state: CopyState
    worker: str
    """Who holds the lease."""
    lease_until: datetime
    token: str
    """26 Crockford characters, upper case, canonical."""
    code: str
    """12 Crockford characters, upper case, canonical, without dashes."""
    reissue: int
    """For an original, the number of 证书更换 before it; 0 for an endorsement."""
    content_digest: str
    """Hex sha256 of what is to be printed, fixed before any key is used."""
    key_id: str
    """The key that signs the PDF."""
    seal_key_id: str
    """The SM2 key that seals the OFD."""
    issuer_name: str
    """颁发机构 as printed."""
    reserved_at: datetime
    """Instant of the reservation (UTC); the signing instant and every date in the files."""
    grant: Grant | None = None
    """None for an original."""
    copy_number: int | None = None
    status_index: int | None = None
    """Place in the status lists, for an endorsement; given once over the whole registry, gaps allowed."""
    purpose: str | None = None
    files: Mapping[str, IssuedFile] = field(default_factory=dict)
    """By format, see FORMATS. Empty until DONE."""
    done_at: datetime | None = None
    failure: str | None = None
    """Error code of a FAILED attempt."""

    def file_name(self, fmt: str) -> str:
        """Return the name under which storage keeps the file in format *fmt*."""
        return f"{self.copy_id}.{fmt}"


def grant(registration: Registration, today: date, policy: Policy) -> Grant:
    """Decide the window of an endorsed copy granted *today*; the quota of one a day is the registry's.

    Source: 建办市〔2021〕40号: 180 days, never past the specialties nor past the 65th birthday.

    Args:
        registration: its state now.
        today: civil day in Beijing, read once from the injected clock.
        policy: days of use and which specialty end caps.

    Raises:
        RegistrationEndedError: cancelled or revoked.
        SuspendedError: suspended.
        ExpiredError: no specialty is valid today, or the holder is past the age limit.
        PhotoOrSignatureMissingError: the photo or the signature image was never recorded.
    """
    birth_date = registration.holder.birth_date
    birthday = date.max if birth_date is None else turns(birth_date, policy.age_limit)
    valid = _check_usable(registration, today)
    if today > birthday:
        # Only an overridden end reaches past the age limit; the window may not.
        raise ExpiredError
    _check_images(registration)
    ends = [specialty.valid_to for specialty in valid]
    specialties_end = max(ends) if policy.specialty_cap == "latest" else min(ends)
    whole = today + policy.usage
    use_until = min(whole, specialties_end, birthday)
    if use_until == whole:
        cap_reason = CapReason.NONE
    else:
        cap_reason = CapReason.AGE65 if use_until == birthday else CapReason.SPECIALTY
    return Grant(
        use_from=today,
        use_until=use_until,
        cap_reason=cap_reason,
        specialties=valid,
        warnings=warnings_on(registration.specialties, today, policy),
    )


def check_original(registration: Registration, today: date) -> None:
    """Refuse an original of a registration that is not usable today; no day quota applies.

    Raises:
        RegistrationEndedError: cancelled or revoked.
        SuspendedError: suspended.
        ExpiredError: no specialty is valid today.
        PhotoOrSignatureMissingError: the photo or the signature image was never recorded.
    """
    _check_usable(registration, today)
    _check_images(registration)


def warnings_on(specialties: Iterable[Specialty], today: date, policy: Policy) -> tuple[Warning, ...]:
    """Return one warning for each specialty that ends soon; ended ones are not warned of."""
    left = [(specialty.name, days_left(specialty.valid_to, today)) for specialty in specialties]
    return tuple(
        Warning(code="SPECIALTY_LT_180D", specialty=name, days_left=days)
        for name, days in left
        if 0 <= days < policy.warn_below_days
    )


def _check_usable(registration: Registration, today: date) -> tuple[Specialty, ...]:
    """Return the specialties valid today, at least one."""
    if registration.standing in ENDED:
        raise RegistrationEndedError
    if registration.standing is Standing.SUSPENDED:
        raise SuspendedError
    valid = tuple(specialty for specialty in registration.specialties if specialty.valid_on(today))
    if not valid:
        raise ExpiredError
    return valid


def _check_images(registration: Registration) -> None:
    if registration.holder.photo_sha256 is None or registration.holder.signature_sha256 is None:
        raise PhotoOrSignatureMissingError
