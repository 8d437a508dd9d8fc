"""State of one record at one instant: as_of, late events, windows, successors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given

from certsvc.domain.endorsement import CopyKind
from certsvc.domain.events import Event, EventType
from certsvc.domain.record_state import SEVERITY, status_severity, worst
from certsvc.domain.report import Check, Result, Status
from tests.domain.record_asking import finding, state, with_event
from tests.factories import (
    BUILDING,
    HIGHWAY,
    MECHANICAL,
    NOW,
    STARTED,
    a_copy,
    a_grant,
    a_grant_of,
    an_entry,
    an_event,
    an_initial,
    at,
)
from tests.strategies import histories, instants

INSTANT = timedelta(microseconds=1)
DONE = NOW + timedelta(seconds=2)
DAY = timedelta(days=1)
WEEK_LATER = NOW + 7 * DAY


def test_severity_is_the_order_of_the_rule_book() -> None:
    """What cannot be told stands between everything certain and VALID."""
    rule_book = (
        "ALTERED NO_SIGNATURE NOT_OURS UNKNOWN REVOKED CANCELLED SUSPENDED EXPIRED USE_EXPIRED SUPERSEDED"
    )
    names = " ".join(status.value for status in SEVERITY)

    assert names == f"{rule_book} NOT_YET UNREADABLE UNAVAILABLE VALID"
    assert set(SEVERITY) == set(Status)
    assert status_severity(Status.VALID) == 0
    assert worst([]) is Status.VALID


@pytest.mark.parametrize("place", range(len(SEVERITY) - 1))
def test_of_two_statuses_the_more_severe_wins(place: int) -> None:
    """Every pair, in both orders."""
    for milder in SEVERITY[place + 1 :]:
        assert worst([milder, SEVERITY[place]]) is worst([SEVERITY[place], milder]) is SEVERITY[place]


@pytest.mark.parametrize(
    ("type", "status", "code"),
    [
        (EventType.CANCEL, Status.CANCELLED, "CANCELLED"),
        (EventType.REVOKE_PENALTY, Status.REVOKED, "REVOKED_PENALTY"),
        (EventType.SUSPEND, Status.SUSPENDED, "SUSPENDED"),
    ],
)
def test_an_end_counts_from_its_instant(type: EventType, status: Status, code: str) -> None:
    """At the bid opening a microsecond before, the copy was good."""
    entry = with_event(type, WEEK_LATER)

    assert state(entry, WEEK_LATER - INSTANT).status is Status.VALID
    assert state(entry, WEEK_LATER).status is status
    told = finding(state(entry, WEEK_LATER), Check.REGISTRY)
    assert (told.result, told.code) == (Result.FAIL, code)


def test_a_cancellation_recorded_late_counts_from_when_it_took_effect() -> None:
    """Whoever asked in between was told VALID; asked again for that instant, it is CANCELLED."""
    entry = with_event(EventType.CANCEL, WEEK_LATER, recorded_at=WEEK_LATER + 30 * DAY)

    assert state(entry, WEEK_LATER + DAY).status is Status.CANCELLED


@pytest.mark.parametrize("instant", [STARTED - DAY, STARTED, NOW, DONE, WEEK_LATER, WEEK_LATER + DAY])
def test_a_revocation_holds_for_every_instant(instant: datetime) -> None:
    """撤销: also before its own, before the copy and before the registration."""
    entry = with_event(EventType.REVOKE, WEEK_LATER)

    assert state(entry, instant).status is Status.REVOKED


def test_a_resumed_registration_is_as_before() -> None:
    """暂停 leaves no trace after 恢复."""
    suspended = an_event(EventType.SUSPEND, seq=2, effective_at=NOW + DAY)
    resumed = an_event(EventType.RESUME, seq=3, effective_at=NOW + 2 * DAY)
    entry = replace(an_entry(), events=(an_initial(), suspended, resumed))

    assert state(entry, NOW + 2 * DAY - INSTANT).status is Status.SUSPENDED
    assert state(entry, NOW + 2 * DAY).status is Status.VALID


@pytest.mark.parametrize(
    ("instant", "status", "code"),
    [
        (STARTED - INSTANT, Status.NOT_YET, "COPY_NOT_YET"),
        (DONE - INSTANT, Status.NOT_YET, "COPY_NOT_YET"),
        (DONE, Status.VALID, "IN_USAGE_WINDOW"),
        (at("2027-05-19T23:59:59.999999+08:00"), Status.VALID, "IN_USAGE_WINDOW"),
        (at("2027-05-20T00:00+08:00"), Status.USE_EXPIRED, "USE_EXPIRED"),
    ],
)
def test_the_window_counts_whole_days_in_beijing(instant: datetime, status: Status, code: str) -> None:
    """From the instant the copy was handed out to the end of its last day."""
    found = state(an_entry(), instant)

    assert found.status is status
    assert finding(found, Check.USAGE_WINDOW).code == code


@pytest.mark.parametrize(("offset", "status"), [(-1, Status.NOT_YET), (0, Status.VALID)])
def test_a_window_that_begins_later_has_not_begun(offset: int, status: Status) -> None:
    """A window may be granted from a later day by another policy."""
    entry = an_entry(copy=a_copy(grant=a_grant(use_from=date(2026, 11, 27))))

    assert state(entry, WEEK_LATER + offset * DAY).status is status


def test_a_copy_without_done_at_exists_from_its_reservation() -> None:
    """The reservation is the signing instant; nothing earlier can be claimed."""
    entry = an_entry(copy=replace(a_copy(), done_at=None))

    assert state(entry, NOW - INSTANT).status is Status.NOT_YET
    assert state(entry, NOW).status is Status.VALID


def test_an_original_is_for_viewing_only() -> None:
    """It verifies VALID and says itself that it is not for a bid."""
    found = state(an_entry(copy=a_copy(CopyKind.ORIGINAL)), at("2028-06-01T12:00+08:00"))

    told = finding(found, Check.USAGE_WINDOW)
    assert found.status is Status.VALID
    assert (told.result, told.code) == (Result.SKIP, "ORIGINAL_FOR_VIEWING")


def test_an_endorsement_without_a_window_is_never_valid() -> None:
    """Such a row is damaged; "cannot tell" is the only honest answer."""
    entry = an_entry(copy=replace(a_copy(), grant=None))

    assert state(entry, DONE).status is Status.UNAVAILABLE


@pytest.mark.parametrize(
    ("instant", "status"), [(STARTED - INSTANT, Status.NOT_YET), (STARTED, Status.VALID)]
)
def test_a_number_is_answered_by_the_registration_alone(instant: datetime, status: Status) -> None:
    """No copy: no window, nothing to supersede."""
    found = state(an_entry(by_number=True), instant)

    assert found.status is status
    assert {finding(found, check).code for check in (Check.USAGE_WINDOW, Check.SUPERSEDED)} == {
        "NOT_APPLICABLE"
    }


TWO = [an_initial(specialties=[a_grant_of(BUILDING, date(2024, 1, 5)), a_grant_of(HIGHWAY)])]
BUILDING_LAST = at("2027-01-04T12:00+08:00")
HIGHWAY_LAST = at("2028-06-01T12:00+08:00")


@pytest.mark.parametrize(
    ("instant", "wanted", "status", "result", "code"),
    [
        (BUILDING_LAST, None, Status.VALID, Result.PASS, "SPECIALTY_OK"),
        (BUILDING_LAST + DAY, None, Status.VALID, Result.PASS, "SPECIALTY_OK"),
        (BUILDING_LAST, BUILDING, Status.VALID, Result.PASS, "SPECIALTY_OK"),
        (BUILDING_LAST + DAY, BUILDING, Status.EXPIRED, Result.FAIL, "SPECIALTY_EXPIRED"),
        (BUILDING_LAST + DAY, HIGHWAY, Status.VALID, Result.PASS, "SPECIALTY_OK"),
        (BUILDING_LAST, MECHANICAL, Status.EXPIRED, Result.FAIL, "SPECIALTY_NOT_HELD"),
        (HIGHWAY_LAST, None, Status.VALID, Result.PASS, "SPECIALTY_OK"),
        (HIGHWAY_LAST + DAY, None, Status.EXPIRED, Result.FAIL, "EXPIRED"),
        (HIGHWAY_LAST + DAY, BUILDING, Status.EXPIRED, Result.FAIL, "EXPIRED"),
    ],
)
def test_expired_only_when_no_specialty_is_valid(
    instant: datetime, wanted: str | None, status: Status, result: Result, code: str
) -> None:
    """The one asked for must be valid itself; without one, any is enough."""
    found = state(an_entry(TWO, by_number=True), instant, wanted)

    told = finding(found, Check.SPECIALTY)
    assert found.status is status
    assert (told.result, told.code) == (result, code)


def test_an_ended_specialty_among_others_is_named() -> None:
    """A bid in that trade must not rest on the others; the finding decides nothing by itself."""
    found = state(an_entry(TWO, by_number=True), BUILDING_LAST + DAY)

    told = [one for one in found.findings if one.code == "SPECIALTY_EXPIRED"]
    assert [(one.result, one.detail) for one in told] == [(Result.SKIP, BUILDING)]


@given(history=histories(), when=instants())
def test_valid_exactly_when_no_finding_fails(history: Sequence[Event], when: datetime) -> None:
    """Status and findings are one thing told twice; they may not disagree."""
    entry = replace(an_entry([history[0]]), events=tuple(history))

    found = state(entry, when)

    fails = [one for one in found.findings if one.result in (Result.FAIL, Result.UNKNOWN)]
    assert (found.status is Status.VALID) == (not fails)
