"""The answer to a verification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime

from certsvc.client.errors import Problem


class Verdict(StrEnum):
    """The one word a machine acts on. Any word that is not one of the three reads as INDETERMINATE."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"

    @classmethod
    def _missing_(cls, value: object) -> Verdict:
        """Neither accept nor refuse by a word nobody agreed on; not by another spelling of VALID either."""
        return cls.INDETERMINATE


class Status(StrEnum):
    """The reason behind the verdict; ``report.status`` may hold a later word too and stays text."""

    ALTERED = "ALTERED"
    NO_SIGNATURE = "NO_SIGNATURE"
    NOT_OURS = "NOT_OURS"
    UNKNOWN = "UNKNOWN"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    USE_EXPIRED = "USE_EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    NOT_YET = "NOT_YET"
    VALID = "VALID"
    UNREADABLE = "UNREADABLE"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check."""

    check: str
    result: str
    """``pass``, ``fail``, ``unknown`` or ``skip``."""
    code: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpecialty:
    """One specialty on the day asked for."""

    name: str
    valid_from: date
    valid_to: date
    days_left: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCertificate:
    """The authoritative data, to compare with what is in hand."""

    licence_id: str
    version: int
    certificate_type: str
    profession: str
    """What the holder is registered as, e.g. 一级建造师."""
    registration_number: str
    name: str
    sex: str | None
    employer: str
    specialties: tuple[ReportSpecialty, ...]
    issuer: str
    issued_at: AwareDatetime
    birth_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEndorsement:
    """What the copy is for, and which of how many it is."""

    endorsement_id: str
    copy_number: int
    purpose: str
    use_from: date
    use_until: date
    newest_copy_number: int | None = None
    newest_copy_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One verdict, one status, every finding."""

    verdict: Verdict
    status: str
    subject: str
    """``file``: these very bytes were judged; ``record``: only the entry in the register was."""
    kind: str
    """What was asked about: ``pdf``, ``ofd``, ``photo``, ``qr``, ``code``, ``sha256`` or ``number``."""
    as_of: AwareDatetime
    checked_at: AwareDatetime
    state_at_as_of: str | None
    state_now: str | None
    wet_signature_required_on_print: bool
    findings: tuple[Finding, ...]
    certificate: ReportCertificate | None
    endorsement: ReportEndorsement | None
    changed_fields: tuple[str, ...]
    receipt: str | None = None
    """Compact JWS, when it was asked for."""

    @property
    def is_valid(self) -> bool:
        """Tell whether to accept; False for everything but VALID, also for "cannot tell"."""
        return self.verdict is Verdict.VALID and self.status == Status.VALID

    @property
    def must_compare(self) -> bool:
        """Tell whether the paper or file in hand was not judged and is to be compared with *certificate*."""
        return self.subject != "file"

    def failed(self) -> tuple[Finding, ...]:
        """Return the checks that failed, in the order of the report."""
        return tuple(finding for finding in self.findings if finding.result == "fail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The answers to several questions, in their order."""

    reports: tuple[Report | Problem, ...]
    """A problem where that one question was refused."""


FILE_KINDS: Final = frozenset({"pdf", "ofd", "photo"})
"""Kinds of a report on an uploaded file."""
