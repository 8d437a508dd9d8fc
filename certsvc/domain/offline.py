"""The judge without a register: what was signed, the clock and a status list in, the same Report out.

It never calls a record genuine: a code may be copied from a good paper onto an altered one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from certsvc.domain.clock import beijing_day
from certsvc.domain.judge import own_fault, verdict_of
from certsvc.domain.record_state import worst
from certsvc.domain.registration import Specialty
from certsvc.domain.report import Check, Clue, Finding, Kind, Report, Result, SpecialtyLine, Status
from certsvc.domain.specialty import days_left
from certsvc.domain.status_list import StatusValue

FRESH: Final = timedelta(hours=24)
"""A list is relied on up to this age, included."""
CLOCK_SLACK: Final = timedelta(minutes=5)
"""How far a reader's clock may stand before an instant we have signed and still be believed."""

_FILES: Final = frozenset({Kind.PDF, Kind.OFD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a code or a file of ours says of itself, once its signature held."""

    issued_at: datetime
    use_from: date | None
    """None for an original, which is for viewing."""
    use_until: date | None
    """That day counts."""
    specialties: tuple[Specialty, ...]
    left_out: tuple[str, ...] = ()
    """Fields of which a code holds only a digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a status list says of one copy."""

    value: StatusValue
    issued_at: datetime
    """When the list was signed."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One finding with the status it would give alone."""

    status: Status
    finding: Finding


def judge_offline(clue: Clue, signed: Signed | None, listed: Listed | None, *, now: datetime) -> Report:
    """Return the whole answer that can be given without asking anybody.

    Args:
        clue: what was handed in; its findings say whether the signature held and by which key.
        signed: what stands in it; None when nothing of it may be believed.
        listed: what the list that speaks of this copy says; None when there is no such list.
        now: the reader's clock.
    """
    told = list(_signed(clue, signed, listed, now)) if signed is not None else []
    own = own_fault(clue)
    status = worst([own, *(one.status for one in told)])
    if own is Status.VALID and signed is None:
        # Nothing against it, and nothing for it.
        status = worst([status, Status.UNAVAILABLE])
    return Report(
        verdict=verdict_of(status),
        status=status,
        subject="file" if clue.kind in _FILES else "record",
        kind=clue.kind,
        as_of=now,
        checked_at=now,
        state_at_as_of=None,
        state_now=None,
        wet_signature_required_on_print=True,
        findings=_findings(clue, [one.finding for one in told], own, believed=signed is not None),
        entry=None,
        face=None,
        profession=None,
        specialties=_lines(signed, now),
        changed_fields=(),
    )


def _signed(clue: Clue, signed: Signed, listed: Listed | None, now: datetime) -> Iterator[_Told]:
    """Judge what was signed by the clock and the list."""
    instants = [signed.issued_at, *([listed.issued_at] if listed is not None else [])]
    uncertain = now < max(instants) - CLOCK_SLACK
    if uncertain:
        # A clock that stands before what we have signed says nothing of days.
        yield _told(Check.USAGE_WINDOW, Status.UNAVAILABLE, "TIME_UNCERTAIN")
        yield _told(Check.SPECIALTY, Status.UNAVAILABLE, "TIME_UNCERTAIN")
    else:
        yield _usage_window(signed, beijing_day(now))
        yield _specialty(signed.specialties, beijing_day(now), clue.specialty)
    yield from _by_list(listed, now, uncertain=uncertain)
    if signed.left_out:
        yield _skip(Check.TEXT_MATCHES, "NOT_IN_CODE", ", ".join(signed.left_out))


def _by_list(listed: Listed | None, now: datetime, *, uncertain: bool) -> Iterator[_Told]:
    """Judge by the list. What cannot be undone counts however old the list is."""
    if listed is None:
        code = "TIME_UNCERTAIN" if uncertain else "STATUS_LIST_MISSING"
        yield _told(Check.REGISTRY, Status.UNAVAILABLE, code)
        return
    at, value = _instant(listed.issued_at), listed.value
    old = now - listed.issued_at > FRESH
    if value is StatusValue.ENDED:
        yield _told(Check.REGISTRY, Status.CANCELLED, "ENDED_ON_LIST", at)
        return
    if value is StatusValue.SUSPENDED and not (old or uncertain):
        yield _told(Check.REGISTRY, Status.SUSPENDED, "SUSPENDED", at)
        return
    if value is StatusValue.SUPERSEDED:
        yield _told(Check.SUPERSEDED, Status.SUPERSEDED, "SUPERSEDED")
    code = "TIME_UNCERTAIN" if uncertain else "STATUS_LIST_OLD" if old else "STATUS_AS_OF_LIST"
    finding = Finding(check=Check.REGISTRY, result=Result.UNKNOWN, code=code, detail=at)
    yield _Told(Status.UNAVAILABLE if old or uncertain else Status.VALID, finding)


def _usage_window(signed: Signed, day: date) -> _Told:
    if signed.use_from is None or signed.use_until is None:
        return _skip(Check.USAGE_WINDOW, "ORIGINAL_FOR_VIEWING")
    if day < signed.use_from:
        return _told(Check.USAGE_WINDOW, Status.NOT_YET, "USE_NOT_YET", signed.use_from.isoformat())
    if day > signed.use_until:
        return _told(Check.USAGE_WINDOW, Status.USE_EXPIRED, "USE_EXPIRED", signed.use_until.isoformat())
    return _told(Check.USAGE_WINDOW, Status.VALID, "IN_USAGE_WINDOW", signed.use_until.isoformat())


def _specialty(held: Sequence[Specialty], day: date, wanted: str | None) -> _Told:
    if wanted is None:
        usable = any(one.valid_on(day) for one in held)
        return _told(
            Check.SPECIALTY, *((Status.VALID, "SPECIALTY_OK") if usable else (Status.EXPIRED, "EXPIRED"))
        )
    asked = [one for one in held if one.name == wanted]
    if not asked:
        # The name is the caller's own text here, so it is not repeated.
        return _told(Check.SPECIALTY, Status.EXPIRED, "SPECIALTY_NOT_HELD")
    if any(one.valid_on(day) for one in asked):
        return _told(Check.SPECIALTY, Status.VALID, "SPECIALTY_OK", wanted)
    return _told(Check.SPECIALTY, Status.EXPIRED, "SPECIALTY_EXPIRED", wanted)


def _findings(clue: Clue, told: Sequence[Finding], own: Status, *, believed: bool) -> tuple[Finding, ...]:
    """Return at least one finding for each check, in the order of the checks."""
    said = [*(clue.file.findings if clue.file else ()), *clue.findings, *told]
    if clue.kind not in _FILES:
        said.append(Finding(check=Check.FILE_IS_OURS, result=Result.SKIP, code="COMPARE_FACE"))
    elif believed and own is Status.VALID:
        said.append(Finding(check=Check.FILE_IS_OURS, result=Result.PASS, code="FILE_SIGNED"))
    findings: list[Finding] = []
    for check in Check:
        of_check = [finding for finding in said if finding.check is check]
        findings += of_check or [Finding(check=check, result=Result.SKIP, code="NOT_APPLICABLE")]
    return tuple(findings)


def _lines(signed: Signed | None, now: datetime) -> tuple[SpecialtyLine, ...]:
    """Return the specialties as they stand on the day of the reader's clock."""
    day = beijing_day(now)
    return tuple(
        SpecialtyLine(
            name=one.name,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            days_left=days_left(one.valid_to, day),
            status=one.status_on(day),
        )
        for one in (signed.specialties if signed is not None else ())
    )


def _told(check: Check, status: Status, code: str, detail: str = "") -> _Told:
    result = {Status.VALID: Result.PASS, Status.UNAVAILABLE: Result.UNKNOWN}.get(status, Result.FAIL)
    return _Told(status, Finding(check=check, result=result, code=code, detail=detail))


def _skip(check: Check, code: str, detail: str = "") -> _Told:
    return _Told(Status.VALID, Finding(check=check, result=Result.SKIP, code=code, detail=detail))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
