"""The transparency log on either database: what is logged, how it advances, and what it notices."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from certsvc.domain.log_facts import LogKind
from certsvc.domain.report import Check, Result
from certsvc.errors import NotFoundError, RecordDamagedError, UnavailableError
from certsvc.issuing.anchor import Anchor
from certsvc.issuing.sequencer import Sequencer
from certsvc.registry.port_log import KeyEvent, LogEntry
from certsvc.registry.sql import SQLRegistry
from certsvc.translog.checkpoint import origin_of
from certsvc.translog.proof_file import read_proof
from certsvc.verification.log_check import LogReport, check_log
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.world import JSON, World, settings_in

REASON: Final = {"code": "test", "text": "测试"}


def checked(anywhere: World) -> LogReport:
    """Check the whole log."""
    return check_log(anywhere.services.registry, anywhere.services.log_book.keys)


def entries(anywhere: World) -> list[LogEntry]:
    """Return every entry that has a place."""
    with anywhere.services.registry.reading() as session:
        return list(session.log_entries_from(0, 1000))


def sql(anywhere: World, statement: str, **values: object) -> None:
    """Change the database as somebody who has got into it."""
    registry = anywhere.services.registry
    assert isinstance(registry, SQLRegistry)
    with registry.database.engine.connect() as connection:
        connection.execute(sa.text(statement), values)


def lived(anywhere: World) -> JSON:
    """Register somebody, endorse, change the employer, suspend, resume, revoke; returns the endorsement."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    anywhere.original()
    anywhere.jump(days=1)
    anywhere.record(
        anywhere.event("change_employer", employer={"name": "另一公司", "uscc": "91990000MA0000015Q"})
    )
    for kind in ("suspend", "resume", "revoke"):
        anywhere.jump(days=1)
        parts = {} if kind == "resume" else {"reason": REASON}
        anywhere.record(anywhere.event(kind) | parts)
    return endorsement


def test_everything_that_counts_is_logged_in_its_order(anywhere: World) -> None:
    """One leaf each, in the order in which it happened, and each opens to the row it is about."""
    lived(anywhere)
    with anywhere.services.registry.writing() as session:
        session.record_key_event(KeyEvent(action="retire", key_id="p256-x", at=anywhere.clock.now()))
    waiting = checked(anywhere)
    assert (waiting.size, waiting.waiting, waiting.faults) == (0, 8, [])

    advance = anywhere.services.sequencer.advance()

    report = checked(anywhere)
    assert (advance.placed, advance.size) == (8, 8)
    assert (report.size, report.opened, report.waiting, report.faults) == (8, 8, 0, [])
    assert [entry.kind for entry in entries(anywhere)] == [
        LogKind.REGISTER,
        LogKind.ENDORSE,
        LogKind.ISSUE,
        LogKind.SUPERSEDE,
        LogKind.SUSPEND,
        LogKind.RESTORE,
        LogKind.REVOKE,
        LogKind.KEY,
    ]


def test_refused_orders_leave_no_entry(anywhere: World) -> None:
    """The entry lives and dies with its fact, also inside a chunk where others stay."""
    bodies = [anywhere.initial_body(), anywhere.event("suspend", "京1112020202299999", reason=REASON)]
    outcomes = anywhere.services.recorder.take(bodies)
    assert [one.answer is not None for one in outcomes] == [True, False]
    with pytest.raises(ZeroDivisionError), anywhere.services.registry.writing() as session:
        session.record_key_event(KeyEvent(action="rotate", key_id="p256-x", at=anywhere.clock.now()))
        raise ZeroDivisionError

    anywhere.services.sequencer.advance()

    assert [entry.kind for entry in entries(anywhere)] == [LogKind.REGISTER]


def test_rounds_of_rivals_make_one_tree(anywhere: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes advance at once, each a few entries at a time: no gap, no double, no fork."""
    monkeypatch.setattr("certsvc.issuing.sequencer.ROUND", 7)
    registry = anywhere.services.registry
    for order in range(40):
        with registry.writing() as session:
            session.record_key_event(KeyEvent(action="retire", key_id=f"k{order}", at=anywhere.clock.now()))
    settings = anywhere.settings
    rivals = [
        Sequencer(
            registry=registry,
            signer=lambda: anywhere.services.keystore.service_signer("log"),
            origin=origin_of(settings.public_url),
            clock=anywhere.clock,
            anchor=Anchor(settings.data_dir / f"rival{one}" / "checkpoint"),
        )
        for one in range(3)
    ]
    told: list[BaseException] = []

    def race(rival: Sequencer) -> None:
        try:
            rival.advance()
        except BaseException as error:
            told.append(error)
            raise

    threads = [threading.Thread(target=race, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = checked(anywhere)
    assert told == []
    assert (report.size, report.faults) == (40, [])
    assert [entry.place for entry in entries(anywhere)] == list(range(40))
    assert len({entry.entry for entry in entries(anywhere)}) == 40


def test_proof_file_of_a_copy_stands_by_itself(anywhere: World) -> None:
    """Before the next checkpoint it can be told when to come again; then it names the file, and nobody."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    book = anywhere.services.log_book
    with pytest.raises(UnavailableError):
        book.proof_of_token(endorsement["token"])
    anywhere.services.sequencer.advance()

    proof = read_proof(str(book.proof_of_token(endorsement["token"])).encode())

    signed = proof.check(book.keys)
    facts = proof.opening.facts
    assert signed.checkpoint.size == 2
    assert facts["pdf_sha256"] == endorsement["files"]["pdf"]["sha256"]
    assert facts["licence_id"] == endorsement["certificate"]["licence_id"]
    assert "样本甲" not in str(facts) and endorsement["token"] not in str(facts)
    assert str(book.proof(endorsement["endorsement_id"])) == str(proof)


def test_finding_of_a_report(anywhere: World) -> None:
    """Not yet, then logged; skipped where nobody asked."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    file = anywhere.file(endorsement)

    def found(**question: object) -> tuple[str, str, str]:
        report = anywhere.verify(file=file, **question)
        (told,) = [one for one in report.findings if one.check is Check.LOG]
        return str(report.status), str(told.result), told.code

    assert found(log=True) == ("VALID", "unknown", "LOG_NOT_YET")
    anywhere.services.sequencer.advance()
    assert found(log=True) == ("VALID", "pass", "LOGGED")
    assert found() == ("VALID", "skip", "NOT_APPLICABLE")


def test_erased_salt_leaves_the_tree_and_opens_nothing(anywhere: World) -> None:
    """Whoever is forgotten leaves a leaf that nobody can tell from any other."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    anywhere.services.sequencer.advance()
    before = anywhere.services.log_book.checkpoint().note
    with anywhere.services.registry.writing() as session:
        assert session.forget_log_salts([endorsement["endorsement_id"], "nobody"]) == 1
        assert session.forget_log_salts([endorsement["endorsement_id"]]) == 0

    report = checked(anywhere)

    assert (report.opened, report.erased, report.faults) == (1, 1, [])
    assert anywhere.services.log_book.checkpoint().note == before
    with pytest.raises(NotFoundError):
        anywhere.services.log_book.proof(endorsement["endorsement_id"])
    assert anywhere.verify(file=anywhere.file(endorsement), log=True).status == "VALID"


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
    from certsvc.registry.tables import COPY

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
        sequencer._try_advance()
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


def test_facts_of_before_the_log_are_adopted_once(anywhere: World) -> None:
    """After an upgrade what was there is logged, in one go, and only into an empty log."""
    lived(anywhere)
    sql(anywhere, "DELETE FROM log_entry")
    assert Counter(fault.code for fault in checked(anywhere).faults) == {"FACT_UNLOGGED": 7}

    assert anywhere.services.sequencer.adopt() == 7

    anywhere.services.sequencer.advance()
    report = checked(anywhere)
    assert (report.size, report.opened, report.faults) == (7, 7, [])
    with pytest.raises(UnavailableError):
        anywhere.services.sequencer.adopt()


def test_instant_of_logging_is_that_of_the_first_checkpoint(anywhere: World) -> None:
    """What a thief of a key signs later cannot have been logged earlier."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    anywhere.jump(seconds=30)
    logged = anywhere.clock.now()
    with anywhere.services.registry.reading() as session:
        assert session.logged_at(endorsement["endorsement_id"]) is None
    anywhere.services.sequencer.advance()
    anywhere.jump(days=1)
    anywhere.endorse()
    anywhere.services.sequencer.advance()

    with anywhere.services.registry.reading() as session:
        assert session.logged_at(endorsement["endorsement_id"]) == logged
        assert session.logged_at("nobody") is None
