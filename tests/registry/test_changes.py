"""Interests and the feed, as the database keeps them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest

from certsvc.errors import DefectError, RecordDamagedError
from certsvc.registry.port_feed import Change
from certsvc.registry.sql import SQLRegistry, open_registry
from tests.drills import FULL, record
from tests.factories import NOW
from tests.registry.insider import Insider
from tests.registry.shelf import SECRET, Registered, a_change, a_follow, issue, register

WRITERS, ROUNDS = 8, 60 if FULL else 12


def place(registry: SQLRegistry) -> tuple[Registered, str]:
    """Record somebody and let a client in."""
    with registry.writing() as session:
        client = session.add_client("platform", frozenset({"verify"}), "key", NOW)
        return register(session), client.client_id


def test_an_interest_is_kept_once(registry: SQLRegistry) -> None:
    """A copy verified a hundred times is followed once; the record and its copies are different things."""
    who, client_id = place(registry)
    copy = issue(registry, who)
    by_record, by_copy = a_follow(who, client_id), a_follow(who, client_id, copy)
    for _ in range(2):
        with registry.writing() as session:
            first = [session.follow(one, NOW) for one in (by_copy, by_record)]
            again = [session.follow(one, NOW) for one in (by_record, by_copy)]

            assert first in ([True, True], [False, False]) and again == [False, False]
    with registry.reading() as session:
        assert session.followers(who.registration_id) == [by_record, by_copy]


def test_changes_come_in_the_order_they_were_written_page_by_page(registry: SQLRegistry) -> None:
    """Each client has its own; a page begins where the one before ended."""
    who, client_id = place(registry)
    with registry.writing() as session:
        other = session.add_client("other", frozenset({"verify"}), "other key", NOW).client_id
    change = a_change(a_follow(who, client_id))
    written = [replace(change, changed_fields=(f"field {n}",)) for n in range(5)]
    for one in written:
        with registry.writing() as session:
            session.add_changes([one, replace(one, client_id=other)])

    with registry.reading() as session:
        first = session.changes_after(client_id, 0, 3)
        second = session.changes_after(client_id, first[-1].seq, 3)
        assert [replace(one, seq=0) for one in (*first, *second)] == written
        assert session.newest_change() == 10
        assert session.changes_after(client_id, second[-1].seq, 3) == []


def test_a_specialty_is_announced_once_to_a_client(registry: SQLRegistry) -> None:
    """Once for each registration, specialty and last day; another last day is another announcement."""
    who, client_id = place(registry)
    interest = a_follow(who, client_id)
    first, later = (
        a_change(interest, specialty="建筑工程", valid_to=day) for day in (date(2027, 1, 1), date(2030, 1, 1))
    )
    for batch in ([first], [first, later], [later, first]):
        with registry.writing() as session:
            session.add_changes(batch)

    with registry.reading() as session:
        told = session.changes_after(client_id, 0, 9)
        assert [one.valid_to for one in told] == [first.valid_to, later.valid_to]
        assert session.announced(who.registration_id) == told


def test_ends_of_followed_registrations_are_listed_and_no_others(registry: SQLRegistry) -> None:
    """A day's look costs as much as there are followers, not as there are registrations."""
    who, client_id = place(registry)
    with registry.writing() as session:
        other = register(session, 2)
        session.follow(a_follow(who, client_id), NOW)
        ends = {"建筑工程": date(2027, 1, 1), "公路工程": date(2027, 1, 2), "机电工程": date(2027, 1, 3)}
        for one in (who, other):
            session.project(one.registration_id, one.number, live=True, ends=ends)

    with registry.reading() as session:
        first = session.followed_ends(date(2027, 1, 1), date(2027, 1, 3), None, 1)
        after = (first[0].valid_to, str(first[0].registration_id), first[0].specialty)
        rest = session.followed_ends(date(2027, 1, 1), date(2027, 1, 3), after, 9)
        assert [one.specialty for one in (*first, *rest)] == ["建筑工程", "公路工程"]
        assert session.ends_of(who.registration_id) == ends


def test_the_day_gone_through_is_remembered(registry: SQLRegistry) -> None:
    """By every process, and after a restart."""
    with registry.writing() as session:
        assert session.announced_on() is None
        session.set_announced_on(date(2026, 11, 20))
        session.set_announced_on(date(2026, 11, 21))
    with registry.reading() as session:
        assert session.announced_on() == date(2026, 11, 21)


def test_a_reader_meets_every_change_once_however_many_write(
    registry: SQLRegistry, registry_url: str
) -> None:
    """Drill: a place given earlier and committed later must never lie behind a cursor.

    Places drawn from a clock or a sequence, not from a row held until the commit, lost changes here.
    """
    who, client_id = place(registry)
    change = a_change(a_follow(who, client_id))
    processes = [registry, open_registry(registry_url, SECRET)]
    together = Barrier(WRITERS + 1)

    def write(order: int) -> None:
        together.wait()
        for turn in range(ROUNDS):
            with processes[order % 2].writing() as session:
                # Some write beside other work, so that transactions of many lengths overlap.
                session.put_image(who.holder_id, f"{order:032d}{turn:032d}", b"x" * 1000 * (order + 1), NOW)
                marks = (f"{order} {turn} a", f"{order} {turn} b")
                session.add_changes([replace(change, changed_fields=(mark,)) for mark in marks])
                session.last_recorded_at()

    def read() -> list[Change]:
        together.wait()
        found: list[Change] = []
        while len(found) < WRITERS * ROUNDS * 2:
            with registry.reading() as session:
                fresh = session.changes_after(client_id, found[-1].seq if found else 0, 7)
            found += fresh
            if not fresh and all(future.done() for future in writing):
                with registry.reading() as session:
                    found += session.changes_after(client_id, found[-1].seq if found else 0, 10**6)
                break
        return found

    writing = []
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writing = [pool.submit(write, order) for order in range(WRITERS)]
        met = pool.submit(read).result(timeout=120)
        for future in writing:
            future.result()
    processes[1].close()
    marks = [one.changed_fields[0] for one in met]
    expected = {
        f"{order} {turn} {half}" for order in range(WRITERS) for turn in range(ROUNDS) for half in "ab"
    }
    record(
        f"change feed, {registry.database.dialect.name}",
        writers=WRITERS,
        changes=len(expected),
        lost=len(expected - set(marks)),
        twice=len(marks) - len(set(marks)),
    )

    assert sorted(marks) == sorted(expected)
    assert [one.seq for one in met] == sorted(one.seq for one in met)


def test_a_counter_set_back_or_deleted_by_hand_gives_no_place_twice(sqlite_registry: SQLRegistry) -> None:
    """A feed with two items in one place would hide one of them behind every cursor."""
    who, client_id = place(sqlite_registry)
    change = a_change(a_follow(who, client_id))
    with sqlite_registry.writing() as session:
        session.add_changes([change])
    insider = Insider(sqlite_registry)
    insider.run("UPDATE counter SET value = 0 WHERE name = 'change'")
    with pytest.raises(RecordDamagedError), sqlite_registry.writing() as session:
        session.add_changes([change])
    insider.run("DELETE FROM counter WHERE name = 'change'")
    with pytest.raises(DefectError), sqlite_registry.writing() as session:
        session.add_changes([change])
