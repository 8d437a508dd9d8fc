"""What the register says of one record at one instant: its status and the findings behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from certsvc.domain.certificate import changed_fields, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyKind
from certsvc.domain.events import EventType
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration, Specialty, Standing, fold
from certsvc.domain.report import Check, Entry, Finding, Result, Status

SEVERITY: Final = (
    Status.ALTERED,
    Status.NO_SIGNATURE,
    Status.NOT_OURS,
    Status.UNKNOWN,
    Status.REVOKED,
    Status.CANCELLED,
    Status.SUSPENDED,
    Status.EXPIRED,
    Status.USE_EXPIRED,
    Status.SUPERSEDED,
    Status.NOT_YET,
    Status.UNREADABLE,
    Status.UNAVAILABLE,
    Status.VALID,
)
"""Worst first. "Cannot tell" yields to anything certain, and VALID yields to "cannot tell"."""

_KEPT: Final = 2048
"""Findings kept: one for each code, and for each day or name that some of them tell."""

_STANDING: Final = {
    Standing.REVOKED: (Status.REVOKED, "REVOKED"),
    Standing.REVOKED_PENALTY: (Status.REVOKED, "REVOKED_PENALTY"),
    Standing.CANCELLED: (Status.CANCELLED, "CANCELLED"),
    Standing.SUSPENDED: (Status.SUSPENDED, "SUSPENDED"),
    Standing.ACTIVE: (Status.VALID, "IN_REGISTRY"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """State of one record at one instant."""

    status: Status
    """The worst of what the findings say; VALID when all pass."""
    findings: tuple[Finding, ...]
    """Of the checks registry, usage_window, specialty and superseded; each at least once, in that order."""
    changed_fields: tuple[str, ...]
    """What differs in print between the copy and the registration at the instant."""
    registration: Registration | None
    """None before it existed."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One finding with the status it would give alone."""

    status: Status
    finding: Finding


def status_severity(status: Status) -> int:
    """Return how bad *status* is; greater is worse, VALID is 0."""
    return len(SEVERITY) - 1 - SEVERITY.index(status)


def worst(statuses: Sequence[Status]) -> Status:
    """Return the most severe; VALID when there is none."""
    # Nearly all are: the others are looked for in vain.
    faults = [status for status in statuses if status is not Status.VALID]
    return max(faults, key=status_severity) if faults else Status.VALID


def state_of(entry: Entry, at: datetime, policy: Policy, *, specialty: str | None = None) -> RecordState:
    """Judge one record at one instant.

    Args:
        entry: what the registry holds; its copy, if any, is DONE.
        at: the instant asked for; events recorded later count when they took effect by then.
        policy: rules of the certificate type.
        specialty: the one that must be valid, when the caller needs a certain one.
    """
    registration = fold(entry.events, at, policy)
    exists = _exists(entry, registration, at)
    day = beijing_day(at)
    # What did not exist yet cannot have been replaced.
    changed = _changes(entry, registration, at, policy) if exists else ()
    told = [
        _standing(entry, registration),
        *([_skip(Check.REGISTRY, "PERSONAL_DATA_ERASED")] if entry.version.face.erased else ()),
        _usage_window(entry.copy, day, exists=exists),
        *_specialties(registration, day, specialty),
        _superseded(entry, day, changed, exists=exists),
    ]
    return RecordState(
        status=worst([one.status for one in told]),
        findings=tuple([one.finding for one in told]),
        changed_fields=changed,
        registration=registration,
    )


def _exists(entry: Entry, registration: Registration | None, at: datetime) -> bool:
    """Tell whether the thing in hand was there at *at*: handed out, and what it prints in effect."""
    if registration is None or entry.copy is None:
        return registration is not None
    if at < (entry.copy.done_at or entry.copy.reserved_at):
        return False
    printed_by = entry.version.event_id
    return all(at >= event.effective_at for event in entry.events if event.event_id == printed_by)


def _standing(entry: Entry, registration: Registration | None) -> _Told:
    if registration is not None:
        status, code = _STANDING[registration.standing]
    elif any(event.type is EventType.REVOKE for event in entry.events):
        # Void from the beginning holds for every instant, also before the registration.
        status, code = _STANDING[Standing.REVOKED]
    else:
        status, code = Status.NOT_YET, "COPY_NOT_YET"
    return _told(Check.REGISTRY, status, code)


def _usage_window(copy: Copy | None, day: date, *, exists: bool) -> _Told:
    if copy is None:
        return _skip(Check.USAGE_WINDOW)
    if not exists:
        return _told(Check.USAGE_WINDOW, Status.NOT_YET, "COPY_NOT_YET")
    if copy.kind is CopyKind.ORIGINAL:
        return _skip(Check.USAGE_WINDOW, "ORIGINAL_FOR_VIEWING")
    if copy.grant is None:
        return _Told(
            Status.UNAVAILABLE,
            Finding(check=Check.USAGE_WINDOW, result=Result.UNKNOWN, code="RECORD_DAMAGED"),
        )
    if day < copy.grant.use_from:
        return _told(Check.USAGE_WINDOW, Status.NOT_YET, "USE_NOT_YET", copy.grant.use_from.isoformat())
    if day > copy.grant.use_until:
        return _told(Check.USAGE_WINDOW, Status.USE_EXPIRED, "USE_EXPIRED", copy.grant.use_until.isoformat())
    return _told(Check.USAGE_WINDOW, Status.VALID, "IN_USAGE_WINDOW", copy.grant.use_until.isoformat())


def _specialties(registration: Registration | None, day: date, wanted: str | None) -> list[_Told]:
    if registration is None:
        return [_skip(Check.SPECIALTY)]
    held = registration.specialties
    valid = [one.name for one in held if one.valid_on(day)]
    told = []
    if not valid:
        told.append(_told(Check.SPECIALTY, Status.EXPIRED, "EXPIRED"))
    if wanted is not None:
        told.append(_wanted(held, valid, wanted))
    elif valid:
        told.append(_told(Check.SPECIALTY, Status.VALID, "SPECIALTY_OK"))
    # One that ended among others is told, but decides nothing unless it is the one asked for.
    told += [
        _skip(Check.SPECIALTY, "SPECIALTY_EXPIRED", one.name)
        for one in held
        if valid and one.valid_to < day and one.name != wanted
    ]
    return told


def _wanted(held: Sequence[Specialty], valid: Sequence[str], wanted: str) -> _Told:
    if wanted in valid:
        return _told(Check.SPECIALTY, Status.VALID, "SPECIALTY_OK", wanted)
    if any(one.name == wanted for one in held):
        return _told(Check.SPECIALTY, Status.EXPIRED, "SPECIALTY_EXPIRED", wanted)
    # The name is the caller's own text here, so it is not repeated.
    return _told(Check.SPECIALTY, Status.EXPIRED, "SPECIALTY_NOT_HELD")


def _changes(
    entry: Entry, registration: Registration | None, at: datetime, policy: Policy
) -> tuple[str, ...]:
    """Name what has changed since the copy was made; what was changed back has changed all the same."""
    if registration is None or entry.copy is None:
        return ()
    printed = entry.version.face
    now = changed_fields(printed, face_of(registration))
    if now:
        return now
    made_at = entry.copy.reserved_at
    later = {event.effective_at for event in entry.events if made_at < event.effective_at <= at}
    for instant in sorted(later):
        between = fold(entry.events, instant, policy)
        changed = changed_fields(printed, face_of(between)) if between is not None else ()
        if changed:
            return changed
    return ()


def _superseded(entry: Entry, day: date, changed: Sequence[str], *, exists: bool) -> _Told:
    copy = entry.copy
    if copy is None or not exists:
        return _skip(Check.SUPERSEDED)
    if changed:
        return _told(Check.SUPERSEDED, Status.SUPERSEDED, "SUPERSEDED", ", ".join(changed))
    number, made_on = entry.newest_copy_number, entry.newest_copy_day
    newer = copy.copy_number is not None and number is not None and number > copy.copy_number
    if newer and made_on is not None and made_on > day:
        # The newest was not there yet on the day asked about; perhaps one between was.
        made_on = entry.next_copy_day
        newer = made_on is not None and made_on <= day
    if newer:
        return _told(
            Check.SUPERSEDED, Status.VALID, "NEWER_COPY_EXISTS", made_on.isoformat() if made_on else ""
        )
    return _told(Check.SUPERSEDED, Status.VALID, "NEWEST")


@lru_cache(maxsize=_KEPT)
def _told(check: Check, status: Status, code: str, detail: str = "") -> _Told:
    result = Result.PASS if status is Status.VALID else Result.FAIL
    return _Told(status, Finding(check=check, result=result, code=code, detail=detail))


@lru_cache(maxsize=_KEPT)
def _skip(check: Check, code: str = "NOT_APPLICABLE", detail: str = "") -> _Told:
    return _Told(Status.VALID, Finding(check=check, result=Result.SKIP, code=code, detail=detail))
