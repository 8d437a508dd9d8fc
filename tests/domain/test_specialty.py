"""Dates of one specialty: every border from both sides."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.specialty import (
    accepted_ends,
    days_left,
    is_renewable,
    last_valid_day,
    renew_deadline,
    turns,
)
from tests.factories import a_policy
from tests.strategies import birth_dates, days

VECTORS: dict[str, list[list[str | None]]] = json.loads(
    (Path(__file__).parent.parent / "vectors.json").read_text(encoding="utf-8")
)
POLICY = a_policy()


def day(text: str | None) -> date:
    """Return an ISO day."""
    assert text is not None
    return date.fromisoformat(text)


@pytest.mark.parametrize(("granted", "born", "end"), VECTORS["specialty_end"])
def test_ends_on_the_published_day(granted: str, born: str | None, end: str) -> None:
    """The vectors are shared with other implementations of the same rule."""
    birth_date = None if born is None else day(born)

    assert last_valid_day(day(granted), birth_date, POLICY) == day(end)


@pytest.mark.parametrize(("first", "last"), VECTORS["use_period"])
def test_usage_lasts_180_days_after_its_first(first: str, last: str) -> None:
    """Both ends count, as in the public example."""
    assert day(first) + POLICY.usage == day(last)


@pytest.mark.parametrize(
    ("born", "birthday"),
    [
        (date(1960, 2, 29), date(2025, 2, 28)),
        (date(1960, 2, 28), date(2025, 2, 28)),
        (date(1960, 3, 1), date(2025, 3, 1)),
        (date(1959, 12, 31), date(2024, 12, 31)),
    ],
)
def test_turns_65(born: date, birthday: date) -> None:
    """Somebody born on 29 February turns 65 in a year without one."""
    assert turns(born, 65) == birthday


def test_a_leap_birthday_stays_in_a_leap_year() -> None:
    """Another certificate type may set an age that falls on a leap year."""
    assert turns(date(1960, 2, 29), 60) == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("offset", "end"),
    [
        (-1, date(2026, 6, 29)),
        (0, date(2026, 6, 30)),
        (1, date(2026, 6, 30)),
    ],
)
def test_the_65th_birthday_caps_the_validity_and_is_itself_valid(offset: int, end: date) -> None:
    """Three years from 2023-07-01 would end exactly on the birthday 2026-06-30."""
    granted = date(2023, 7, 1) + timedelta(days=offset)

    assert last_valid_day(granted, date(1961, 6, 30), POLICY) == end


def test_a_grant_on_the_birthday_is_valid_for_that_day() -> None:
    """The border of the age limit belongs to the holder; the day after does not."""
    birthday = date(2026, 6, 30)

    assert last_valid_day(birthday, date(1961, 6, 30), POLICY) == birthday
    assert last_valid_day(birthday + timedelta(days=1), date(1961, 6, 30), POLICY) == birthday


@pytest.mark.parametrize(
    ("granted", "accepted"),
    [
        (date(2024, 2, 28), (date(2027, 2, 27),)),
        (date(2024, 2, 29), (date(2027, 2, 28), date(2027, 2, 27))),
        (date(2024, 3, 1), (date(2027, 2, 28),)),
    ],
)
def test_a_leap_day_grant_may_end_on_either_day(granted: date, accepted: tuple[date, ...]) -> None:
    """Systems differ on 29 February only; on its neighbours there is one right day."""
    assert accepted_ends(granted, None, POLICY) == accepted


@pytest.mark.parametrize(("later", "left"), [(0, 180), (1, 179), (179, 1), (180, 0), (181, -1)])
def test_days_left_is_zero_on_the_last_day(later: int, left: int) -> None:
    """The warning and the verifier count from the same number."""
    assert days_left(date(2027, 5, 19), date(2026, 11, 20) + timedelta(days=later)) == left


@pytest.mark.parametrize(("offset", "renewable"), [(-1, True), (0, False), (1, False)])
def test_renewable_until_the_age_limit_is_the_end(offset: int, renewable: bool) -> None:
    """A renewal that could not move the end must not be advised."""
    valid_to = date(2026, 6, 30) + timedelta(days=offset)

    assert is_renewable(valid_to, date(1961, 6, 30), POLICY) is renewable
    assert (renew_deadline(valid_to, date(1961, 6, 30), POLICY) is not None) is renewable


def test_the_deadline_lies_thirty_days_before_the_end() -> None:
    """Shown to holders; a later renewal is still accepted."""
    assert renew_deadline(date(2028, 6, 1), None, POLICY) == date(2028, 5, 2)


@given(granted=days, born=birth_dates | st.none())
def test_never_longer_than_three_years_nor_past_the_birthday(granted: date, born: date | None) -> None:
    """Whatever the calendar, no grant outlives either cap."""
    end = last_valid_day(granted, born, POLICY)

    assert (end - granted).days <= 3 * 365
    assert born is None or end <= turns(born, 65)
    assert end in accepted_ends(granted, born, POLICY)
