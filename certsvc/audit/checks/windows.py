"""What a copy grants: computed anew from the events that were recorded when it was reserved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from certsvc.audit.case import Case
from certsvc.audit.defect import Defect, joined
from certsvc.audit.replay import State, state_at
from certsvc.audit.rules import birthday, window
from certsvc.domain.clock import CLOCK_SLACK
from certsvc.domain.endorsement import CapReason, Copy, Grant
from certsvc.domain.events import IdType
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Specialty

_Fault = tuple[str, str]
"""Code and detail."""


def check_windows(case: Case) -> Iterator[Defect]:
    """Compare every copy with the rules, also those that failed: they were admitted by the same rules."""
    if not case.is_whole("event", "certificate_version") or not case.history:
        return
    for copy in case.copies:
        for code, detail in _best(case, copy):
            yield Defect(code=code, kind="copy", id=copy.copy_id, detail=detail)


def id_type_of(case: Case, copy: Copy) -> IdType | None:
    """Return the kind of the holder's document when a copy was made; None when no state of then fits."""
    if not case.is_whole("event"):
        return None
    for count in _counts(case, copy):
        state = state_at(case.events[:count], copy.reserved_at, case.policy)
        if state is not None and not list(_faults(case, copy, count, state)):
            return state.id_type
    return None


def _best(case: Case, copy: Copy) -> list[_Fault]:
    """Return what is wrong with a copy, by the count of events that speaks best for it.

    An event recorded within seconds of the reservation may have come before or after it: clocks may step
    back that far, and nothing else tells.
    """
    found: list[list[_Fault]] = []
    for count in _counts(case, copy):
        state = state_at(case.events[:count], copy.reserved_at, case.policy)
        faults = (
            [("NOT_USABLE_THEN", "not begun")] if state is None else list(_faults(case, copy, count, state))
        )
        if not faults:
            return []
        found.append(faults)
    return min(found, key=len, default=[("NOT_USABLE_THEN", "not recorded")])


def _counts(case: Case, copy: Copy) -> Iterator[int]:
    """Yield how many events may have been recorded when a copy was reserved, the likeliest first."""
    at, events = copy.reserved_at, case.events
    least = sum(event.recorded_at < at - CLOCK_SLACK for event in events)
    most = sum(event.recorded_at <= at + CLOCK_SLACK for event in events)
    likely = sum(event.recorded_at <= at for event in events)
    yield from sorted(range(max(least, 1), most + 1), key=lambda count: abs(count - likely))


def _faults(case: Case, copy: Copy, count: int, state: State) -> Iterator[_Fault]:
    valid = tuple(one for one in state.specialties if one.valid_from <= copy.day <= one.valid_to)
    usable = {
        "ended": not state.ended,
        "suspended": not state.suspended,
        "no valid specialty": bool(valid),
        "no photo": state.face.photo_sha256 is not None,
        "no signature image": state.face.signature_sha256 is not None,
    }
    if wrong := [name for name, holds in usable.items() if not holds]:
        yield "NOT_USABLE_THEN", joined(wrong)
        return
    known = case.by_id
    named = [item.version_id for item in case.history[:count] if item.version_id in known]
    due = next((one for one in reversed(named) if known[one].face == state.face), None)
    if due != copy.version_id:
        yield "VERSION_NOT_IN_FORCE", ""
    if copy.grant is None:
        if copy.reissue != state.reissues:
            yield "REISSUE_WRONG", f"{copy.reissue} instead of {state.reissues}"
        return
    yield from _grant(copy, copy.grant, valid, state, case.policy)


def _grant(
    copy: Copy, grant: Grant, valid: tuple[Specialty, ...], state: State, policy: Policy
) -> Iterator[_Fault]:
    born = state.face.birth_date
    # An erased birth date caps nothing here; what it once capped only has to be shorter.
    cap = date.max if born is None else birthday(born, policy.age_limit)
    if copy.day > cap:
        yield "NOT_USABLE_THEN", "over age"
        return
    until, reason = window(
        copy.day, policy.usage_days, [one.valid_to for one in valid], policy.specialty_cap, cap
    )
    if born is None and grant.cap_reason is CapReason.AGE65 and copy.day <= grant.use_until <= until:
        until, reason = grant.use_until, CapReason.AGE65.value
    shown = {
        "use_from": (grant.use_from, copy.day),
        "use_until": (grant.use_until, until),
        "cap_reason": (str(grant.cap_reason), reason),
    }
    if wrong := [f"{name} {has}, due {due}" for name, (has, due) in shown.items() if has != due]:
        yield "WINDOW_WRONG", joined(wrong)
    granted = grant.specialties
    if born is None:
        # Why an end differed from the rule is not told any more, now that it is written down as stated.
        granted = tuple(replace(one, override_reason=None) for one in granted)
    if granted != valid:
        yield "SPECIALTIES_WRONG", joined(sorted({one.name for one in {*granted} ^ {*valid}}))
    if [(one.specialty, one.days_left) for one in grant.warnings] != list(
        _warned(state.specialties, copy.day, policy)
    ):
        yield "WARNINGS_WRONG", ""


def _warned(specialties: tuple[Specialty, ...], day: date, policy: Policy) -> Iterator[tuple[str, int]]:
    for one in specialties:
        left = one.valid_to.toordinal() - day.toordinal()
        if 0 <= left < policy.warn_below_days:
            yield one.name, left
