"""When a copy is superseded: which change, from which instant, and what the verifier is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certsvc.domain.endorsement import CopyKind
from certsvc.domain.events import EventType, HolderFields
from certsvc.domain.report import Check, Status
from tests.domain.record_asking import finding, state, with_event
from tests.factories import (
    BUILDING,
    HIGHWAY,
    NOW,
    STARTED,
    a_copy,
    a_grant_of,
    an_employer,
    an_entry,
    an_event,
    an_initial,
)

INSTANT = timedelta(microseconds=1)
DONE = NOW + timedelta(seconds=2)
DAY = timedelta(days=1)
WEEK_LATER = NOW + 7 * DAY


def test_a_copy_does_not_exist_before_what_it_prints_takes_effect() -> None:
    """An event may lie up to five minutes ahead; until then the copy prints what is not yet so."""
    ahead = NOW + timedelta(minutes=5)
    changed = an_event(
        EventType.AMEND_EMPLOYER,
        seq=2,
        effective_at=ahead,
        recorded_at=NOW,
        employer=an_employer("示例乙公司"),
    )
    base = an_entry(events=[an_initial(), replace(changed, effective_at=NOW)])
    version = replace(base.version, event_id=changed.event_id)
    entry = replace(base, events=(an_initial(), changed), version=version)

    assert state(entry, ahead - INSTANT).status is Status.NOT_YET
    assert state(entry, ahead).status is Status.VALID


@pytest.mark.parametrize(
    ("type", "parts", "fields"),
    [
        (EventType.AMEND_EMPLOYER, {"employer": an_employer("示例乙公司")}, ("employer",)),
        (
            EventType.CHANGE_EMPLOYER,
            {
                "employer": an_employer(uscc="91990000TEXT00017N"),
                "new_registration_number": "沪1312020202200001",
            },
            ("registration_number", "employer_uscc"),
        ),
        (EventType.AMEND_HOLDER, {"holder": HolderFields(name="李示例")}, ("name",)),
        (
            EventType.RENEW,
            {"specialties": (a_grant_of(BUILDING, date(2026, 11, 27)),)},
            ("specialties",),
        ),
        (
            EventType.ADD_SPECIALTY,
            {"specialties": (a_grant_of(HIGHWAY, date(2026, 11, 27)),)},
            ("specialties",),
        ),
    ],
)
def test_changed_content_supersedes_from_its_instant(
    type: EventType, parts: dict[str, object], fields: tuple[str, ...]
) -> None:
    """The verifier is told which fields changed, 挂证 being why it asks."""
    entry = with_event(type, WEEK_LATER, **parts)

    before, after = state(entry, WEEK_LATER - INSTANT), state(entry, WEEK_LATER)

    assert (before.status, before.changed_fields) == (Status.VALID, ())
    assert (after.status, after.changed_fields) == (Status.SUPERSEDED, fields)
    assert finding(after, Check.SUPERSEDED).detail == ", ".join(fields)


def test_a_late_change_supersedes_copies_made_in_between() -> None:
    """Effective before the copy was made, recorded after: the copy printed what was no longer so."""
    entry = with_event(
        EventType.AMEND_EMPLOYER,
        NOW - DAY,
        recorded_at=WEEK_LATER,
        employer=an_employer("示例乙公司"),
    )

    assert state(entry, DONE).status is Status.SUPERSEDED


@pytest.mark.parametrize("kind", list(CopyKind))
def test_asked_before_it_existed_a_copy_is_not_superseded_but_not_yet(kind: CopyKind) -> None:
    """The employer was another one before the copy was made; that is no fault of the copy."""
    changed = an_event(
        EventType.AMEND_EMPLOYER, seq=2, effective_at=NOW - DAY, employer=an_employer("示例乙公司")
    )
    entry = an_entry([an_initial(), changed], copy=a_copy(kind))

    found = state(entry, STARTED + DAY)

    assert (found.status, found.changed_fields) == (Status.NOT_YET, ())
    assert state(entry, DONE).status is Status.VALID


def test_a_reissue_leaves_copies_valid() -> None:
    """证书更换 changes key or template, never the content."""
    assert state(with_event(EventType.REISSUE, NOW + DAY), WEEK_LATER).status is Status.VALID


@pytest.mark.parametrize(
    ("number", "made_on", "between", "code"),
    [
        (1, date(2026, 11, 20), None, "NEWEST"),
        (2, date(2026, 11, 27), None, "NEWER_COPY_EXISTS"),
        (2, date(2026, 11, 28), date(2026, 11, 28), "NEWEST"),
        (3, date(2026, 11, 28), date(2026, 11, 27), "NEWER_COPY_EXISTS"),
        (2, None, None, "NEWER_COPY_EXISTS"),
    ],
)
def test_a_newer_copy_is_told_and_decides_nothing(
    number: int, made_on: date | None, between: date | None, code: str
) -> None:
    """Two bids need two copies; one made after as_of was not yet there, one made between was."""
    entry = replace(an_entry(), newest_copy_number=number, newest_copy_day=made_on, next_copy_day=between)

    found = state(entry, WEEK_LATER)

    assert found.status is Status.VALID
    assert finding(found, Check.SUPERSEDED).code == code
