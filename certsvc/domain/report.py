"""The answer to "is it genuine?": one verdict, one status, every finding (contract: Report)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from certsvc.domain.certificate import CertificateVersion, Face
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event
from certsvc.domain.timestamps import TimestampLevel


class Verdict(StrEnum):
    """The one word a machine acts on."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"


class Status(StrEnum):
    """The one reason behind the verdict, most severe first."""

    __hash__ = str.__hash__

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


class Kind(StrEnum):
    """What was handed in."""

    __hash__ = str.__hash__

    PDF = "pdf"
    OFD = "ofd"
    PHOTO = "photo"
    QR = "qr"
    CODE = "code"
    SHA256 = "sha256"
    NUMBER = "number"


class Check(StrEnum):
    """The separate checks a report lists."""

    __hash__ = str.__hash__

    FILE_IS_OURS = "file_is_ours"
    SIGNATURE = "signature"
    COVERAGE = "coverage"
    SIGNER_PINNED = "signer_pinned"
    SEAL_PINNED = "seal_pinned"
    TIMESTAMP = "timestamp"
    QR_MATCHES = "qr_matches"
    TEXT_MATCHES = "text_matches"
    REGISTRY = "registry"
    USAGE_WINDOW = "usage_window"
    SPECIALTY = "specialty"
    SUPERSEDED = "superseded"
    LOG = "log"


class Result(StrEnum):
    """Outcome of one check."""

    __hash__ = str.__hash__

    PASS = "pass"  # noqa: S105  # the word, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check with its outcome; the sentence is wording.finding_text(code)."""

    check: Check
    result: Result
    code: str
    """Stable reason code, e.g. FOREIGN_DOMAIN, COMPARE_FACE, SPECIALTY_EXPIRED, OK."""
    detail: str = ""
    """A plain fact without personal data, e.g. a specialty's name or ``3 signatures``."""


class FileOutcome(StrEnum):
    """What the file alone says, before the registry is asked."""

    UNREADABLE = "UNREADABLE"
    NO_SIGNATURE = "NO_SIGNATURE"
    ALTERED = "ALTERED"
    """A signature by one of our keys is there, but the strict rule is broken."""
    INTACT = "INTACT"
    """The strict rule holds and the signer is one of ours."""
    NOT_OURS = "NOT_OURS"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """Result of the strict checker on one file."""

    outcome: FileOutcome
    findings: tuple[Finding, ...]
    key_id: str | None = None
    """Our key that signed, when one did."""
    timestamp: TimestampLevel | None = None
    """How an intact file is stamped inside, when it is and the authority is one of those pinned."""
    stamped_at: datetime | None = None
    """When, by the time stamp of its signature."""
    sha256: str = field(default="", compare=False)
    """Hex, of all its bytes, where the check of an intact file came by it; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What was handed in, after scanning: everything judge needs to know of it."""

    kind: Kind
    known_file: bool = False
    """The sha256 of the bytes in hand (or stated) is one we issued."""
    file: FileCheck | None = None
    """The strict check of a PDF or OFD; None for records and for known files."""
    findings: tuple[Finding, ...] = ()
    """Faults of the clue itself: FOREIGN_DOMAIN, HOMOGLYPH_DOMAIN, MALFORMED_CODE ..."""
    specialty: str | None = None
    """The one specialty the caller needs, from the request."""


class RegistryAnswer(StrEnum):
    """How the registry answered the look-up."""

    FOUND = "FOUND"
    MISSING = "MISSING"
    AWAY = "AWAY"
    """Could not be asked."""
    DAMAGED = "DAMAGED"
    """The row fails its MAC."""
    TIME_UNCERTAIN = "TIME_UNCERTAIN"
    NOT_ASKED = "NOT_ASKED"
    """The file or clue alone decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the registry knows about the thing in hand."""

    registration_number: str
    version: CertificateVersion
    """The version the copy prints; for a look-up by number the newest version."""
    copy: Copy | None
    """None for a look-up by number."""
    events: tuple[Event, ...]
    """All events of the registration, in the order of recording."""
    newest_copy_number: int | None = None
    newest_copy_day: date | None = None
    next_copy_day: date | None = None
    """Day of the first newer copy, where the newest one came after the day asked about; else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialtyLine:
    """One specialty as the report shows it."""

    name: str
    valid_from: date
    valid_to: date
    days_left: int
    status: str
    """VALID or EXPIRED or NOT_YET, on the day of as_of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole answer. No view computes validity; views choose words, masks and layout."""

    verdict: Verdict
    status: Status
    subject: str
    """``file`` for PDF, OFD and sha256, else ``record``."""
    kind: Kind
    as_of: datetime
    checked_at: datetime
    state_at_as_of: Status | None
    """State of the record at as_of; None when there is no record."""
    state_now: Status | None
    wet_signature_required_on_print: bool
    findings: Sequence[Finding]
    entry: Entry | None
    """Shown data; None when nothing may or can be shown."""
    face: Face | None
    """The authoritative data: the version's face for a copy, the fold at as_of for a number."""
    profession: str | None
    """What the holder is registered as, e.g. 一级建造师; None without a face. One may be several things."""
    specialties: Sequence[SpecialtyLine]
    changed_fields: Sequence[str]
