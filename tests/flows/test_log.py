"""The transparency log on either database: what is logged, how it advances, and what it notices."""

from __future__ import annotations

import threading

import pytest

from certsvc.domain.log_facts import LogKind
from certsvc.domain.report import Check
from certsvc.errors import KeyMaterialError, NotFoundError, UnavailableError
from certsvc.issuing.anchor import Anchor
from certsvc.issuing.sequencer import Sequencer
from certsvc.registry.port_log import LOGGING
from certsvc.sealing.port import Signer
from certsvc.translog.checkpoint import origin_of
from certsvc.translog.proof_file import read_proof
from tests.flows.logs import REASON, checked, entries, key_event, lived
from tests.world import World


def test_everything_that_counts_is_logged_in_its_order(anywhere: World) -> None:
    """One leaf each, in the order in which it happened, and each opens to the row it is about."""
    lived(anywhere)
    with anywhere.services.registry.writing() as session:
        session.record_key_event(key_event("retire", "p256-x", anywhere))
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
        session.record_key_event(key_event("rotate", "p256-x", anywhere))
        raise ZeroDivisionError

    anywhere.services.sequencer.advance()

    assert [entry.kind for entry in entries(anywhere)] == [LogKind.REGISTER]


def test_rounds_of_rivals_make_one_tree(anywhere: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes advance at once, each a few entries at a time: no gap, no double, no fork."""
    monkeypatch.setattr("certsvc.issuing.sequencer.ROUND", 7)
    registry = anywhere.services.registry
    for order in range(40):
        with registry.writing() as session:
            session.record_key_event(key_event("retire", f"k{order}", anywhere))
    settings = anywhere.settings
    rivals = [
        Sequencer(
            registry=registry,
            signer=lambda: anywhere.services.keystore.service_signer("log", anywhere.clock.now()),
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


def test_a_server_advances_by_itself_and_once_more_at_its_end(world: World) -> None:
    """Nobody has to run a command; what was issued in the last second is not left behind."""
    chore = world.services.log_chore
    chore.start()
    world.initial()

    chore.stop()

    # The event, and each key of the instance.
    assert (checked(world).size, checked(world).waiting) == (1 + len(world.services.keystore.keys), 0)
    world.services.sequencer.check()


def test_without_a_key_entries_wait_and_issuing_goes_on(world: World) -> None:
    """The register does not stand still for its log; readiness tells."""

    def no_key() -> Signer:
        raise KeyMaterialError("there is no key for log")

    keyless = Sequencer(
        registry=world.services.registry,
        signer=no_key,
        origin=world.services.log_book.origin,
        clock=world.clock,
        anchor=Anchor(world.settings.data_dir / "elsewhere" / "checkpoint"),
    )
    world.initial()
    world.endorse()

    keyless.take_turn()

    with pytest.raises(KeyMaterialError):
        keyless.check()
    assert (checked(world).size, checked(world).waiting) == (0, 2)
    assert world.services.sequencer.advance().placed == 2


def test_a_salt_that_goes_while_its_entry_is_placed_damages_nothing(anywhere: World) -> None:
    """Both write the same row: one waits for the other, and each seals what is there."""
    anywhere.initial()
    endorsement = anywhere.endorse()
    registry = anywhere.services.registry

    def forget() -> None:
        with registry.writing() as session:
            session.forget_log_salts([endorsement["endorsement_id"]])

    forgetting = threading.Thread(target=forget)
    with registry.writing() as session:
        session.hold([LOGGING])
        entries = session.log_to_place(10)
        forgetting.start()
        # Time enough for who does not wait.
        forgetting.join(0.3)
        session.place_log_entries(entries, 0)
    forgetting.join()

    with registry.reading() as looking:
        entry = looking.find_log_entry(endorsement["endorsement_id"])
    assert entry is not None
    assert (entry.place, entry.salt) == (1, None)
