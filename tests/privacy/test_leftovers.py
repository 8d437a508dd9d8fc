"""What an erasure could leave behind or do too much: beside the rows, and beside the one who is erased."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from certsvc.domain.report import Status, Verdict
from certsvc.errors import InvalidFieldError, RecordDamagedError, RegistrationInForceError, UnavailableError
from certsvc.issuing.discretion import digest_of
from certsvc.registry.sql import SQLWriteSession
from certsvc.storage.local import LocalStorage
from tests.audit.store import Spoiler
from tests.batch.lines import endorse, event, plan, run, states
from tests.flows.logs import entries, sql
from tests.privacy.erased import BORN, NAME, OTHER, PURPOSE, Case
from tests.world import NUMBER, a_resident_id


@pytest.fixture
def case(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Case:
    """Make a holder whose registration was cancelled today."""
    del font_cache
    return Case(tmp_path, dev_keys)


def holder_of(case: Case, number: str = NUMBER) -> str:
    """Return whose number it is."""
    with case.world.services.registry.reading() as session:
        return session.holder_of(session.registrations_with(number)[0])


def test_no_plain_digest_lets_a_guess_be_tried(case: Case) -> None:
    """A purpose, or a person who registered again with the same picture, would be found by trying."""
    with case.world.services.registry.reading() as session:
        registration_id = session.registrations_with(NUMBER)[0]
    body = {"registration": registration_id, "body": {"purpose": PURPOSE}}
    spoiler = Spoiler(case.world, picking=False)
    guess = digest_of(body)
    assert guess in [row["body_digest"] for row in spoiler.rows("idempotency_key")]
    before = {str(row["content_digest"]) for row in spoiler.rows("copy")}
    others = {
        str(row["content_digest"]) for row in spoiler.rows("copy") if row["holder_id"] != holder_of(case)
    }

    case.erase(override=True)

    assert guess not in [row["body_digest"] for row in spoiler.rows("idempotency_key")]
    assert {str(row["content_digest"]) for row in spoiler.rows("copy")} & before == others
    # A bystander's request is still known again.
    assert len(spoiler.rows("idempotency_key")) == 2


def test_what_failed_in_a_batch_goes_too(case: Case) -> None:
    """Its body waits to be tried again, under a key that outlives the holder's."""
    again = case.world.event("amend_holder", holder={"name": "样本再改"})
    new = case.world.initial_body("京1112020202200055", name=NAME, birth_date=BORN, order=3)
    new["specialties"][0]["name"] = "没有的专业"
    other = case.world.event("amend_holder", OTHER, holder={"name": "样本\u0000"})
    batch = plan(
        case.world, [event("a", again), endorse("b", NUMBER, PURPOSE), event("c", new), event("d", other)]
    )
    run(case.world, batch.batch_id)
    assert {state for state, _ in states(case.world, batch.batch_id).values()} == {"failed"}
    spoiler = Spoiler(case.world, picking=False)
    before = {row["line"] for row in spoiler.rows("batch_body")}
    assert before >= {1, 2, 3}

    case.erase(override=True)

    assert {row["line"] for row in spoiler.rows("batch_body")} == before - {1, 2, 3}
    late = plan(case.world, [event("e", again | {"source_id": "late"})])
    run(case.world, late.batch_id)
    assert states(case.world, late.batch_id) == {1: ("failed", "PERSONAL_DATA_ERASED")}
    assert late.batch_id not in [row["batch_id"] for row in spoiler.rows("batch_body")]


def test_who_registers_while_it_is_asked_for_is_not_erased(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is in force when the erasure looks; when its turn comes, something is."""
    writing = case.world.services.registry.writing
    came: list[object] = []

    def late() -> object:
        if not came:
            came.append(NUMBER)
            body = case.world.initial_body("京1112020202200066", name=NAME, birth_date=BORN, order=3)
            came.append(case.world.record(body))
        return writing()

    monkeypatch.setattr(case.world.services.registry, "writing", late)
    with pytest.raises(RegistrationInForceError):
        case.erase(override=True)

    assert len(came) == 2
    assert not (case.world.settings.keys_dir / "erasures.jsonl").exists()
    with case.world.services.registry.reading() as session:
        assert session.find_erasure(holder_of(case)) is None  # type: ignore[arg-type]
    assert case.world.services.enquiry.registration("京1112020202200066", None)["holder"]["name"] == NAME  # type: ignore[index]


def test_one_who_cannot_be_completed_hinders_no_other(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restore, say: a damaged row of one holder must not keep everybody else in the register."""
    case.world.record(
        case.world.event("cancel", OTHER, reason={"code": "HOLDER_REQUEST", "text": "本人申请"})
    )
    stuck, sound = holder_of(case, OTHER), holder_of(case)
    with monkeypatch.context() as crash:
        crash.setattr(SQLWriteSession, "erase_holder", _away)
        for number in (OTHER, NUMBER):
            with pytest.raises(UnavailableError):
                case.world.services.eraser.erase(number, "法院", override=True)
    sql(
        case.world,
        "UPDATE certificate_version SET face = '{}' WHERE registration_id IN"
        " (SELECT registration_id FROM registration WHERE holder_id = :holder_id)",
        holder_id=stuck,
    )

    with pytest.raises(RecordDamagedError):
        case.world.services.eraser.complete_all()

    with case.world.services.registry.reading() as session:
        assert session.find_erasure(sound) is not None  # type: ignore[arg-type]
        assert session.find_erasure(stuck) is None  # type: ignore[arg-type]


def test_a_holder_marked_by_hand_hinders_no_other(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes into the database erases nobody, and keeps nobody from being erased."""
    with monkeypatch.context() as crash:
        crash.setattr(SQLWriteSession, "erase_holder", _away)
        with pytest.raises(UnavailableError):
            case.erase(override=True)
    marked = holder_of(case, OTHER)
    sql(
        case.world,
        "UPDATE holder_key SET wrapped = NULL, erased_at = created_at WHERE holder_id = :holder_id",
        holder_id=marked,
    )

    with pytest.raises(RecordDamagedError):
        case.world.services.eraser.complete_all()

    with case.world.services.registry.reading() as session:
        assert session.find_erasure(holder_of(case)) is not None  # type: ignore[arg-type]
    told = case.world.verify(code=case.others_copy["code"])
    assert (told.verdict, told.status) == (Verdict.INDETERMINATE, Status.UNAVAILABLE)


def _away(*_: object) -> None:
    raise UnavailableError("away")


def test_a_damaged_pack_keeps_no_other_file(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and everything else of the holder is gone by then."""
    gone: list[str] = []
    remove = LocalStorage.remove
    with case.world.services.registry.reading() as session:
        registration_id = session.registrations_with(NUMBER)[0]
        copies = session.copies_of(registration_id)
    bad = copies[0].copy_id

    def removing(storage: LocalStorage, names: Iterable[str]) -> None:
        for name in names:
            if name.startswith(bad):
                raise RecordDamagedError("a damaged pack cannot be written anew")
            remove(storage, [name])
            gone.append(name)

    with monkeypatch.context() as damaged:
        damaged.setattr(LocalStorage, "remove", removing)
        with pytest.raises(RecordDamagedError):
            case.erase(override=True)
    assert {name.split(".")[0] for name in gone} == {one.copy_id for one in copies} - {bad}
    assert case.world.services.eraser.complete_all() == 1
    assert not any(case.world.services.storage.exists(one.file_name("pdf")) for one in copies)


def test_a_log_that_is_adopted_afterwards_opens_nothing(case: Case) -> None:
    """An old register put back is erased before anything else; its log begins behind that."""
    sql(case.world, "DELETE FROM log_entry")
    case.erase(override=True)
    case.world.services.sequencer.adopt()
    case.world.services.sequencer.advance()

    opened = {entry.fact for entry in entries(case.world) if entry.salt is not None}
    assert case.copy["endorsement_id"] not in opened and case.others_copy["endorsement_id"] in opened
    assert len(entries(case.world)) > len(opened)


def test_a_reason_takes_no_identity_number(case: Case) -> None:
    """The list outlives everything; what is typed into it stays."""
    number = a_resident_id(BORN, 3)
    with pytest.raises(InvalidFieldError):
        case.world.services.eraser.erase(NUMBER, f"{number} 法院", override=True)
    assert not (case.world.settings.keys_dir / "erasures.jsonl").exists()
