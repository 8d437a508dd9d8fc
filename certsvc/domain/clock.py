"""Time as the register counts it: instants in UTC, days in Beijing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Protocol

BEIJING: Final = timezone(timedelta(hours=8))
"""Fixed UTC+8; China has kept one offset, without summer time, since 1992."""

CLOCK_SLACK: Final = timedelta(seconds=5)
"""How far the clock may stand before the last recorded instant and still be believed."""


class Clock(Protocol):
    """The one source of "now"; read once per request."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


def beijing_day(instant: datetime) -> date:
    """Return the civil day in Beijing at *instant* (aware)."""
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware of its offset")
    return instant.astimezone(BEIJING).date()


def first_instant(day: date) -> datetime:
    """Return the UTC instant at which *day* begins in Beijing."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING).astimezone(UTC)
