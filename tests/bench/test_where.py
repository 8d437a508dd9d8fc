"""The table of where the time of a copy goes: each of its steps is still there, and none is counted twice."""

from __future__ import annotations

from bench.where import STEPS, Clock, watched


def test_a_step_inside_another_counts_once() -> None:
    """Else the rows would add up to more than the whole."""
    ticks = iter((0, 10, 70, 100))
    clock = Clock(lambda: next(ticks))
    inner = clock.timed("inner", lambda: "done")
    outer = clock.timed("outer", inner)

    assert outer() == "done"
    assert clock.taken_ns == {"outer": 40, "inner": 60}


def test_every_step_has_its_callable() -> None:
    """A step that was renamed would be missing from the table."""
    before = [getattr(owner, name) for _, owner, name in STEPS]
    with watched(Clock()):
        assert all(
            getattr(owner, name) is not old for (_, owner, name), old in zip(STEPS, before, strict=True)
        )
    assert [getattr(owner, name) for _, owner, name in STEPS] == before
