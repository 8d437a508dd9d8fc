"""The status lists: reading on from where one stopped gives the same as reading everything again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.domain.report import Check, Result
from certsvc.domain.status_list import LIST_SIZE, StatusValue
from certsvc.errors import RecordDamagedError, TimeUncertainError
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables import COPY
from certsvc.verification.status_lists import StatusLists
from tests import drills
from tests.factories import FixedClock
from tests.postgres import Server
from tests.registry.insider import Insider
from tests.registry.shelf import files_of
from tests.verification.history import REASON, History, all_read_anew, lists_of, told
from tests.world import NUMBER, World, settings_in

SEEDS = range(40)
STEPS = 120


def expected(world: World, token: str) -> StatusValue:
    """Return what the verifier's own report of a copy means for a list."""
    report = world.verify(token=token)
    standing = {finding.code for finding in report.findings if finding.check is Check.REGISTRY}
    if standing & {"REVOKED", "REVOKED_PENALTY", "CANCELLED"}:
        return StatusValue.ENDED
    if "SUSPENDED" in standing:
        return StatusValue.SUSPENDED
    changed = any(f.check is Check.SUPERSEDED and f.result is Result.FAIL for f in report.findings)
    return StatusValue.SUPERSEDED if changed else StatusValue.USABLE


@pytest.mark.parametrize("seed", drills.some(SEEDS, "status lists"))
def test_reading_on_equals_reading_all_again(seed: int, world: World) -> None:
    """Two workers that look at different moments, a register in which anything happens."""
    history, workers = History(world, seed), (lists_of(world), lists_of(world))
    compared = 0
    for _ in range(STEPS):
        history.step()
        for worker in workers:
            if history.dice.random() < 0.3:
                worker.refresh(world.clock.now())
                whole = all_read_anew(world)
                assert told(worker) == told(whole)
                assert worker.count(0) == whole.count(0)
                compared += 1
    for worker in workers:
        worker.refresh(world.clock.now())
        assert told(worker) == told(all_read_anew(world))
    values: Counter[str] = Counter()
    with world.services.registry.reading() as session:
        for token in history.tokens:
            copy = session.find_copy_by_token(token)
            assert copy is not None and copy.status_index is not None
            value = told(workers[0]).get(copy.status_index, StatusValue.USABLE)
            assert value is expected(world, token)
            values[value.name] += 1
    drills.record(
        f"status lists, seed {seed}",
        compared=compared,
        copies=len(history.tokens),
        refused=history.refused,
        **{name.lower(): count for name, count in sorted(values.items())},
    )


def test_postgresql_gives_the_same(postgresql_world: World) -> None:
    """Indexes come from a sequence there, and what is rolled back leaves a gap."""
    world = postgresql_world
    history, worker = History(world, 7), lists_of(world)
    for _ in range(STEPS):
        history.step()
        if history.dice.random() < 0.3:
            worker.refresh(world.clock.now())
            assert told(worker) == told(all_read_anew(world))
    assert history.tokens


@pytest.fixture
def postgresql_world(tmp_path: Path, dev_keys: Path, font_cache: Path, postgresql: Server) -> Iterator[World]:
    """A world on PostgreSQL."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", dev_keys, database_url=postgresql.emptied())
    world = World(settings, FixedClock())
    yield world
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    registry.close()


def test_an_event_that_lies_ahead_acts_when_its_instant_comes(world: World) -> None:
    """Nothing is recorded at that instant, so nothing but the clock can tell."""
    world.initial()
    history = History(world, 1)
    history.numbers = [NUMBER]
    worker = lists_of(world)
    ahead = world.clock.now() + timedelta(seconds=200)
    world.record(world.event("suspend", effective_at=ahead, reason=REASON))
    world.jump(seconds=5)
    # There is no copy yet, so the first reading from end to end meets nothing of this registration.
    worker.refresh(world.clock.now())
    history.reserve()
    assert history.pending, "the registration is active for three minutes more"
    with world.services.registry.writing() as session:
        copy = history.pending[0]
        assert session.complete(copy.copy_id, copy.worker, files_of(copy), world.clock.now())
    world.jump(seconds=194)
    worker.refresh(world.clock.now())
    assert told(worker) == {}
    world.jump(seconds=1)
    worker.refresh(world.clock.now())
    assert told(worker) == {0: StatusValue.SUSPENDED}


def test_a_failed_copy_keeps_its_place_and_it_says_nothing(world: World) -> None:
    """Its index is never given again, and nobody holds a paper that names it."""
    world.initial()
    history = History(world, 1)
    history.numbers = [NUMBER]
    history.reserve()
    failed = history.pending[0]
    with world.services.registry.writing() as session:
        assert session.fail(failed.copy_id, failed.worker, "DEFECT", world.clock.now())
    copy = world.endorse()
    world.record(world.event("cancel", reason=REASON))
    lists = all_read_anew(world)

    with world.services.registry.reading() as session:
        done = session.find_copy_by_token(copy["token"])
    assert done is not None
    assert (failed.status_index, done.status_index) == (0, 1)
    assert told(lists) == {1: StatusValue.ENDED}
    assert lists.count(0) == 2


def test_lists_have_numbers_as_far_as_indexes_were_given(world: World) -> None:
    """There is always a first list, even of nothing, so that a reader can tell it from a failure."""
    empty = all_read_anew(world)
    assert (list(empty.numbers()), empty.count(0), told(empty)) == ([0], 0, {})
    lists = lists_of(world)
    lists._highest = LIST_SIZE * 2
    assert list(lists.numbers()) == [0, 1, 2]
    assert [lists.count(n) for n in range(4)] == [LIST_SIZE, LIST_SIZE, 1, 0]


class TestDamage:
    """A value nobody can know is not guessed: the list that would hold it is not told."""

    @pytest.fixture
    def two(self, world: World) -> World:
        """Two people with a copy each, the first one cancelled."""
        for order, number in enumerate((NUMBER, "京1112020202200002"), start=1):
            world.initial(number, order=order)
            world.endorse(number)
        world.record(world.event("cancel", reason=REASON))
        return world

    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE event SET type = 'suspend' WHERE type = 'cancel'",
            "UPDATE certificate_version SET face_hash = 'x' WHERE rowid = 1",
            "UPDATE copy SET purpose = 'x' WHERE status_index = 0",
            "UPDATE copy SET status_index = 77 WHERE status_index = 0",
            "UPDATE copy SET state = 'FAILED' WHERE status_index = 0",
            "UPDATE copy SET purpose = CAST(x'ff' AS TEXT) WHERE status_index = 0",
            "UPDATE event SET registration_id = 'x' WHERE type = 'initial' AND seq = 1",
            "DELETE FROM certificate_version WHERE rowid = 1",
            "DELETE FROM event WHERE type = 'initial' AND seq = 1",
        ],
    )
    def test_a_damaged_row_keeps_its_list_from_being_told_until_it_is_mended(
        self, edit: str, two: World
    ) -> None:
        """And then it is told as if nothing had been."""
        registry = two.services.registry
        assert isinstance(registry, SQLRegistry)
        insider, reader = Insider(registry), all_read_anew(two)
        before = {table: insider.rows(table) for table in ("event", "certificate_version", "copy")}
        insider.run(edit)
        fresh = lists_of(two)
        with pytest.raises(RecordDamagedError):
            fresh.refresh(two.clock.now())
            fresh.values(0)
        for table, rows in before.items():
            insider.run(f'DELETE FROM "{table}"')
            for row in rows:
                names = ", ".join(f'"{name}"' for name in row)
                insider.run(
                    f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', *row.values()
                )
        for lists in (reader, fresh):
            lists.refresh(two.clock.now())
            assert told(lists) == {0: StatusValue.ENDED}

    def test_other_lists_are_told_all_the_same(self, two: World) -> None:
        """One flipped bit must not take the last word on every certificate of a province."""
        registry = two.services.registry
        assert isinstance(registry, SQLRegistry)
        insider = Insider(registry)
        row = insider.row("copy")
        values = {name: value for name, value in row.items() if not isinstance(value, float)}
        moved = registry._vault.sealed(COPY, {**values, "status_index": LIST_SIZE})
        insider.edit("copy", row, {name: moved[name] for name in ("status_index", "mac")})
        insider.run("UPDATE certificate_version SET face_hash = 'x' WHERE rowid = 1")
        lists = all_read_anew(two)

        with pytest.raises(RecordDamagedError):
            lists.values(0)
        assert lists.values(1) == {}


def test_a_clock_behind_the_register_tells_nothing(world: World) -> None:
    """A list must not bear a time at which it was not true."""
    world.initial()
    world.jump(seconds=-6)
    with pytest.raises(TimeUncertainError):
        lists_of(world).refresh(world.clock.now())


def test_first_reading_gives_way_after_each_portion_and_a_later_one_does_not(world: World) -> None:
    """A worker that starts beside a large register has other people's questions to answer."""
    world.initial()
    world.endorse()
    lists, rests = StatusLists(world.services.registry, world.services.kinds), list[float]()

    lists.refresh(world.clock.now(), rests.append)
    assert len(rests) == 1 and rests[0] > 0

    lists.refresh(world.clock.now(), rests.append)
    assert len(rests) == 1
