"""How long and how often is tried again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.client import Patience

CHANCES = st.floats(0, 1, exclude_max=True)
WAITS = st.none() | st.floats(0, 10_000)


@given(st.integers(1, 100), st.floats(0, 200), CHANCES, WAITS)
def test_pause_keeps_within_tries_and_time(
    failures: int, spent_s: float, chance: float, retry_after_s: float | None
) -> None:
    """Whatever the service says, the caller gets its thread back."""
    patience = Patience()
    pause = patience.pause_s(failures, spent_s, chance, retry_after_s)

    if pause is None:
        return
    assert failures < patience.tries
    assert pause >= 0 and spent_s + pause < patience.total_s
    assert retry_after_s is None or pause >= retry_after_s


@given(st.integers(1, 2000), CHANCES)
def test_pause_doubles_up_to_its_longest(failures: int, chance: float) -> None:
    """Half of it is sure: a service just coming up gets time; half is chance: callers spread."""
    patience = Patience(tries=10_000, total_s=1e9)
    ceiling = min(15.0, 0.25 * 2.0 ** min(failures - 1, 100))

    pause = patience.pause_s(failures, 0, chance, None)

    assert pause is not None and ceiling / 2 <= pause <= ceiling


def test_callers_sent_away_together_come_back_apart() -> None:
    """Otherwise they would all be sent away again."""
    assert Patience().pause_s(1, 0, 0.0, 20) != Patience().pause_s(1, 0, 0.9, 20)


def test_wait_of_nothing_is_no_invitation() -> None:
    """``Retry-After: 0`` would otherwise be answered by a storm."""
    pauses = [Patience().pause_s(failures, 0, 0.0, 0) for failures in (1, 2, 3)]

    assert pauses == [0.125, 0.25, 0.5]


def test_one_try_means_one() -> None:
    """For callers with a queue of their own."""
    assert Patience(tries=1).pause_s(1, 0, 0.5, None) is None


@pytest.mark.parametrize("bad", [{"tries": 0}, {"total_s": 0}, {"first_pause_s": -1}, {"longest_pause_s": 0}])
def test_bounds_that_bound_nothing_are_refused(bad: dict[str, Any]) -> None:
    """A slip in a setting must not hang a platform."""
    with pytest.raises(ValueError, match="tries"):
        Patience(**bad)
