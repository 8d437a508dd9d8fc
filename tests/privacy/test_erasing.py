"""Erasing a holder: nobody finds out who it was, everybody still finds out what it was worth."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from certsvc.errors import (
    FileErasedError,
    NotFoundError,
    PersonalDataErasedError,
    RegistrationInForceError,
    RetentionNotOverError,
)
from certsvc.registry.port_feed import LookUp
from tests.privacy.erased import BORN, NAME, NEW_NAME, OTHER, OTHER_NAME, PURPOSE, Case, traces
from tests.privacy.killed import STEPS
from tests.web.site import AS_JSON, HTML, path_of
from tests.world import NUMBER


@pytest.fixture
def case(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Case:
    """Make a holder whose registration was cancelled today."""
    del font_cache
    return Case(tmp_path, dev_keys)


def test_retention_ends_on_its_day(case: Case) -> None:
    """Not one day before, and the refusal says when."""
    first = case.world.today
    case.wait(3649)
    with pytest.raises(RetentionNotOverError) as refused:
        case.erase()
    assert (refused.value.first_day - first).days == 3650
    assert case.world.services.enquiry.registration(NUMBER, None)["holder"]["name"] == NEW_NAME  # type: ignore[index]

    case.wait(1)
    assert case.world.today == refused.value.first_day
    case.erase()
    assert case.world.services.enquiry.registration(NUMBER, None)["holder"]["name"].startswith("已删除")  # type: ignore[index]


def test_what_ran_out_is_kept_as_long_from_the_day_behind_its_last(tmp_path: Path, dev_keys: Path) -> None:
    """Nobody cancels most registrations; their last valid day is a day in force."""
    case = Case(tmp_path, dev_keys, cancelled=False)
    body = case.site.get(path_of(NUMBER)).get_json()
    last = max(line["valid_to"] for line in body["specialties"])
    while case.world.today.isoformat() < last:
        case.wait(1)
    with pytest.raises(RegistrationInForceError):
        case.erase(override=True)
    case.wait(3650)
    with pytest.raises(RetentionNotOverError):
        case.erase()
    case.wait(1)
    case.erase()
    assert case.site.get(path_of(NUMBER)).get_json()["status"] == "EXPIRED"
    assert [line["valid_to"] for line in case.site.get(path_of(NUMBER)).get_json()["specialties"]] == [last]


def test_an_order_needs_no_waiting_but_an_ended_registration(case: Case) -> None:
    """A court does not wait ten years."""
    case.erase(override=True)
    assert case.site.get(path_of(NUMBER)).get_json()["holder"]["birth_date"] is None
    with pytest.raises(RegistrationInForceError):
        case.world.services.eraser.erase(OTHER, "法院", override=True)
    with pytest.raises(NotFoundError):
        case.world.services.eraser.erase("京1112020202299999", "法院", override=True)


def test_nothing_personal_is_left_in_any_file(case: Case) -> None:
    """Register, write-ahead log, packs, list of erasures: not in clear, and after erasing not at all."""
    before = case.left()
    # The files that were issued say it all, of course.
    found = [place for place, content in before.items() if any(one in content for one in traces())]
    assert found and all("/issued/" in place for place in found), "nothing lies in clear in the register"
    packs = {place for place in before if "/issued/" in place}
    with case.world.services.registry.reading() as session:
        holder_id = session.holder_of(session.registrations_with(NUMBER)[0])

    case.erase(override=True)

    found = [place for place, content in case.left().items() if any(one in content for one in traces())]
    assert found == []
    assert {place for place in case.left() if "/issued/" in place} < packs
    with case.world.services.registry.reading() as session:
        erasure = session.find_erasure(holder_id)
        assert erasure is not None and erasure.files_gone_at is not None
    assert case.world.file(case.others_copy), "the bystander's copy is handed out as ever"


def test_every_way_still_answers_without_the_person(case: Case) -> None:
    """Page, JSON, code, hash, file: the status as ever, no name."""
    asked = [
        {"code": case.copy["code"]},
        {"sha256": hashlib.sha256(case.file).hexdigest()},
        {"file": case.file},
        {"qr": case.copy["verify_url"]},
    ]
    earlier = [case.world.verify(**one) for one in asked]
    case.erase(override=True)
    for one, before in zip(asked, earlier, strict=True):
        now = case.world.verify(**one)
        assert (now.verdict, now.status, now.state_now) == (
            before.verdict,
            before.status,
            before.state_now,
        ), one
        assert [line.valid_to for line in now.specialties] == [line.valid_to for line in before.specialties]
        assert "PERSONAL_DATA_ERASED" in [finding.code for finding in now.findings]
        assert now.face is not None and now.face.erased

    token = case.copy["token"]
    for headers in (HTML, AS_JSON):
        for lang in ("zh", "en"):
            page = case.site.client.get(f"/v/{token}?lang={lang}", headers=headers)
            assert page.status_code == 200
            text = page.get_data(as_text=True)
            assert not any(
                word in text for word in (NAME, NEW_NAME, NAME[0] + "*", BORN.isoformat(), PURPOSE)
            )
            assert ("已删除" if lang == "zh" or headers is AS_JSON else "erased") in text
    for typed in (NAME, NEW_NAME, "已删除"):
        told = case.site.client.post(f"/v/{token}", data={"name": typed}, headers=HTML).get_data(as_text=True)
        assert BORN.isoformat() not in told and "data:image" not in told
        assert case.world.verify(number=NUMBER, name=typed).entry is None


def test_a_day_before_erasing_is_answered_for_as_before(case: Case) -> None:
    """The copy was superseded by the change of name, which nobody can name any more."""
    earlier = case.world.verify(code=case.copy["code"], as_of=case.before)
    assert earlier.changed_fields == ("name",)
    case.erase(override=True)
    now = case.world.verify(code=case.copy["code"], as_of=case.before)
    assert (now.status, now.state_at_as_of, now.changed_fields) == (
        earlier.status,
        earlier.state_at_as_of,
        earlier.changed_fields,
    )
    body = case.site.get(
        f"{path_of(NUMBER)}?as_of={case.before.isoformat().replace('+00:00', 'Z')}"
    ).get_json()
    assert body["status"] == "ACTIVE" and body["holder"]["name"].startswith("已删除")


def test_the_api_reads_on_and_hands_out_no_file(case: Case) -> None:
    """Registration, history, copy, feed, expiring list; files are gone, and the answer says so."""
    history = case.site.get(path_of(NUMBER, "history")).get_json()
    copy = case.site.get(f"/api/v1/endorsements/{case.copy['endorsement_id']}").get_json()
    case.erase(override=True)
    assert case.site.get(path_of(NUMBER, "history")).get_json() == history
    now = case.site.get(f"/api/v1/endorsements/{case.copy['endorsement_id']}")
    assert now.status_code == 200
    assert now.get_json() == {**copy, "purpose": "已删除"}
    for fmt in ("pdf", "ofd"):
        answer = case.site.get(f"/api/v1/endorsements/{case.copy['endorsement_id']}.{fmt}")
        assert (answer.status_code, answer.get_json()["code"]) == (410, "FILE_ERASED")
    with pytest.raises(FileErasedError):
        case.world.services.enquiry.original_file(NUMBER, "pdf")
    assert case.site.get("/api/v1/expiring?within_days=3660").status_code == 200
    with case.world.services.registry.reading() as session:
        registration_id = session.registrations_with(NUMBER)[0]
        assert session.endorsed_between(registration_id, registration_id)[0].events
        counts: dict[LookUp, int] = dict(session.lookups_of(registration_id))
    assert counts is not None


def test_nothing_more_is_recorded_or_issued(case: Case) -> None:
    """Who comes back is somebody new; the old record takes no event."""
    case.erase(override=True)
    with pytest.raises(PersonalDataErasedError):
        case.world.record(case.world.event("amend_holder", holder={"name": NAME}))
    again = case.world.record(case.body)
    assert NAME not in json.dumps(again, ensure_ascii=False), "a retry is answered without the person"
    anew = case.world.initial("京1112020202200099", name=NAME, birth_date=BORN, order=3)
    assert anew["registration"]["holder"]["name"] == NAME
    with case.world.services.registry.reading() as session:
        ids = [session.registrations_with(one)[0] for one in (NUMBER, "京1112020202200099")]
        assert session.holder_of(ids[0]) != session.holder_of(ids[1])


def test_an_old_register_put_back_is_erased_again(case: Case) -> None:
    """A backup of yesterday would bring the holder back; the list beside the secret does not."""
    case.world.services.registry.close()  # type: ignore[attr-defined]
    yesterday = case.database.read_bytes()
    case.erase(override=True)
    case.world.services.registry.close()  # type: ignore[attr-defined]
    for path in case.database.parent.glob("registry.db-*"):
        path.unlink()
    case.database.write_bytes(yesterday)
    assert case.site.get(path_of(NUMBER)).get_json()["holder"]["name"] == NEW_NAME

    assert case.world.services.eraser.complete_all() == 1
    assert case.site.get(path_of(NUMBER)).get_json()["holder"]["name"].startswith("已删除")
    assert case.world.services.eraser.complete_all() == 0
    assert case.site.get(path_of(OTHER)).get_json()["holder"]["name"] == OTHER_NAME


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_completed(case: Case, step: str) -> None:
    """Drill: SIGKILL before the rows, between rows and files, and before the files are known to be gone."""
    with case.world.services.registry.reading() as session:
        holder_id = session.holder_of(session.registrations_with(NUMBER)[0])
    settings = case.world.settings
    given = [str(settings.data_dir), str(settings.keys_dir), case.clock.now().isoformat(), step]
    killed = subprocess.run([sys.executable, "-m", "tests.privacy.killed", *given], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL

    assert case.world.services.eraser.complete_all() == 1

    with case.world.services.registry.reading() as session:
        erasure = session.find_erasure(holder_id)
        assert erasure is not None and erasure.files_gone_at is not None
    assert not [place for place, content in case.left().items() if any(one in content for one in traces())]
    assert case.world.file(case.others_copy)
    assert case.world.services.eraser.complete_all() == 0
