"""Days are counted in Beijing, whatever the machine's own zone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as dt_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.clock import beijing_day, first_instant
from tests import vectors


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York"])
def machine_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test under another zone of the machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(("instant", "day"), vectors.rows("beijing_day"))
def test_day_of_published_instants_in_every_zone(machine_zone: str, instant: str, day: str) -> None:
    """The day turns at 16:00:00Z; a server abroad must agree."""
    assert beijing_day(datetime.fromisoformat(instant)) == date.fromisoformat(day)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_one_second_around_midnight(machine_zone: str, seconds: int) -> None:
    """Quota and window hang on this second."""
    instant = datetime(2025, 9, 3, 16, tzinfo=UTC) + timedelta(seconds=seconds)
    assert beijing_day(instant) == (date(2025, 9, 3) if seconds < 0 else date(2025, 9, 4))


def test_naive_instant_is_refused() -> None:
    """Without an offset the day would depend on the machine."""
    with pytest.raises(ValueError, match="aware"):
        beijing_day(datetime(2025, 9, 3, 16))  # noqa: DTZ001  # the missing zone is the point


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.times(), st.integers(-14, 14))
def test_offset_of_the_notation_never_matters(day: date, hour: dt_time, hours: int) -> None:
    """The same instant is the same day, however a caller writes it."""
    instant = datetime.combine(day, hour, tzinfo=UTC)
    assert beijing_day(instant.astimezone(timezone(timedelta(hours=hours)))) == beijing_day(instant)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_a_day_begins_with_its_first_instant(day: date) -> None:
    """One microsecond earlier still belongs to the day before."""
    begins = first_instant(day)
    assert begins.tzinfo is UTC
    assert beijing_day(begins) == day
    assert beijing_day(begins - timedelta(microseconds=1)) == day - timedelta(days=1)
