"""Endorsing through the real services: window, quota, warnings, retries."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest

from certsvc.domain.wording import OFFICIAL, error_text
from certsvc.errors import (
    EndorsedTodayError,
    EndorsementPendingError,
    ExpiredError,
    GlyphMissingError,
    IdempotencyConflictError,
    InvalidFieldError,
    NotFoundError,
    PhotoOrSignatureMissingError,
    RegistrationEndedError,
    SuspendedError,
    UnavailableError,
)
from tests.world import NUMBER, World


def test_copy_may_be_used_for_180_days_after_its_day(world: World) -> None:
    """The window is the whole point of an endorsed copy."""
    world.initial()

    copy = world.endorse()

    assert copy["use_from"] == world.today.isoformat()
    assert copy["use_until"] == (world.today + timedelta(days=180)).isoformat()
    assert copy["cap_reason"] == "NONE"
    assert copy["copy_number"] == 1


def test_second_copy_on_one_day_is_refused_and_the_next_day_granted(world: World) -> None:
    """One a day, by the day in Beijing; the refusal names the copy that took the day."""
    world.initial()
    first = world.endorse()

    with pytest.raises(EndorsedTodayError) as refused:
        world.endorse()
    world.jump(days=1)
    second = world.endorse()

    assert refused.value.existing_id == first["endorsement_id"]
    assert (
        error_text(refused.value.code).zh == OFFICIAL["ENDORSED_TODAY"] == "今日已申请过加注件,请勿重复加注"
    )
    assert second["copy_number"] == 2


@pytest.mark.parametrize(("days_left", "warned"), [(179, True), (180, False), (0, True)])
def test_specialty_is_warned_of_below_180_days(world: World, days_left: int, warned: bool) -> None:
    """The warning never blocks; 180 days left are enough."""
    world.initial(granted_on=world.today)
    last_day = date.fromisoformat(_only_specialty(world)["valid_to"])
    world.jump(days=(last_day - world.today).days - days_left)

    copy = world.endorse()

    expected = [
        {
            "code": "SPECIALTY_LT_180D",
            "message": OFFICIAL["SPECIALTY_LT_180D"],
            "specialty": "建筑工程",
            "days_left": days_left,
        }
    ]
    assert copy["warnings"] == (expected if warned else [])
    assert copy["cap_reason"] == ("SPECIALTY" if warned else "NONE")


def test_window_ends_on_the_65th_birthday(world: World) -> None:
    """Forty days before 65 a copy is usable for forty days."""
    birthday = world.today + timedelta(days=40)
    world.initial(birth_date=birthday.replace(year=birthday.year - 65))

    copy = world.endorse()

    assert copy["use_until"] == birthday.isoformat()
    assert copy["cap_reason"] == "AGE65"


def test_downloads_are_the_same_bytes_and_no_endorsement(world: World) -> None:
    """Fetching a copy again must not use up a day nor change a byte."""
    world.initial()
    copy = world.endorse()

    first, second = world.file(copy), world.file(copy)

    assert first == second
    assert hashlib.sha256(first).hexdigest() == copy["files"]["pdf"]["sha256"]
    assert len(first) == copy["files"]["pdf"]["size"]


def test_retry_with_the_same_key_gets_the_same_answer(world: World) -> None:
    """A lost reply must not cost the day, nor grant a second copy."""
    world.initial()
    first = world.endorse(key="k1")

    again = world.services.desk.endorse(NUMBER, {"purpose": "投标使用"}, client_id="tests", key="k1")

    assert again.body == first
    assert not again.created


def test_same_key_with_another_body_is_a_conflict(world: World) -> None:
    """A key names one request for ever, also on later days."""
    world.initial()
    world.endorse(key="k1", purpose="投标使用")
    world.jump(days=3)

    with pytest.raises(IdempotencyConflictError):
        world.endorse(key="k1", purpose="其他用途")


def test_keys_of_different_clients_do_not_meet(world: World) -> None:
    """Two clients may choose the same key by chance."""
    world.initial()
    world.endorse(key="k1")
    world.jump(days=1)

    other = world.services.desk.endorse(NUMBER, {"purpose": "投标使用"}, client_id="other", key="k1")

    assert other.created


def test_failed_attempt_frees_the_day_and_the_key(world: World) -> None:
    """When the disk refuses the file nothing may be half done: no copy, no lost day."""
    world.initial()
    folder = Path(world.settings.storage_url)
    folder.rename(folder.with_name("aside"))
    folder.write_bytes(b"not a folder")
    with pytest.raises(UnavailableError):
        world.endorse(key="k1")
    folder.unlink()
    folder.with_name("aside").rename(folder)

    copy = world.endorse(key="k1")

    assert copy["copy_number"] == 2, "numbers may have gaps"
    assert world.verify(file=world.file(copy)).status == "VALID"


def test_day_is_the_day_in_beijing(world: World) -> None:
    """One second before 16:00 UTC is still today in Beijing, 16:00 is tomorrow."""
    world.initial()
    midnight = world.clock.now().replace(hour=16, minute=0, second=0, microsecond=0)
    world.clock.instant = midnight - timedelta(seconds=1)
    first = world.endorse()
    world.clock.instant = midnight

    second = world.endorse()

    assert date.fromisoformat(second["day"]) - date.fromisoformat(first["day"]) == timedelta(days=1)


def test_ended_suspended_expired_and_incomplete_registrations_get_no_copy(world: World) -> None:
    """Each refusal has its own code, so that the caller knows what to do."""
    with pytest.raises(NotFoundError):
        world.endorse()
    world.initial()
    world.record(world.event("suspend", reason={"code": "S", "text": "核查"}))
    with pytest.raises(SuspendedError):
        world.endorse()
    world.record(world.event("resume"))
    world.jump(days=3 * 366)
    with pytest.raises(ExpiredError):
        world.endorse()
    world.record(world.event("cancel", reason={"code": "C", "text": "本人申请"}))
    with pytest.raises(RegistrationEndedError):
        world.endorse()


def test_photo_may_come_later_and_is_asked_for_until_then(world: World) -> None:
    """Photo and signature are needed on the paper, not at registration."""
    body = world.initial_body()
    photo, signature = body["holder"].pop("photo"), body["holder"].pop("signature")
    world.record(body)
    with pytest.raises(PhotoOrSignatureMissingError):
        world.endorse()

    world.record(world.event("amend_holder", holder={"photo": photo, "signature": signature}))

    assert world.endorse()["certificate"]["version"] == 2


@pytest.mark.parametrize("purpose", ["", "x" * 201, "a\x00b", "a\u202eb", "a\nb"])
def test_purpose_that_cannot_be_printed_is_refused(world: World, purpose: str) -> None:
    """What is printed and signed must be what a person reads."""
    world.initial()

    with pytest.raises(InvalidFieldError):
        world.endorse(purpose=purpose)


def test_character_without_a_glyph_is_named_before_anything_is_signed(world: World) -> None:
    """A box on a certificate is a wrong name; the day stays free."""
    world.initial()

    with pytest.raises(GlyphMissingError) as refused:
        world.endorse(purpose="用途\U000323af")

    assert "U+323AF" in refused.value.faults[0].zh
    assert refused.value.faults[0].pointer == "/purpose"
    assert world.endorse()["copy_number"] == 1


def test_two_desks_never_work_on_one_copy(world: World) -> None:
    """A request whose twin is still running is told to ask again, not to start over."""
    world.initial()
    copy = world.endorse(key="k1")
    registry = world.services.registry
    with registry.reading() as session:
        claim = session.find_idempotent("tests", "k1")

    assert claim is not None and claim.copy_id == copy["endorsement_id"]
    with pytest.raises((EndorsementPendingError, EndorsedTodayError)):
        world.endorse(key="k2")


def _only_specialty(world: World) -> dict[str, str]:
    registration = world.services.enquiry.registration(NUMBER, None)
    lines = registration["specialties"]
    assert isinstance(lines, list)
    line = lines[0]
    assert isinstance(line, dict)
    return line
