"""Budgets of tries, and the marks of devices known before."""

from __future__ import annotations

from datetime import timedelta

from certsvc.access.throttle import KNOWN_FOR, DeviceMarks, login_budgets
from tests.factories import FixedClock


def test_a_mark_is_good_for_its_name_and_its_time() -> None:
    """Changed in any place, for another name, or too old, it is none."""
    clock = FixedClock()
    marks = DeviceMarks(b"s" * 32, clock)
    mark = marks.mark("wang")
    device = marks.device("wang", mark)
    assert device is not None and mark.startswith(device)
    assert marks.device("li", mark) is None
    for place in range(len(mark)):
        changed = mark[:place] + ("0" if mark[place] != "0" else "1") + mark[place + 1 :]
        assert marks.device("wang", changed) is None, place
    assert DeviceMarks(b"t" * 32, clock).device("wang", mark) is None
    assert marks.device("wang", None) is marks.device("wang", "") is None
    clock.advance(KNOWN_FOR - timedelta(seconds=1))
    assert marks.device("wang", mark) == device
    clock.advance(timedelta(seconds=1))
    assert marks.device("wang", mark) is None
    clock.advance(-KNOWN_FOR - timedelta(seconds=1))
    assert marks.device("wang", mark) is None, "from a time that has not come"


def test_a_known_device_takes_from_no_budget_that_strangers_reach() -> None:
    """That is what keeps an account from being locked."""
    strange = {whose for _, whose in login_budgets("wang", "192.0.2.1", None)}
    known = {whose for _, whose in login_budgets("wang", "192.0.2.1", "device")}
    assert strange == {"192.0.2.1", "192.0.2.1 wang", "wang"}
    assert not strange & known
