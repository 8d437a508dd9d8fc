"""Which specialties an event may grant, from which day and to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Event, EventType, SpecialtyGrant
from certsvc.domain.recording import check_event
from certsvc.errors import InvalidFieldError, OverAgeError, ValidityMismatchError
from tests.factories import (
    BUILDING,
    HIGHWAY,
    MECHANICAL,
    NOW,
    a_grant_of,
    a_holder,
    a_policy,
    an_event,
    an_initial,
    at,
)

TODAY = date(2026, 11, 20)
INITIAL = an_initial()


def refusal(event: Event, earlier: Sequence[Event] = ()) -> InvalidFieldError | None:
    """Return how *event* is refused, None when it is taken."""
    try:
        check_event(earlier, event, a_policy(), live_elsewhere=False)
    except InvalidFieldError as refused:
        return refused
    return None


def begin(*specialties: SpecialtyGrant, born: date = date(1991, 1, 1)) -> Event:
    """Return an initial event taking effect NOW."""
    return an_initial(effective_at=NOW, specialties=specialties, holder=a_holder(birth_date=born))


@pytest.mark.parametrize(
    ("type", "specialties", "pointer"),
    [
        (EventType.ADD_SPECIALTY, [a_grant_of("园林绿化", TODAY)], "/specialties/0/name"),
        (EventType.ADD_SPECIALTY, [a_grant_of("建筑", TODAY)], "/specialties/0/name"),
        (EventType.ADD_SPECIALTY, [a_grant_of(BUILDING, TODAY)], "/specialties/0/name"),
        (EventType.RENEW, [a_grant_of(BUILDING, TODAY), a_grant_of(HIGHWAY, TODAY)], "/specialties/1/name"),
        (
            EventType.ADD_SPECIALTY,
            [a_grant_of(HIGHWAY, TODAY), a_grant_of(MECHANICAL, TODAY), a_grant_of(HIGHWAY, TODAY)],
            "/specialties/2/name",
        ),
    ],
)
def test_a_wrong_name_is_pointed_at(type: EventType, specialties: list[SpecialtyGrant], pointer: str) -> None:
    """Unknown, abbreviated, still valid, not held, named twice: each at its place in the list."""
    refused = refusal(an_event(type, seq=2, specialties=specialties), [INITIAL])

    assert refused is not None
    assert refused.code == "INVALID_FIELD"
    assert [fault.pointer for fault in refused.faults] == [pointer]


def test_every_wrong_name_is_told_at_once() -> None:
    """A caller mends a list in one round."""
    refused = refusal(begin(a_grant_of("甲", TODAY), a_grant_of(BUILDING, TODAY), a_grant_of("乙", TODAY)))

    assert refused is not None
    assert [fault.pointer for fault in refused.faults] == ["/specialties/0/name", "/specialties/2/name"]


def test_an_ended_specialty_may_be_added_again_or_renewed() -> None:
    """Either word is used for it; the registry decides."""
    old = an_initial(specialties=[a_grant_of(BUILDING, date(2023, 6, 2)), a_grant_of(HIGHWAY)])

    for type in (EventType.ADD_SPECIALTY, EventType.RENEW):
        assert refusal(an_event(type, seq=2, specialties=[a_grant_of(BUILDING, TODAY)]), [old]) is None


@pytest.mark.parametrize(("offset", "taken"), [(-1, False), (0, False), (1, True)])
def test_a_specialty_may_be_added_again_the_day_after_it_ended(offset: int, taken: bool) -> None:
    """On its last valid day it is still held, and renewing is the right word."""
    effective_at = at("2028-06-01T10:00+08:00") + timedelta(days=offset)
    granted = a_grant_of(BUILDING, beijing_day(effective_at))
    event = an_event(EventType.ADD_SPECIALTY, seq=2, effective_at=effective_at, specialties=[granted])

    assert (refusal(event, [INITIAL]) is None) is taken


def test_a_re_registration_may_name_what_the_old_one_held() -> None:
    """It grants into a new registration; the suspended old one is only asked whether it ended."""
    old = an_initial(specialties=[a_grant_of(BUILDING)])
    cancelled = an_event(EventType.CANCEL, seq=2, effective_at=NOW - timedelta(seconds=1))
    again = an_initial(type=EventType.RE_REGISTER, seq=3, effective_at=NOW)

    assert refusal(again, [old, cancelled]) is None


@pytest.mark.parametrize(
    ("granted_on", "taken"),
    [
        (TODAY, True),
        (TODAY + timedelta(days=1), False),
        (date(1991, 1, 1), True),
        (date(1990, 12, 31), False),
        (date.max, False),
        (date.min, False),
    ],
)
def test_a_grant_lies_between_birth_and_effect(granted_on: date, taken: bool) -> None:
    """Also keeps every later computation of dates inside the calendar."""
    refused = refusal(begin(a_grant_of(granted_on=granted_on)))

    assert (refused is None) is taken
    if refused is not None:
        assert refused.faults[0].pointer == "/specialties/0/granted_on"


@pytest.mark.parametrize(("offset", "taken"), [(-1, True), (0, True), (1, False)])
def test_the_65th_birthday_is_the_last_day_to_grant(offset: int, taken: bool) -> None:
    """The birthday is a valid day; the day after it has a code of its own, and no override lifts it."""
    born = date(1961, 6, 30)
    granted = a_grant_of(granted_on=date(2026, 6, 30) + timedelta(days=offset))
    event = begin(a_grant_of(HIGHWAY, date(2025, 1, 1)), granted, born=born)

    for tried in (event, replace(event, override_reason="法院裁定")):
        refused = refusal(tried)
        assert isinstance(refused, OverAgeError) is not taken
        if refused is not None:
            assert [fault.pointer for fault in refused.faults] == ["/specialties/1/granted_on"]


def test_the_registered_birth_date_limits_a_renewal() -> None:
    """A renewal brings no holder; the one on record counts."""
    old = an_initial(holder=a_holder(birth_date=date(1961, 6, 30)))
    renewal = an_event(EventType.RENEW, seq=2, specialties=[a_grant_of(BUILDING, TODAY)])

    assert isinstance(refusal(renewal, [old]), OverAgeError)


@pytest.mark.parametrize(
    ("granted_on", "born", "stated_to", "taken"),
    [
        (date(2026, 11, 20), date(1991, 1, 1), date(2029, 11, 19), True),
        (date(2026, 11, 20), date(1991, 1, 1), date(2029, 11, 18), False),
        (date(2026, 11, 20), date(1991, 1, 1), date(2029, 11, 20), False),
        (date(2024, 2, 29), date(1991, 1, 1), date(2027, 2, 26), False),
        (date(2024, 2, 29), date(1991, 1, 1), date(2027, 2, 27), True),
        (date(2024, 2, 29), date(1991, 1, 1), date(2027, 2, 28), True),
        (date(2024, 2, 29), date(1991, 1, 1), date(2027, 3, 1), False),
        (date(2025, 6, 2), date(1961, 6, 30), date(2026, 6, 30), True),
        (date(2025, 6, 2), date(1961, 6, 30), date(2026, 7, 1), False),
        (date(2025, 6, 2), date(1961, 6, 30), date(2028, 6, 1), False),
    ],
)
def test_a_stated_end_must_be_the_rules(granted_on: date, born: date, stated_to: date, taken: bool) -> None:
    """Two systems that disagree on a date must hear of it before it is printed."""
    event = begin(a_grant_of(granted_on=granted_on, stated_to=stated_to), born=born)

    refused = refusal(event)

    assert isinstance(refused, ValidityMismatchError) is not taken
    if refused is not None:
        assert [fault.pointer for fault in refused.faults] == ["/specialties/0/valid_to"]
    assert refusal(replace(event, override_reason="法院裁定")) is None


@pytest.mark.parametrize(("offset", "taken"), [(-1, False), (0, True)])
def test_an_override_cannot_end_before_it_begins(offset: int, taken: bool) -> None:
    """A reason lifts the rule, not the calendar."""
    event = replace(
        begin(a_grant_of(granted_on=TODAY, stated_to=TODAY + timedelta(days=offset))),
        override_reason="法院裁定",
    )

    assert (refusal(event) is None) is taken
