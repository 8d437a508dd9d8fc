"""Many at once: the database, not a check before it, decides who gets the day."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

from certsvc.domain.events import IdType
from certsvc.registry.sql import SQLRegistry, migrate, open_registry
from tests.factories import NOW
from tests.registry.racer import attempt, rival
from tests.registry.shelf import SECRET, Registered, register

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
PROCESSES, THREADS, HOLDERS = 4, 4, 20


def test_sixteen_rivals_in_four_processes_get_one_day_each(registry: SQLRegistry, registry_url: str) -> None:
    """Check-then-insert gave most holders more than one copy; here it is exactly one."""
    with registry.writing() as session:
        people = [register(session, order) for order in range(1, HOLDERS + 1)]
        # Two registrations each: holding one of them keeps no rival off the other, only the index does.
        seconds = [register(session, order) for order in range(1, HOLDERS + 1)]
    targets = json.dumps([[_target(one), _target(two)] for one, two in zip(people, seconds, strict=True)])
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.registry.racer", registry_url, str(THREADS)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdin is not None and racer.stdout is not None
        print(targets, file=racer.stdin, flush=True)
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    won = [int(racer.communicate("go\n", timeout=60)[0]) for racer in racers]
    assert sum(won) == HOLDERS
    places = set()
    with registry.reading() as session:
        for person in people:
            copy = session.find_endorsement_on(person.holder_id, "constructor-1", NOW.date())
            assert copy is not None and copy.copy_number == 1
            places.add(copy.status_index)
    assert len(places) == HOLDERS, "two copies share a place in the status lists"


def test_threads_sharing_one_registry_get_one_day(registry: SQLRegistry) -> None:
    """One worker serves 64 threads."""
    with registry.writing() as session:
        who = register(session)
    won = at_once(
        16,
        lambda: attempt(registry, rival(*_target(who))),
    )
    assert sorted(won) == [False] * 15 + [True]


def test_one_person_registered_many_times_at_once_is_one_holder(registry: SQLRegistry) -> None:
    """A double holder would have two days."""

    def lock() -> str:
        with registry.writing() as session:
            return session.lock_holder(IdType.PASSPORT, "E1234567", NOW)

    assert len(set(at_once(16, lock))) == 1


def test_serials_drawn_at_once_are_all_different(registry: SQLRegistry) -> None:
    """A serial given twice would stop an issue; a gap would look like a lost certificate."""

    def draw() -> str:
        with registry.writing() as session:
            return session.next_serial(2026)

    assert sorted(at_once(16, draw)) == [f"2026{number:010d}" for number in range(1, 17)]


def test_the_schema_is_created_once_by_four_at_once(registry_url: str) -> None:
    """All workers of a fresh place start together."""
    at_once(4, lambda: migrate(registry_url))
    opened = open_registry(registry_url, SECRET)
    opened.ping()
    opened.close()


def at_once(count: int, act: Callable[[], T]) -> list[T]:
    """Run *act* in *count* threads that start together."""
    together = Barrier(count)

    def run() -> T:
        together.wait()
        return act()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(count)]]


def _target(who: Registered) -> tuple[str, str, str]:
    return who.holder_id, who.registration_id, who.version.version_id
