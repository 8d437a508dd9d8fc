"""An insider with SQL who moves whole rows or parts of them, or frees a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from certsvc.errors import DefectError, RecordDamagedError
from certsvc.registry.crypto import Vault
from certsvc.registry.port import WriteSession
from certsvc.registry.sql import SQLRegistry
from tests.factories import NOW
from tests.registry.insider import Insider
from tests.registry.shelf import SECRET, files_of, issue, pending, register

DAY = timedelta(days=1)


def test_rows_that_changed_places_are_noticed(sqlite_registry: SQLRegistry) -> None:
    """Each MAC is genuine, but belongs to another copy: A's token must never show B's certificate."""
    with sqlite_registry.writing() as session:
        people = register(session, 1), register(session, 2)
    first, second = (issue(sqlite_registry, who) for who in people)
    insider = Insider(sqlite_registry)
    a, b = insider.rows("copy")
    moved = [name for name in a if name not in ("copy_id", "token")]
    insider.run("DELETE FROM copy")
    for place, content in ((a, b), (b, a)):
        row = {**place, **{name: content[name] for name in moved}}
        marks = ", ".join("?" * len(row))
        insider.run(f"INSERT INTO copy ({', '.join(row)}) VALUES ({marks})", *row.values())
    for copy in (first, second):
        with pytest.raises(RecordDamagedError), sqlite_registry.reading() as session:
            session.find_copy_by_token(copy.token)
        with pytest.raises(RecordDamagedError), sqlite_registry.reading() as session:
            session.get_copy(copy.copy_id)


def test_the_mac_of_one_table_is_worth_nothing_in_another() -> None:
    """Two tables may come to have the same columns."""
    vault = Vault(SECRET)
    one, other = pair_table("one"), pair_table("other")
    row = list(vault.sealed(one, {"a": "1", "b": "2"}).values())
    assert vault.checked(one, row)["a"] == "1"
    with pytest.raises(RecordDamagedError):
        vault.checked(other, row)


@pytest.mark.parametrize(
    "moved",
    [("1b", "2"), ("2", "1"), ("1", None), (None, "2"), ("1bT2", None), ("1", b"2"), ("1", 2), ("1", 2.0)],
)
def test_a_value_that_moved_or_changed_its_type_is_noticed(moved: tuple[object, object]) -> None:
    """Written down without names, types and lengths, some of these rows would have one MAC."""
    vault = Vault(SECRET)
    table = pair_table("pair")
    mac = vault.sealed(table, {"a": "1", "b": "2"})["mac"]
    assert vault.checked(table, ["1", "2", mac])
    with pytest.raises(RecordDamagedError):
        vault.checked(table, [*moved, mac])


def pair_table(name: str) -> sa.Table:
    """Return a table of two columns and the MAC."""
    return sa.Table(name, sa.MetaData(), *(sa.Column(column) for column in ("a", "b", "mac")))


def test_a_day_freed_by_hand_stays_taken(sqlite_registry: SQLRegistry) -> None:
    """DONE turned to FAILED leaves the unique index; the row's MAC still stands in the way."""
    with sqlite_registry.writing() as session:
        who = register(session)
    issued = issue(sqlite_registry, who, 1)
    issue(sqlite_registry, who, 2, at=NOW + DAY)
    Insider(sqlite_registry).run(
        "UPDATE copy SET state = 'FAILED', done_at = NULL WHERE copy_id = ?", issued.copy_id
    )
    with pytest.raises(RecordDamagedError), sqlite_registry.writing() as session:
        session.reserve(pending(who, 3))


def test_a_damaged_copy_is_neither_completed_nor_given_a_new_mac(sqlite_registry: SQLRegistry) -> None:
    """Recomputing the MAC over an edited row would make the edit genuine."""
    with sqlite_registry.writing() as session:
        who = register(session)
        copy = pending(who)
        assert session.reserve(copy)
    insider = Insider(sqlite_registry)
    insider.run("UPDATE copy SET use_until = '2099-12-31'")
    changes: list[Callable[[WriteSession], bool]] = [
        lambda s: s.extend_lease(copy.copy_id, "worker-1", NOW + DAY),
        lambda s: s.complete(copy.copy_id, "worker-1", files_of(copy), NOW),
        lambda s: s.fail(copy.copy_id, "worker-1", "DEFECT", NOW),
        lambda s: s.take_over(copy.copy_id, "worker-2", NOW + DAY, NOW + DAY),
    ]
    for change in changes:
        with pytest.raises(RecordDamagedError), sqlite_registry.writing() as session:
            change(session)
    assert insider.row("copy")["state"] == "PENDING"


def test_a_copy_number_raised_by_hand_is_not_counted_on(sqlite_registry: SQLRegistry) -> None:
    """The next number is taken from a row that was checked."""
    with sqlite_registry.writing() as session:
        who = register(session)
    issue(sqlite_registry, who, 1)
    Insider(sqlite_registry).run("UPDATE copy SET copy_number = 999999")
    with pytest.raises(RecordDamagedError), sqlite_registry.writing() as session:
        session.reserve(pending(who, 2, at=NOW + DAY))


def test_a_counter_set_back_by_hand_is_noticed(sqlite_registry: SQLRegistry) -> None:
    """Else one serial would be given twice."""
    with sqlite_registry.writing() as session:
        session.next_serial(2026)
    Insider(sqlite_registry).run("UPDATE counter SET value = 0")
    with pytest.raises(RecordDamagedError), sqlite_registry.writing() as session:
        session.next_serial(2026)


@pytest.mark.parametrize("name", ["serial 2026", "event", "registration"])
def test_a_counter_deleted_by_hand_gives_nothing_twice(sqlite_registry: SQLRegistry, name: str) -> None:
    """No MAC is left to fail, but every number has a unique index."""
    with sqlite_registry.writing() as session:
        register(session, 1)
    Insider(sqlite_registry).run("DELETE FROM counter WHERE name = ?", name)
    with pytest.raises(DefectError), sqlite_registry.writing() as session:
        register(session, 2)
