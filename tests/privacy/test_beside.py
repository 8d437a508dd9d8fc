"""What stands beside the rows of an erased holder, on either database: log, feed, batches, lists, audit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from certsvc.audit.defect import Defect
from certsvc.audit.run import Wish, audit
from certsvc.backup.restore import restore_backup
from certsvc.backup.take import take_backup
from certsvc.domain.report import Status
from certsvc.domain.status_list import StatusValue
from certsvc.errors import NotFoundError
from certsvc.registry.port_log import LogEntry
from certsvc.registry.sql import SQLRegistry
from certsvc.translog.proof_file import read_proof
from certsvc.verification.status_lists import StatusLists
from certsvc.wiring import build
from certsvc.wiring.auditing import open_bench
from tests.batch.lines import endorse, event, plan, run
from tests.flows.logs import checked, entries
from tests.postgres import Server, find_binaries
from tests.privacy.erased import NAME, NEW_NAME, OTHER, OTHER_NAME, PURPOSE, Case
from tests.world import NUMBER, settings_in

TAKEN_AT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def case(tmp_path: Path, dev_keys: Path, font_cache: Path, database_url: str) -> Iterator[Case]:
    """Make a holder whose registration was cancelled today, with everything logged."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache").symlink_to(font_cache)
    made = Case(tmp_path, dev_keys, cancelled=False, database_url=database_url)
    made.batch = plan(made.world, [endorse("one", NUMBER, PURPOSE), endorse("two", OTHER)]).batch_id
    run(made.world, made.batch)
    made.world.jump(days=1)
    made.cancel()
    made.world.services.key_chronicle.note()
    made.world.services.sequencer.advance()
    made.world.jump(seconds=3600)
    yield made
    close(made.world.services.registry)


def close(registry: object) -> None:
    """Close the connections of a registry."""
    assert isinstance(registry, SQLRegistry)
    registry.close()


def opened(case: Case) -> list[LogEntry]:
    """Return the entries that still have a salt."""
    return [entry for entry in entries(case.world) if entry.salt is not None]


def found(case: Case) -> list[tuple[str, str]]:
    """Audit everything; return code and kind of each defect."""
    findings: list[object] = []
    audit(
        partial(open_bench, case.world.settings),
        Wish(),
        now=case.world.clock.now(),
        workers=1,
        tell=findings.append,
        step=lambda done, total: None,
    )
    return sorted((one.code, one.kind) for one in findings if isinstance(one, Defect))


def listed(case: Case) -> dict[int, StatusValue]:
    """Return what the status list says of every copy."""
    lists = StatusLists(case.world.services.registry, case.world.services.kinds)
    lists.refresh(case.world.clock.now())
    return {index: value for number in lists.numbers() for index, value in lists.values(number).items()}


def test_the_log_forgets_what_its_leaves_say_and_keeps_its_tree(case: Case) -> None:
    """No salt of the holder's is left; root, witnesses and proofs given out before hold as they did."""
    book = case.world.services.log_book
    proof = str(book.proof(case.copy["endorsement_id"]))
    before = checked(case.world)
    assert len(opened(case)) == before.size
    case.erase(override=True)
    left = {entry.fact for entry in opened(case)}
    gone = {entry.fact for entry in entries(case.world)} - left
    assert case.others_copy["endorsement_id"] in left and case.copy["endorsement_id"] in gone
    # Beginning, change of name and end; an original and two copies.
    assert len(gone) == 6
    after = checked(case.world)
    assert (after.size, after.faults) == (before.size, [])
    assert after.erased == len(gone) and after.opened == before.size - len(gone)

    assert read_proof(proof.encode()).check(book.keys).checkpoint.size == before.size
    with pytest.raises(NotFoundError):
        book.proof(case.copy["endorsement_id"])
    assert "LOGGED" in [one.code for one in case.world.verify(code=case.copy["code"], log=True).findings]
    case.world.initial("京1112020202200099", name=NAME, order=9)
    case.world.services.sequencer.advance()
    assert checked(case.world).faults == []


def test_an_entry_without_a_place_gets_one_without_its_salt(case: Case) -> None:
    """Erased before the log came to it: the leaf stands all the same."""
    case.world.record(case.world.event("revoke", reason={"code": "x", "text": "y"}))
    case.erase(override=True)
    with case.world.services.registry.reading() as session:
        (waiting,) = session.log_waiting(9)
    assert waiting.salt is None
    case.world.services.sequencer.advance()
    report = checked(case.world)
    assert (report.waiting, report.faults) == (0, [])


def test_feed_batch_and_lists_go_on_without_the_person(case: Case) -> None:
    """They tell the same of the registration; the name was never in them, or is not any more."""
    assert case.site.post("/api/v1/verifications", {"code": case.copy["code"]}).status_code == 200
    case.world.record(case.world.event("revoke", reason={"code": "x", "text": "y"}))
    paths = ("/api/v1/changes", "/api/v1/expiring?within_days=3660")
    answers = [case.site.get(path) for path in paths]
    values = listed(case)
    case.erase(override=True)
    for path, before in zip(paths, answers, strict=True):
        now = case.site.get(path)
        assert (now.status_code, before.status_code) == (200, 200), path
        text = now.get_data(as_text=True)
        assert not any(word in text for word in (NAME, NEW_NAME, PURPOSE)), path
        assert now.get_json() == before.get_json()
    assert answers[0].get_json()["items"], "the client follows this registration"
    assert listed(case) == values
    results = list(case.world.services.batches.all_results(case.batch))
    assert [one.state for one in results] == ["done", "done"]
    assert not any(word in str(results) for word in (NAME, NEW_NAME, PURPOSE))


def test_a_failed_item_goes_with_the_holder_and_another_one_stays(case: Case) -> None:
    """Its body waits to be tried again; afterwards there is nothing to try."""
    bodies = [
        case.world.event("amend_holder", number, holder={"name": name})
        for number, name in ((NUMBER, NEW_NAME), (OTHER, "\u200b"))
    ]
    batch = plan(case.world, [event(str(place), body) for place, body in enumerate(bodies)]).batch_id
    run(case.world, batch)
    with case.world.services.registry.reading() as session:
        assert [session.find_body(batch, line) is not None for line in (1, 2)] == [True, True]
    case.erase(override=True)
    with case.world.services.registry.reading() as session:
        assert [session.find_body(batch, line) is not None for line in (1, 2)] == [False, True]


def test_the_audit_takes_an_erasure_as_it_is(case: Case) -> None:
    """Absent rows and files are as they must be while the erasure is on record in both places."""
    case.erase(override=True)
    case.world.jump(seconds=3600)
    assert found(case) == []
    kept = case.world.settings.keys_dir / "erasures.jsonl"
    kept.rename(kept.with_suffix(".old"))
    assert found(case) == [("ERASURE_UNLISTED", "holder_key")]


def test_a_restored_backup_is_erased_again(
    case: Case, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Register and packs of before come back with the holder; the list beside the secret outlives them."""
    monkeypatch.setenv("PATH", f"{find_binaries()}{os.pathsep}{os.environ['PATH']}")
    settings = case.world.settings
    take_backup(
        database_url=settings.database_url,
        storage=Path(settings.storage_url),
        into=tmp_path / "kept",
        now=TAKEN_AT,
    )
    case.erase(override=True)
    (tmp_path / "again").mkdir()
    url = f"sqlite:///{tmp_path / 'again' / 'registry.db'}"
    if settings.database_url.startswith("postgresql"):
        close(case.world.services.registry)
        server = request.getfixturevalue("postgresql")
        assert isinstance(server, Server)
        url = server.emptied()
    place = settings_in(tmp_path / "again", settings.keys_dir, database_url=url)
    restore_backup(tmp_path / "kept", database_url=url, storage=Path(place.storage_url), name=None)
    case.world.settings, case.world.services = place, build(place, case.clock)
    name = case.copy["endorsement_id"] + ".pdf"
    assert case.world.services.enquiry.registration(NUMBER, None)["holder"]["name"] == NEW_NAME  # type: ignore[index]
    assert case.world.services.storage.exists(name)
    case.world.jump(seconds=3600)
    assert found(case) == [("ERASURE_UNDONE", "holder")]

    assert case.world.services.eraser.complete_all() == 1

    holder = case.world.services.enquiry.registration(NUMBER, None)["holder"]
    assert holder["name"].startswith("已删除")  # type: ignore[index]
    assert not case.world.services.storage.exists(name)
    other = case.world.services.enquiry.registration(OTHER, None)["holder"]
    assert other["name"] == OTHER_NAME  # type: ignore[index]
    assert case.world.verify(code=case.copy["code"]).status is Status.CANCELLED
    case.world.jump(seconds=3600)
    assert found(case) == []
