"""What the API answers, as models for its description; the flows build the bodies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from certsvc.domain.report import Check, Kind, Result, Status, Verdict
from certsvc.web.schemas_health import IllPart

SpecialtyStatus = Literal["NOT_YET", "VALID", "EXPIRED"]


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
    """Only at /readyz: the state of each part."""
    ill: list[IllPart] | None = None
    """Only at /readyz: the parts that are not ok, in words."""
    retry_after_s: int | None = None
    """Only in a batch, where an item has no header of its own: seconds to wait."""


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
    code: str
    """The national code, empty where none is known."""
    valid_from: date
    valid_to: date
    days_left: int
    status: SpecialtyStatus
    renewable: bool
    renew_deadline: date | None
    override_reason: str | None
    """Why valid_to differs from the rule; null where it does not."""


class HolderFacts(_Answer):
    """The holder; the identity number is masked. What is null was erased with all personal data."""

    name: str
    sex: Literal["男", "女"] | None
    birth_date: date | None
    id_type: str | None
    id_no_masked: str | None
    photo: bool
    """Whether one was recorded."""
    signature: bool
    """Whether one was recorded."""


class EmployerFacts(_Answer):
    """聘用企业."""

    name: str
    uscc: str


class Registration(_Answer):
    """A registration as of an instant."""

    registration_number: str
    numbers: list[str]
    """Every number it has or had."""
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
    registration: Registration
    certificate: CertificateFacts
    warnings: list[Warning]


class Reason(_Answer):
    """Why a registration ended or was suspended."""

    code: str
    text: str


class HistoryItem(_Answer):
    """One event of a registration."""

    event_id: str
    type: str
    effective_at: datetime
    recorded_at: datetime
    changed_fields: list[str]
    version: int
    reason: Reason | None
    override_reason: str | None


class History(_Answer):
    """Events in the order of recording."""

    items: list[HistoryItem]


class Original(_Answer):
    """The original of one version."""

    state: Literal["PENDING", "DONE", "FAILED"]
    licence_id: str
    version: int
    token: str
    code: str
    verify_url: str
    files: dict[str, FileFacts]
    certificate: CertificateFacts
    made_at: datetime


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
    made_at: datetime


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
    detail: str
    """What exactly, in figures or names of fields; empty where there is no more to say."""


class ReportSpecialty(_Answer):
    """One specialty on the day asked for."""

    name: str
    valid_from: date
    valid_to: date
    days_left: int
    status: SpecialtyStatus


class ReportCertificate(_Answer):
    """The authoritative data; the name masked, and no birth date, unless they may be shown."""

    licence_id: str
    version: int
    certificate_type: str
    profession: str
    """What the holder is registered as, e.g. 一级建造师."""
    registration_number: str
    name: str
    sex: Literal["男", "女"] | None
    employer: str
    specialties: list[ReportSpecialty]
    issuer: str
    issued_at: datetime
    birth_date: date | None = None


class ReportEndorsement(_Answer):
    """What the copy is for."""

    endorsement_id: str
    copy_number: int
    purpose: str
    use_from: date
    use_until: date
    newest_copy_number: int | None
    newest_copy_day: date | None


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
    """The signed receipt, a compact JWS; null when none was asked for."""


class Reports(_Answer):
    """The answers to a batch, in the order of its items; one that was refused has no ``verdict``."""

    reports: list[Report | Problem]
