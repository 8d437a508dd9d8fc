"""Counts of look-ups, as the database keeps them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from certsvc.domain.endorsement import CopyId
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
        session.hold([LOOKUPS])
        return session.count_lookups(counts)


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
