"""Time stamps in the register, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from certsvc.domain.endorsement import CopyId
from certsvc.domain.timestamps import FileTimestamp
from certsvc.errors import DefectError, RecordDamagedError
from certsvc.registry.sql import SQLRegistry
from tests.factories import NOW
from tests.registry.shelf import a_wanted_timestamp, issue, register


@pytest.fixture
def wanted(registry: SQLRegistry) -> FileTimestamp:
    """One that is wanted, of a copy that is there."""
    with registry.writing() as session:
        who = register(session)
    stamp = a_wanted_timestamp(issue(registry, who))
    with registry.writing() as session:
        session.add_timestamp(stamp)
    return stamp


def test_one_is_found_and_due_until_it_is_there(registry: SQLRegistry, wanted: FileTimestamp) -> None:
    """Then it stays as it is for ever."""
    with registry.writing() as session:
        assert session.find_timestamp(wanted.copy_id, "pdf") == wanted
        assert session.find_timestamp(wanted.copy_id, "ofd") is None
        assert session.find_timestamp(CopyId("\0"), "pdf") is None
        assert session.wanted_timestamps(NOW - timedelta(seconds=1), 9) == []
        assert session.wanted_timestamps(NOW, 9) == [wanted]

    claimed = replace(wanted, tries=1, not_before=NOW + timedelta(seconds=60))
    held = replace(claimed, token=b"token", stamped_at=NOW)
    with registry.writing() as session:
        assert session.change_timestamp(wanted, claimed)
        assert not session.change_timestamp(wanted, claimed), "somebody else read it before"
        assert session.change_timestamp(claimed, held)
        assert not session.change_timestamp(held, replace(held, token=b"another"))
        assert session.find_timestamp(wanted.copy_id, "pdf") == held
        assert session.wanted_timestamps(NOW + timedelta(days=1), 9) == []


def test_the_longest_due_comes_first(registry: SQLRegistry) -> None:
    """And no more of them than are asked for."""
    with registry.writing() as session:
        people = [register(session, order) for order in (1, 2, 3)]
    stamps = [
        a_wanted_timestamp(issue(registry, who, order), not_before=NOW - timedelta(seconds=order))
        for order, who in enumerate(people, start=1)
    ]
    with registry.writing() as session:
        for stamp in stamps:
            session.add_timestamp(stamp)
        assert session.wanted_timestamps(NOW, 2) == [stamps[2], stamps[1]]


def test_a_file_has_one_and_belongs_to_a_copy(registry: SQLRegistry, wanted: FileTimestamp) -> None:
    """The database itself says so."""
    for other in (wanted, replace(wanted, copy_id=CopyId("nobody")), replace(wanted, fmt="doc")):
        with pytest.raises(DefectError), registry.writing() as session:
            session.add_timestamp(other)


def test_a_damaged_row_holds_nobody_else_up(registry: SQLRegistry, wanted: FileTimestamp) -> None:
    """Others are fetched; of a damaged one alone it is told."""
    with registry.writing() as session:
        who = register(session, order=2)
    other = a_wanted_timestamp(issue(registry, who))
    with registry.writing() as session:
        session.add_timestamp(other)
    damage = sa.text("UPDATE file_timestamp SET tries = tries + 1 WHERE copy_id = :copy_id")
    with registry.database.engine.connect() as connection:
        connection.execute(damage, {"copy_id": wanted.copy_id})
    with registry.reading() as session:
        assert session.wanted_timestamps(NOW, 9) == [other]
    with registry.database.engine.connect() as connection:
        connection.execute(damage, {"copy_id": other.copy_id})
    with registry.reading() as session, pytest.raises(RecordDamagedError):
        session.wanted_timestamps(NOW, 9)
