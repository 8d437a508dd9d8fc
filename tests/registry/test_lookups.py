"""Counts of look-ups, as the database keeps them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from certsvc.domain.endorsement import CopyId
from certsvc.errors import NotFoundError, RecordDamagedError
from certsvc.registry.port_feed import LOOKUPS, LookUp
from certsvc.registry.sql import SQLRegistry, open_registry
from tests.registry.insider import Insider
from tests.registry.shelf import SECRET, Registered, register

HOUR = "2026-11-20T09"


def registered(registry: SQLRegistry, order: int = 1) -> Registered:
    """Record somebody."""
    with registry.writing() as session:
        return register(session, order)


def a_lookup(who: Registered, copy_id: str | None = "C1") -> LookUp:
    """Return a public scan of a copy, or a look-up of the record itself."""
    return LookUp(
        registration_id=who.registration_id,
        copy_id=CopyId(copy_id) if copy_id is not None else None,
        hour=HOUR,
        caller="public",
        way="qr",
    )


def add(registry: SQLRegistry, counts: dict[LookUp, int]) -> int:
    """Add to the counts in a transaction of its own."""
    with registry.writing() as session:
        session.journal_lookups(counts)
    return fold(registry)


def fold(registry: SQLRegistry) -> int:
    """Fold the journal, each entry in a transaction of its own; return how many counters were damaged."""
    damaged, after = 0, ""
    while True:
        with registry.writing() as session:
            session.hold([LOOKUPS])
            entry = session.fold_lookups(after)
        if entry is None:
            return damaged
        assert entry.sound
        damaged, after = damaged + entry.damaged_counters, entry.entry_id


def test_counts_add_up_by_copy_hour_caller_and_way(registry: SQLRegistry) -> None:
    """What a holder will be shown: when, by whom, and how a copy was looked at."""
    who, other = registered(registry), registered(registry, 2)
    one = a_lookup(who)
    kinds = [
        one,
        one._replace(copy_id=CopyId("C2")),
        one._replace(copy_id=None, way="number"),
        one._replace(hour="2026-11-20T10"),
        one._replace(caller="client"),
        one._replace(way="code"),
    ]
    for _ in range(3):
        add(registry, {kind: place for place, kind in enumerate(kinds, 1)})
    add(registry, {a_lookup(other): 100})

    with registry.reading() as session:
        assert session.lookups_of(who.registration_id) == {
            kind: 3 * place for place, kind in enumerate(kinds, 1)
        }
        assert session.lookups_of(other.registration_id) == {a_lookup(other): 100}


def test_processes_that_write_at_once_lose_nothing(registry: SQLRegistry, registry_url: str) -> None:
    """Each reads a count and writes a larger one: unheld, the later write would swallow the earlier."""
    who = registered(registry)
    processes = [registry, open_registry(registry_url, SECRET)]
    together = Barrier(8)

    def run(order: int) -> None:
        together.wait()
        for _ in range(5):
            add(processes[order % 2], {a_lookup(who): 1, a_lookup(who, "C2"): 2})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    with registry.reading() as session:
        counts = session.lookups_of(who.registration_id)
    processes[1].close()

    assert counts == {a_lookup(who): 40, a_lookup(who, "C2"): 80}


def test_a_counter_edited_by_hand_is_left_as_it_is_and_stops_no_other(sqlite_registry: SQLRegistry) -> None:
    """A new MAC over an edited count would make it genuine."""
    who = registered(sqlite_registry)
    add(sqlite_registry, {a_lookup(who): 5, a_lookup(who, "C2"): 5})
    insider = Insider(sqlite_registry)
    insider.run("UPDATE lookup SET count = 999 WHERE copy_id = 'C1'")

    assert add(sqlite_registry, {a_lookup(who): 1, a_lookup(who, "C2"): 1}) == 1
    assert {(row["copy_id"], row["count"]) for row in insider.rows("lookup")} == {("C1", 999), ("C2", 6)}


def test_counters_are_raised_by_hundreds_at_once(registry: SQLRegistry) -> None:
    """More than one statement's worth, some there already, some new, one damaged that stays as it is."""
    who = registered(registry)

    def lookup(hour: int) -> LookUp:
        return LookUp(
            registration_id=who.registration_id,
            copy_id=None,
            hour=f"2026-11-{hour:03d}",
            caller="public",
            way="qr",
        )

    assert add(registry, {lookup(hour): 1 for hour in range(250)}) == 0
    with registry.database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE lookup SET count = 99 WHERE hour = '2026-11-007'")
    assert add(registry, {lookup(hour): 2 for hour in range(230, 450)}) == 0
    assert add(registry, {lookup(7): 1, lookup(8): 1}) == 1

    with registry.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT hour, count FROM lookup").all()
    counts = {str(hour): int(count) for hour, count in rows}
    assert len(counts) == 450
    assert (counts["2026-11-007"], counts["2026-11-008"], counts["2026-11-000"]) == (99, 2, 1)
    assert (counts["2026-11-229"], counts["2026-11-230"], counts["2026-11-449"]) == (1, 3, 2)


def test_what_waits_in_the_journal_is_read_with_the_counters(registry: SQLRegistry) -> None:
    """A holder sees a look-up within a second of it, whether or not anybody had time to fold."""
    who, other = registered(registry), registered(registry, 2)
    one = a_lookup(who)
    add(registry, {one: 3, a_lookup(other): 5})
    with registry.writing() as session:
        session.journal_lookups({one: 4, a_lookup(who, "C2"): 1, a_lookup(other): 1})
        session.journal_lookups({one: 1})

    expected = {one: 8, a_lookup(who, "C2"): 1}
    with registry.reading() as session:
        assert session.waiting_lookups() == 2
        assert session.lookups_of(who.registration_id) == expected
    fold(registry)
    with registry.reading() as session:
        assert session.waiting_lookups() == 0
        assert session.lookups_of(who.registration_id) == expected
        assert session.lookups_of(other.registration_id) == {a_lookup(other): 6}


def test_a_fold_that_fails_half_way_is_none(registry: SQLRegistry) -> None:
    """Counters raised and entry gone, or neither: a crash between them would count everything twice."""
    who = registered(registry)
    with registry.writing() as session:
        session.journal_lookups({a_lookup(who): 2})
    with pytest.raises(NotFoundError), registry.writing() as session:
        session.hold([LOOKUPS])
        assert session.fold_lookups("") is not None
        raise NotFoundError
    fold(registry)
    fold(registry)

    with registry.reading() as session:
        assert session.lookups_of(who.registration_id) == {a_lookup(who): 2}


def test_processes_that_fold_at_once_count_each_entry_once(registry: SQLRegistry, registry_url: str) -> None:
    """Every worker folds when it is quiet, and all of them are quiet at night."""
    who = registered(registry)
    with registry.writing() as session:
        for _ in range(30):
            session.journal_lookups({a_lookup(who): 1, a_lookup(who, "C2"): 2})
    processes = [registry, open_registry(registry_url, SECRET)]
    together = Barrier(4)

    def run(order: int) -> None:
        together.wait()
        fold(processes[order % 2])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    with registry.reading() as reading:
        counts = reading.lookups_of(who.registration_id)
        assert reading.waiting_lookups() == 0
    processes[1].close()

    assert counts == {a_lookup(who): 30, a_lookup(who, "C2"): 60}


def test_an_entry_edited_by_hand_stays_and_stops_no_other(sqlite_registry: SQLRegistry) -> None:
    """It is neither added nor taken away, and whoever reads what it names is told."""
    who, other = registered(sqlite_registry), registered(sqlite_registry, 2)
    with sqlite_registry.writing() as session:
        session.journal_lookups({a_lookup(who): 1})
        session.journal_lookups({a_lookup(other): 1})
    insider = Insider(sqlite_registry)
    insider.run(
        "UPDATE lookup_journal SET content = replace(content, ',1]', ',99]') WHERE content LIKE ?",
        f"%{who.registration_id}%",
    )
    gone, after = [], ""
    for _ in range(2):
        with sqlite_registry.writing() as session:
            entry = session.fold_lookups(after)
            assert entry is not None
            after = entry.entry_id
            gone.append(entry.sound)

    assert sorted(gone) == [False, True]
    assert [row["registration_id"] for row in insider.rows("lookup")] == [other.registration_id]
    assert len(insider.rows("lookup_journal")) == 1
    with sqlite_registry.reading() as reading:
        assert reading.lookups_of(other.registration_id) == {a_lookup(other): 1}
        with pytest.raises(RecordDamagedError):
            reading.lookups_of(who.registration_id)
