"""Events: each stands with the version that it and those before it make; numbers and ends follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from certsvc.audit.case import Case
from certsvc.audit.defect import Defect, joined
from certsvc.audit.replay import State, state_at
from certsvc.domain.certificate import Face
from certsvc.domain.events import Event, EventType


def check_history(case: Case) -> Iterator[Defect]:
    """Go through the events in the order of recording and compare each version with what they make."""
    if not case.history or not case.versions:
        if case.is_whole("event", "certificate_version"):
            yield _of(case, "REGISTRATION_EMPTY")
        return
    if not case.is_whole("event", "certificate_version"):
        return
    yield from _versions(case)
    yield from _numbers(case)
    yield from _ends(case)


def _versions(case: Case) -> Iterator[Defect]:
    known = case.by_id
    events = case.events
    begun: str | None = None
    """Id of the version in force before the event."""
    for count, item in enumerate(case.history, start=1):
        version = known.get(item.version_id)
        state = _recorded(case, count)
        if version is None:
            # That it is missing is told by what names it, once for all.
            begun = item.version_id
            continue
        if state is None:
            yield _event(case, events[count - 1], "FACE_DIFFERS", "begins nothing")
            continue
        before = known.get(begun) if begun is not None else None  # type: ignore[call-overload]  # an id is a text
        if before is not None and (state.ended or before.face == state.face):
            if item.version_id != begun:
                yield _event(case, events[count - 1], "EVENT_VERSION_WRONG", "nothing printed had changed")
        elif item.version_id == begun:
            yield _event(case, events[count - 1], "EVENT_VERSION_WRONG", "what is printed had changed")
        elif version.event_id != item.event.event_id:
            yield _event(case, events[count - 1], "EVENT_VERSION_WRONG", "the version names another event")
        else:
            yield from _face(case, version.version_id, version.face, state.face)
        begun = item.version_id


def _recorded(case: Case, count: int) -> State | None:
    """Return the state right after the *count*-th recording: an event may lie a few minutes ahead."""
    events = case.events[:count]
    at = max(events[-1].recorded_at, *(event.effective_at for event in events))
    return state_at(events, at, case.policy)


def _face(case: Case, version_id: str, shown: Face, due: Face) -> Iterator[Defect]:
    names = [one.name for one in fields(Face) if getattr(shown, one.name) != getattr(due, one.name)]
    if "specialties" in names:
        wrong = {one.name for one in shown.specialties} ^ {one.name for one in due.specialties}
        wrong |= {one.name for one in {*shown.specialties} ^ {*due.specialties}}
        yield Defect(
            code="VALIDITY_WRONG", kind="certificate_version", id=version_id, detail=joined(sorted(wrong))
        )
    if others := [name for name in names if name != "specialties"]:
        yield Defect(code="FACE_DIFFERS", kind="certificate_version", id=version_id, detail=joined(others))


def _numbers(case: Case) -> Iterator[Defect]:
    if not case.is_whole("registration_number"):
        return
    due: set[str] = set()
    for event in case.events:
        due |= set(_given(event))
    if missing := len(due - set(case.numbers)):
        yield _of(case, "NUMBER_MISSING", f"{missing} missing")
    if more := len(set(case.numbers) - due):
        yield _of(case, "NUMBER_MISSING", f"{more} of no event")


def _given(event: Event) -> Iterator[str]:
    """Yield the numbers an event gives: 重新注册 under a new one only refers to the old."""
    yield from event.former_numbers
    if event.new_registration_number is not None:
        yield event.new_registration_number
    if event.type is not EventType.RE_REGISTER or event.new_registration_number is None:
        yield event.registration_number


def _ends(case: Case) -> Iterator[Defect]:
    if not case.is_whole("specialty_end"):
        return
    state = _recorded(case, len(case.history))
    due: dict[str, tuple[str, date]] = {}
    if state is not None and not state.ended:
        due = {one.name: (state.number, one.valid_to) for one in state.specialties}
    if wrong := sorted(name for name in {*due, *case.ends} if due.get(name) != case.ends.get(name)):
        yield _of(case, "EXPIRING_LIST_WRONG", joined(wrong))


def _of(case: Case, code: str, detail: str = "") -> Defect:
    return Defect(code=code, kind="registration", id=case.registration_id, detail=detail)


def _event(case: Case, event: Event, code: str, detail: str) -> Defect:
    return Defect(code=code, kind="event", id=event.event_id, detail=detail)
