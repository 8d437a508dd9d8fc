"""What the service answers about registrations and issued copies, as values.

Words of which a later version may have more (``status``, ``type`` and the like) stay plain text: a new one
must not stop a platform that never asked about it. Fields that are not listed here are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedFile:
    """One issued file: where it is, and what its bytes are."""

    url: str
    """Path on the service."""
    sha256: str
    """Hex, lower case."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Which version of which certificate."""

    licence_id: str
    version: int
    serial: str
    previous_licence_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warning:
    """One specialty that is about to end."""

    code: str
    message: str
    specialty: str
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialty:
    """One specialty of a registration; both days count."""

    name: str
    valid_from: date
    valid_to: date
    days_left: int
    status: str
    """``NOT_YET``, ``VALID`` or ``EXPIRED``."""
    renewable: bool
    renew_deadline: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The holder; the identity number is masked. What is None was erased with all personal data."""

    name: str
    sex: str | None
    birth_date: date | None
    id_no_masked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """聘用企业."""

    name: str
    uscc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A registration as of an instant."""

    registration_number: str
    certificate_type: str
    status: str
    """``ACTIVE``, ``SUSPENDED``, ``EXPIRED``, ``CANCELLED``, ``REVOKED`` or ``REVOKED_PENALTY``."""
    holder: Holder
    employer: Employer
    specialties: tuple[Specialty, ...]
    certificate: Certificate
    warnings: tuple[Warning, ...]
    numbers: tuple[str, ...] = ()
    """Every number it has or had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording an event gave."""

    event_id: str
    registration: Registration
    certificate: Certificate
    warnings: tuple[Warning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryItem:
    """One event of a registration."""

    event_id: str
    type: str
    effective_at: AwareDatetime
    recorded_at: AwareDatetime
    changed_fields: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The events of a registration in the order of recording."""

    items: tuple[HistoryItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The original (原件) of one version: for viewing, not for a bid."""

    licence_id: str
    version: int
    token: str
    code: str
    verify_url: str
    files: Mapping[str, IssuedFile]
    """By format, ``pdf`` and ``ofd``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLink:
    """A one-time link to 我的证书, for one holder."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """One endorsed copy (加注件)."""

    endorsement_id: str
    copy_number: int
    day: date
    """Day of granting in Beijing."""
    purpose: str
    use_from: date
    use_until: date
    """Last day of use; that day counts."""
    cap_reason: str
    """What ended the window early: ``NONE``, ``AGE65`` or ``SPECIALTY``."""
    token: str
    code: str
    verify_url: str
    files: Mapping[str, IssuedFile]
    """By format, ``pdf`` and ``ofd``; empty while it is being made."""
    certificate: Certificate
    warnings: tuple[Warning, ...]
    state: str = "DONE"
    """``PENDING``, ``DONE`` or ``FAILED``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringItem:
    """One specialty that runs out."""

    registration_number: str
    specialty: str
    valid_to: date
    days_left: int
    renew_deadline: date | None
    renewable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """One page of specialties that run out."""

    items: tuple[ExpiringItem, ...]
    next_cursor: str | None
    """None on the last page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a certificate this client verified before."""

    token: str | None
    """Of the copy; None where a registration was verified by its number."""
    licence_id: str
    status: str
    changed_fields: tuple[str, ...]
    at: AwareDatetime
    specialty: str | None = None
    """The specialty that fell under 180 days, when the change is that; its end and the days left at *at*."""
    valid_to: date | None = None
    days_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One page of changes; keep *next_cursor* once its items are dealt with."""

    items: tuple[Change, ...]
    next_cursor: str
