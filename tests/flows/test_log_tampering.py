"""Whoever changes the database or puts an older one back: named, and nothing is signed on top of it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from certsvc.domain.report import Check, Result
from certsvc.errors import RecordDamagedError
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables import COPY
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.logs import checked, lived, sql
from tests.world import World, settings_in

DAMAGES: Final = {
    "tile": ("UPDATE log_tile SET hashes = mac", {"TILE_DIFFERS"}),
    "entry": ("UPDATE log_entry SET commitment = salt WHERE place = 1", {"ENTRY_MISSING"}),
    "entry_removed": ("DELETE FROM log_entry WHERE place = 1", {"ENTRY_MISSING", "FACT_UNLOGGED"}),
    "entry_moved": (
        "UPDATE log_entry SET place = 1000 + place WHERE place = 1",
        {"ENTRY_MISSING"},
    ),
    "copy": ("UPDATE copy SET use_until = '2099-01-01'", {"FACT_DAMAGED"}),
    "event": ("UPDATE event SET body_digest = type WHERE type = 'revoke'", {"FACT_DAMAGED"}),
    "event_removed": ("DELETE FROM event WHERE type = 'revoke'", {"FACT_REMOVED"}),
}


def test_what_somebody_did_in_the_database_is_named(world: World) -> None:
    """Each kind of damage has its word, and nothing else is accused."""
    lived(world)
    world.services.sequencer.advance()
    close(world)
    database = world.settings.data_dir / "registry.db"
    sound = database.read_bytes()
    for statement, codes in DAMAGES.values():
        sql(world, "PRAGMA foreign_keys = OFF")
        sql(world, statement)
        assert {fault.code for fault in checked(world).faults} == codes, statement
        close(world)
        database.write_bytes(sound)
    assert checked(world).faults == []


def test_insider_with_the_registers_secret_is_caught_by_the_commitment(anywhere: World) -> None:
    """Who can write sound rows changes a copy's last day; the leaf was there before."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    anywhere.services.sequencer.advance()
    registry = anywhere.services.registry
    assert isinstance(registry, SQLRegistry)
    with registry.writing() as session:
        row = session.get_copy(endorsement["endorsement_id"])
    assert row.grant is not None
    _rewrite(registry, str(row.copy_id), use_until="2099-01-01")

    report = anywhere.verify(file=anywhere.file(endorsement), log=True)

    assert [fault.code for fault in checked(anywhere).faults] == ["FACT_ALTERED"]
    (told,) = [one for one in report.findings if one.check is Check.LOG]
    assert (report.status, told.result, told.code) == ("UNAVAILABLE", Result.FAIL, "LOG_CONTRADICTS")
    with pytest.raises(RecordDamagedError):
        anywhere.services.log_book.proof(endorsement["endorsement_id"])


def _rewrite(registry: SQLRegistry, copy_id: str, **changes: str) -> None:
    """Write a copy's row anew with a MAC that holds."""
    with registry.database.engine.connect() as connection:
        found = connection.execute(sa.select(*COPY.c).where(COPY.c.copy_id == copy_id)).one()
        values = {**dict(zip(COPY.c.keys(), found, strict=True)), **changes}
        sealed = registry._vault.sealed(COPY, values)
        connection.execute(sa.update(COPY).where(COPY.c.copy_id == copy_id).values(**sealed))


def test_yesterdays_copy_is_noticed_and_the_log_stands_still(
    tmp_path: Path, dev_keys: Path, font_cache: Path
) -> None:
    """The database was put back; the machine remembers what it signed and makes no second history."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", dev_keys)
    place = World(settings, FixedClock())
    place.initial()
    place.services.sequencer.advance()
    close(place)
    shutil.copy(settings.data_dir / "registry.db", tmp_path / "yesterday.db")
    place.endorse()
    place.services.sequencer.advance()
    close(place)
    for left in settings.data_dir.glob("registry.db*"):
        left.unlink()
    shutil.copy(tmp_path / "yesterday.db", settings.data_dir / "registry.db")
    restarted = World(settings, FixedClock(datetime(2026, 12, 30, tzinfo=UTC)))

    for sequencer in (place.services.sequencer, restarted.services.sequencer):
        with pytest.raises(RecordDamagedError, match="rolled back: this machine signed 2 leaves"):
            sequencer.advance()
        sequencer.take_turn()
        with pytest.raises(RecordDamagedError):
            sequencer.check()
    restarted.endorse()
    with pytest.raises(RecordDamagedError):
        restarted.services.sequencer.advance()
    assert restarted.services.log_book.checkpoint().size == 1
    close(place)
    close(restarted)


def test_another_tree_under_the_remembered_size_is_noticed(anywhere: World) -> None:
    """Restored and gone on elsewhere: the sizes fit, the history does not."""
    anywhere.initial()
    anywhere.services.sequencer.advance()
    anchor = anywhere.settings.data_dir / "log" / "checkpoint"
    anchor.write_text(anchor.read_text(encoding="utf-8").replace("\n1\n", "\n2\n"), encoding="utf-8")
    anywhere.endorse()

    with pytest.raises(RecordDamagedError):
        anywhere.services.sequencer.advance()


def test_tampered_tile_stops_the_log(anywhere: World) -> None:
    """Nothing is signed on top of a tree that is not the one signed before."""
    anywhere.initial()
    anywhere.services.sequencer.advance()
    sql(anywhere, "UPDATE log_tile SET hashes = mac")
    anywhere.endorse()

    with pytest.raises(RecordDamagedError):
        anywhere.services.sequencer.advance()
