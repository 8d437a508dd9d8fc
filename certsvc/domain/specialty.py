"""Dates of one specialty (注册专业). Every day is a civil day in Beijing, both ends of a span included."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from certsvc.domain.policy import Policy

_DAYS_KEPT: Final = 32_768
"""Days remembered with what the calendar makes of them: those of a working life, and more."""


@lru_cache(maxsize=_DAYS_KEPT)
def turns(birth_date: date, age: int) -> date:
    """Return the birthday on which somebody born on *birth_date* turns *age*.

    Born on 29 February: 28 February in a year without one.
    """
    return _years_on(birth_date, age, missing_day=28, missing_month=2)


def last_valid_day(granted: date, birth_date: date | None, policy: Policy) -> date:
    """Return the last valid day of a specialty granted on *granted*, by the rule.

    The day before the grant day comes round again; never past the holder's birthday at the age limit, which
    is itself a valid day. A grant after that birthday gives a day before *granted*: no day is valid then.

    Args:
        granted: first valid day.
        birth_date: None when no age caps the validity.
        policy: years of validity and age limit.
    """
    return _capped(_uncapped_end(granted, policy.validity_years), birth_date, policy)


def accepted_ends(granted: date, birth_date: date | None, policy: Policy) -> tuple[date, ...]:
    """Return every last valid day a caller may state; the first is the rule's own.

    Granted on 29 February, systems that count back from 28 February say the 27th; both are taken.
    """
    end = last_valid_day(granted, birth_date, policy)
    if (granted.month, granted.day) != (2, 29):
        return (end,)
    earlier = _years_on(granted, policy.validity_years, missing_day=28, missing_month=2) - timedelta(days=1)
    return (end, _capped(earlier, birth_date, policy))


def days_left(valid_to: date, today: date) -> int:
    """Return how many days remain: 0 on the last valid day, negative after it."""
    return (valid_to - today).days


def is_renewable(valid_to: date, birth_date: date | None, policy: Policy) -> bool:
    """Tell whether a renewal could bring a later end: it cannot once the age limit is the end."""
    return birth_date is None or valid_to < turns(birth_date, policy.age_limit)


def renew_deadline(valid_to: date, birth_date: date | None, policy: Policy) -> date | None:
    """Return the last day to apply for renewal in time; None when a renewal would bring nothing."""
    if not is_renewable(valid_to, birth_date, policy):
        return None
    return valid_to - timedelta(days=policy.renew_ahead_days)


@lru_cache(maxsize=_DAYS_KEPT)
def _uncapped_end(granted: date, years: int) -> date:
    again = _years_on(granted, years, missing_day=1, missing_month=3)
    return again - timedelta(days=1)


def _capped(end: date, birth_date: date | None, policy: Policy) -> date:
    return end if birth_date is None else min(end, turns(birth_date, policy.age_limit))


def _years_on(day: date, years: int, *, missing_day: int, missing_month: int) -> date:
    """Move *day* by whole years; a missing 29 February becomes the day named."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, missing_month, missing_day)
