"""The usage window: every cap and border, every refusal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given

from certsvc.domain.endorsement import CapReason, check_original, grant, warnings_on
from certsvc.domain.registration import Registration, Standing
from certsvc.domain.specialty import turns
from certsvc.errors import (
    CertsvcError,
    ExpiredError,
    PhotoOrSignatureMissingError,
    RegistrationEndedError,
    SuspendedError,
)
from tests.factories import (
    BUILDING,
    HIGHWAY,
    MECHANICAL,
    a_holder,
    a_policy,
    a_registration,
    a_specialty,
)
from tests.strategies import days, registrations

TODAY = date(2026, 11, 20)
IN_180 = date(2027, 5, 19)
DAY = timedelta(days=1)
ENDED = [Standing.CANCELLED, Standing.REVOKED, Standing.REVOKED_PENALTY]
POLICY = a_policy()


@pytest.mark.parametrize(
    ("valid_to", "until", "reason"),
    [
        (TODAY, TODAY, CapReason.SPECIALTY),
        (TODAY + DAY, TODAY + DAY, CapReason.SPECIALTY),
        (IN_180 - DAY, IN_180 - DAY, CapReason.SPECIALTY),
        (IN_180, IN_180, CapReason.NONE),
        (IN_180 + DAY, IN_180, CapReason.NONE),
    ],
)
def test_the_window_ends_with_the_specialty(valid_to: date, until: date, reason: CapReason) -> None:
    """At 0, 1, 179, 180 and 181 days left; exactly 180 is not shortened."""
    registration = a_registration(specialties=[a_specialty(valid_to=valid_to)])

    given_window = grant(registration, TODAY, POLICY)

    assert given_window.use_from == TODAY
    assert (given_window.use_until, given_window.cap_reason) == (until, reason)


@pytest.mark.parametrize(
    ("birthday", "until", "reason"),
    [
        (TODAY, TODAY, CapReason.AGE65),
        (TODAY + DAY, TODAY + DAY, CapReason.AGE65),
        (IN_180 - DAY, IN_180 - DAY, CapReason.AGE65),
        (IN_180, IN_180, CapReason.NONE),
        (IN_180 + DAY, IN_180, CapReason.NONE),
    ],
)
def test_the_window_ends_with_the_65th_birthday(birthday: date, until: date, reason: CapReason) -> None:
    """Even where a specialty was let through beyond it."""
    holder = a_holder(birth_date=birthday.replace(year=birthday.year - 65))
    registration = a_registration(holder=holder, specialties=[a_specialty(valid_to=date(2029, 1, 1))])

    given_window = grant(registration, TODAY, POLICY)

    assert (given_window.use_until, given_window.cap_reason) == (until, reason)


def test_a_specialty_ending_on_the_birthday_is_capped_by_age() -> None:
    """That is the common case: the specialty itself was capped, and no renewal will help."""
    birthday = TODAY + timedelta(days=90)
    registration = a_registration(
        holder=a_holder(birth_date=birthday.replace(year=birthday.year - 65)),
        specialties=[a_specialty(valid_to=birthday)],
    )

    assert grant(registration, TODAY, POLICY).cap_reason is CapReason.AGE65


def test_nothing_is_granted_after_the_65th_birthday() -> None:
    """An overridden end may outlive the age limit, a window may not begin after it."""
    holder = a_holder(birth_date=date(1961, 11, 19))
    registration = a_registration(holder=holder)

    assert grant(registration, TODAY - DAY, POLICY).use_until == TODAY - DAY
    with pytest.raises(ExpiredError):
        grant(registration, TODAY, POLICY)


def test_a_leap_day_window() -> None:
    """The day counts by the calendar, as in the public vector."""
    registration = a_registration(specialties=[a_specialty(valid_from=date(2024, 2, 29))])

    assert grant(registration, date(2024, 2, 29), POLICY).use_until == date(2024, 8, 27)


def test_the_policy_says_which_specialty_caps() -> None:
    """Only those valid today are asked; an ended one must not shorten anything."""
    registration = a_registration(
        specialties=[
            a_specialty(BUILDING, valid_to=TODAY - DAY),
            a_specialty(HIGHWAY, valid_to=TODAY + 30 * DAY),
            a_specialty(MECHANICAL, valid_to=TODAY + 60 * DAY),
        ]
    )

    latest = grant(registration, TODAY, POLICY)
    earliest = grant(registration, TODAY, a_policy(specialty_cap="earliest"))

    assert latest.use_until == TODAY + 60 * DAY
    assert earliest.use_until == TODAY + 30 * DAY
    assert [one.name for one in latest.specialties] == [HIGHWAY, MECHANICAL]


@pytest.mark.parametrize(
    ("left", "warned"), [(-1, False), (0, True), (179, True), (180, False), (181, False)]
)
def test_a_specialty_is_warned_of_below_180_days(left: int, warned: bool) -> None:
    """Ended ones are no longer a matter of renewal; the warning never blocks."""
    soon = a_specialty(BUILDING, valid_to=TODAY + left * DAY)
    registration = a_registration(specialties=[soon, a_specialty(HIGHWAY, valid_to=date(2029, 1, 1))])

    warnings = grant(registration, TODAY, POLICY).warnings

    expected = [("SPECIALTY_LT_180D", BUILDING, left)] if warned else []
    assert [(one.code, one.specialty, one.days_left) for one in warnings] == expected
    assert warnings == warnings_on(registration.specialties, TODAY, POLICY)


@pytest.mark.parametrize("valid_to", [TODAY - DAY, TODAY])
def test_refused_the_day_after_the_last_specialty(valid_to: date) -> None:
    """The last valid day is a day of use."""
    registration = a_registration(specialties=[a_specialty(valid_to=valid_to)])

    if valid_to == TODAY:
        grant(registration, TODAY, POLICY)
        check_original(registration, TODAY)
        return
    with pytest.raises(ExpiredError):
        grant(registration, TODAY, POLICY)
    with pytest.raises(ExpiredError):
        check_original(registration, TODAY)


@pytest.mark.parametrize(
    ("standing", "expired", "error"),
    [
        *((standing, True, RegistrationEndedError) for standing in ENDED),
        (Standing.SUSPENDED, True, SuspendedError),
        (Standing.ACTIVE, True, ExpiredError),
        (Standing.ACTIVE, False, PhotoOrSignatureMissingError),
    ],
)
def test_the_gravest_refusal_is_told(standing: Standing, expired: bool, error: type[CertsvcError]) -> None:
    """A holder must not be sent for a photo when the registration was cancelled."""
    registration = a_registration(
        standing=standing,
        holder=a_holder(photo_sha256=None),
        specialties=[a_specialty(valid_to=TODAY - DAY if expired else date(2028, 6, 1))],
    )

    with pytest.raises(error):
        grant(registration, TODAY, POLICY)
    with pytest.raises(error):
        check_original(registration, TODAY)


@pytest.mark.parametrize("missing", ["photo_sha256", "signature_sha256"])
def test_both_images_are_needed(missing: str) -> None:
    """The page prints both; a gap is never drawn."""
    holder = a_holder(photo_sha256=None) if missing == "photo_sha256" else a_holder(signature_sha256=None)

    with pytest.raises(PhotoOrSignatureMissingError):
        grant(a_registration(holder=holder), TODAY, POLICY)


@given(registration=registrations(), today=days)
def test_no_window_outlives_any_cap(registration: Registration, today: date) -> None:
    """Whatever the dates: never over 180 days, never past a birthday or the specialties, never empty."""
    birth_date = registration.holder.birth_date
    assert birth_date is not None
    try:
        window = grant(registration, today, POLICY)
    except ExpiredError:
        alive = any(one.valid_on(today) for one in registration.specialties)
        assert not alive or today > turns(birth_date, 65)
        return

    assert today == window.use_from <= window.use_until <= today + timedelta(days=180)
    assert window.use_until <= turns(birth_date, 65)
    assert window.use_until <= max(one.valid_to for one in window.specialties)
    assert (window.cap_reason is CapReason.NONE) == (window.use_until == today + timedelta(days=180))
    assert all(one.valid_on(today) for one in window.specialties)
