"""The journal of look-ups and the moments in which a process folds it."""

from __future__ import annotations

import pytest
import structlog

from certsvc.registry.sql import SQLRegistry
from certsvc.verification import folding
from certsvc.verification.folding import Folding
from tests.registry.insider import Insider
from tests.verification.test_lookups import counted, report_of
from tests.world import World


def waiting(world: World) -> int:
    """Return how many entries nobody folded yet."""
    with world.services.registry.reading() as session:
        return session.waiting_lookups()


@pytest.fixture
def looked_at(world: World) -> World:
    """Look a copy up in three hours, each written as an entry of its own."""
    world.initial()
    copy = world.endorse()
    for _ in range(3):
        world.services.lookups.count(report_of(world, copy))
        world.services.lookups.flush()
        world.jump(seconds=3600)
    assert waiting(world) == 3
    return world


def insider_of(world: World) -> Insider:
    """Return somebody with a way into the database."""
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    return Insider(registry)


def test_a_quiet_process_folds_everything_and_rests_between(looked_at: World) -> None:
    """Nobody has to run a command for it; and others get their turn after each entry."""
    rests: list[float] = []
    before = counted(looked_at)

    def ends(rest_s: float) -> bool:
        rests.append(rest_s)
        return False

    Folding(looked_at.services.registry).in_time(busy=lambda: False, ends=ends)

    assert waiting(looked_at) == 0
    assert counted(looked_at) == before and sum(before.values()) == 3
    assert len(rests) == 3 and min(rests) > 0


def test_whoever_is_asked_folds_nothing_until_too_much_waits(
    looked_at: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page costs no counter of its own, and yet the journal does not grow for ever."""
    held = Folding(looked_at.services.registry)
    held.in_time(busy=lambda: True, ends=lambda _: False)
    assert waiting(looked_at) == 3
    monkeypatch.setattr(folding, "WAITING", 1)
    held.in_time(busy=lambda: True, ends=lambda _: False)

    assert waiting(looked_at) == 1


def test_people_who_begin_to_ask_and_an_end_stop_the_folding(looked_at: World) -> None:
    """What is left is folded another time, or by another process."""
    asked = iter([False, True])
    Folding(looked_at.services.registry).in_time(busy=lambda: next(asked), ends=lambda _: False)
    assert waiting(looked_at) == 2
    Folding(looked_at.services.registry).in_time(busy=lambda: False, ends=lambda _: True)

    assert waiting(looked_at) == 1


def test_a_damaged_entry_is_told_once_and_passed_over(looked_at: World) -> None:
    """It stays as evidence, and does not keep a process busy for ever."""
    insider = insider_of(looked_at)
    held = Folding(looked_at.services.registry)
    edited = insider.rows("lookup_journal")[1]["entry_id"]
    insider.run("UPDATE lookup_journal SET content = '[]' WHERE entry_id = ?", edited)
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            held.in_time(busy=lambda: False, ends=lambda _: False)

    assert [one["entry"] for one in said] == [edited]
    assert [row["entry_id"] for row in insider.rows("lookup_journal")] == [edited]
    assert len(insider.rows("lookup")) == 2


def test_a_damaged_counter_is_told_and_its_entry_goes(looked_at: World) -> None:
    """What it was to be raised by cannot wait for it: it would be tried for ever."""
    held, insider = looked_at.services.lookups, insider_of(looked_at)
    report = looked_at.verify(number="京1112020202200001", name="样本甲")
    held.count(report)
    held.flush()
    assert held.fold() == 4
    insider.run("UPDATE lookup SET count = 99 WHERE way = 'number'")
    held.count(report)
    held.flush()
    with structlog.testing.capture_logs() as said:
        assert held.fold() == 1

    assert [one["rows"] for one in said] == [1]
    assert waiting(looked_at) == 0
    assert [row["count"] for row in insider.rows("lookup") if row["way"] == "number"] == [99]
