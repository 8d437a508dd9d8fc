"""What the API answers, as models for its description; the flows build the bodies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from certsvc.domain.report import Check, Kind, Result, Status, Verdict


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Fault(_Answer):
    """One thing wrong with one field."""

    pointer: str
    detail: str


class FileFacts(_Answer):
    """One issued file."""

    url: str
    sha256: str
    size: int


class Existing(_Answer):
    """The endorsement that took the day."""

    endorsement_id: str
    state: Literal["PENDING", "DONE", "FAILED"] | None
    files: dict[str, FileFacts]


class Problem(_Answer):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[Fault]
    existing: Existing | None = None
    parts: dict[str, str] | None = None


class CertificateFacts(_Answer):
    """Which version of which certificate."""

    licence_id: str
    version: int
    serial: str
    previous_licence_id: str | None


class Warning(_Answer):
    """One specialty that is about to end."""

    code: str
    message: str
    specialty: str
    days_left: int


class SpecialtyFacts(_Answer):
    """One specialty of a registration."""

    name: str
    valid_from: date
    valid_to: date
    days_left: int
    status: str
    renewable: bool
    renew_deadline: date | None


class HolderFacts(_Answer):
    """The holder; the identity number is masked."""

    name: str
    sex: Literal["男", "女"]
    birth_date: date
    id_no_masked: str


class EmployerFacts(_Answer):
    """聘用企业."""

    name: str
    uscc: str


class Registration(_Answer):
    """A registration as of an instant."""

    registration_number: str
    certificate_type: str
    status: Literal["ACTIVE", "SUSPENDED", "EXPIRED", "CANCELLED", "REVOKED", "REVOKED_PENALTY"]
    holder: HolderFacts
    employer: EmployerFacts
    specialties: list[SpecialtyFacts]
    certificate: CertificateFacts
    warnings: list[Warning]


class Recorded(_Answer):
    """What recording an event gave."""

    event_id: str
    registration: dict[str, object]
    certificate: CertificateFacts
    warnings: list[Warning]


class HistoryItem(_Answer):
    """One event of a registration."""

    event_id: str
    type: str
    effective_at: datetime
    recorded_at: datetime
    changed_fields: list[str]
    version: int


class History(_Answer):
    """Events in the order of recording."""

    items: list[HistoryItem]


class Original(_Answer):
    """The original of one version."""

    licence_id: str
    version: int
    token: str
    code: str
    verify_url: str
    files: dict[str, FileFacts]


class Endorsement(_Answer):
    """One endorsed copy."""

    endorsement_id: str
    state: Literal["PENDING", "DONE", "FAILED"]
    copy_number: int
    day: date
    purpose: str
    use_from: date
    use_until: date
    cap_reason: Literal["NONE", "AGE65", "SPECIALTY"]
    token: str
    code: str
    verify_url: str
    files: dict[str, FileFacts]
    certificate: CertificateFacts
    warnings: list[Warning]


class ExpiringItem(_Answer):
    """One specialty that runs out."""

    registration_number: str
    specialty: str
    valid_to: date
    days_left: int
    renew_deadline: date | None
    renewable: bool


class Expiring(_Answer):
    """One page of the list; *next_cursor* is null on the last."""

    items: list[ExpiringItem]
    next_cursor: str | None


class ReportFinding(_Answer):
    """One check."""

    check: Check
    result: Result
    code: str
    message: str


class ReportSpecialty(_Answer):
    """One specialty on the day asked for."""

    name: str
    valid_from: date
    valid_to: date
    days_left: int
    status: str


class ReportCertificate(_Answer):
    """The authoritative data; the name masked unless it may be shown."""

    licence_id: str
    version: int
    registration_number: str
    name: str
    sex: Literal["男", "女"]
    employer: str
    specialties: list[ReportSpecialty]
    issuer: str
    issued_at: datetime | date


class ReportEndorsement(_Answer):
    """What the copy is for."""

    endorsement_id: str
    copy_number: int
    purpose: str
    use_from: date
    use_until: date


class Report(_Answer):
    """The answer to a verification: one verdict, one status, every finding."""

    verdict: Verdict
    status: Status
    subject: Literal["file", "record"]
    kind: Kind
    as_of: datetime
    checked_at: datetime
    state_at_as_of: Status | None
    state_now: Status | None
    wet_signature_required_on_print: bool
    findings: list[ReportFinding]
    certificate: ReportCertificate | None
    endorsement: ReportEndorsement | None
    changed_fields: list[str]
    receipt: str | None


class Health(_Answer):
    """Alive, or ready with every part named."""

    status: Literal["ok"]
    parts: dict[str, str] | None = None
