"""What happens to a registration, as verifiers see it at every hour."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certsvc.domain.report import Report
from certsvc.errors import AsOfInFutureError
from tests.world import JSON, NUMBER, World

REASON = {"code": "R1", "text": "测试"}
OTHER_EMPLOYER = {"name": "另一示例建设有限公司", "uscc": "91990000TEXT00017N"}


def _finding(report: Report, code: str) -> bool:
    return any(finding.code == code for finding in report.findings)


@pytest.fixture
def story(world: World) -> tuple[World, JSON, bytes]:
    """Endorse on day 0, change the employer on day 3, cancel on day 10; stand on day 12."""
    world.initial()
    copy = world.endorse()
    pdf = world.file(copy)
    world.jump(days=3)
    world.record(world.event("change_employer", employer=OTHER_EMPLOYER))
    world.jump(days=7)
    world.record(world.event("cancel", reason=REASON))
    world.jump(days=2)
    return world, copy, pdf


def test_state_is_told_as_of_the_hour_asked_for(story: tuple[World, JSON, bytes]) -> None:
    """A tender is judged by the hour of its opening, not by the day of the check."""
    world, copy, pdf = story
    start = world.clock.now() - timedelta(days=12)

    statuses = {day: world.verify(file=pdf, as_of=start + timedelta(days=day)) for day in (1, 5, 11)}

    assert {day: str(report.status) for day, report in statuses.items()} == {
        1: "VALID",
        5: "SUPERSEDED",
        11: "CANCELLED",
    }
    assert set(statuses[5].changed_fields) == {"employer", "employer_uscc"}
    assert statuses[1].state_now == "CANCELLED"
    assert world.verify(token=copy["token"]).status == "CANCELLED"


def test_revocation_is_void_from_the_beginning(story: tuple[World, JSON, bytes]) -> None:
    """撤销 says the registration should never have been: it holds for every hour."""
    world, _, pdf = story
    start = world.clock.now() - timedelta(days=12)

    world.record(world.event("revoke", reason=REASON))

    for day in (1, 5, 11):
        assert world.verify(file=pdf, as_of=start + timedelta(days=day)).status == "REVOKED"


def test_before_the_copy_there_is_none(story: tuple[World, JSON, bytes]) -> None:
    """A bid opened before the copy was made cannot have held it."""
    world, _, pdf = story

    assert world.verify(file=pdf, as_of=world.clock.now() - timedelta(days=13)).status == "NOT_YET"


def test_future_hour_is_refused(world: World) -> None:
    """Nobody knows the state of a later hour."""
    with pytest.raises(AsOfInFutureError):
        world.verify(code="0000-0000-0000", as_of=world.clock.now() + timedelta(seconds=1))


def test_late_event_changes_the_past_it_names(world: World) -> None:
    """State follows the day an event took effect, also when we heard of it later."""
    world.initial()
    world.jump(days=5)
    copy = world.endorse()
    pdf = world.file(copy)
    opening = world.clock.now() + timedelta(hours=1)
    world.jump(days=2)
    assert world.verify(file=pdf, as_of=opening).status == "VALID"

    world.record(
        world.event("change_employer", employer=OTHER_EMPLOYER, effective_at=opening - timedelta(days=1))
    )

    assert world.verify(file=pdf, as_of=opening).status == "SUPERSEDED"


def test_suspension_is_lifted_again(world: World) -> None:
    """A suspended copy is as good as before once the registration resumes."""
    world.initial()
    token = world.endorse()["token"]
    world.jump(days=1)
    world.record(world.event("suspend", reason=REASON))
    assert world.verify(token=token).status == "SUSPENDED"
    world.jump(days=1)

    world.record(world.event("resume"))

    assert world.verify(token=token).status == "VALID"


@pytest.mark.parametrize(("days", "status"), [(180, "VALID"), (181, "USE_EXPIRED")])
def test_copy_is_usable_on_its_180th_day_and_not_after(world: World, days: int, status: str) -> None:
    """The last day counts."""
    world.initial()
    pdf = world.file(world.endorse())

    world.jump(days=days)

    assert world.verify(file=pdf).status == status


def test_original_is_for_viewing_and_stays_valid_over_a_reissue(world: World) -> None:
    """A fresh file of the same content does not accuse the earlier one."""
    world.initial()
    first = world.original()
    assert world.services.desk.original(NUMBER).created is False
    world.jump(days=1)
    world.record(world.event("reissue"))

    second = world.original()

    assert second["token"] != first["token"]
    report = world.verify(token=first["token"])
    assert report.status == "VALID"
    assert _finding(report, "ORIGINAL_FOR_VIEWING")


def test_re_registration_leaves_old_copies_as_they_were(world: World) -> None:
    """A new registration does not bring an old certificate back to life."""
    body = world.initial_body()
    world.record(body)
    old = world.endorse()["token"]
    world.jump(days=1)
    world.record(world.event("cancel", reason=REASON))
    world.jump(days=1)
    parts = {name: body[name] for name in ("holder", "employer", "qualification")}

    answer = world.record(
        world.event(
            "re_register",
            **parts,
            specialties=[{"name": "建筑工程", "granted_on": world.today.isoformat()}],
        )
    )

    assert answer["certificate"]["version"] == 1
    assert world.verify(token=old).status == "CANCELLED"
    assert world.verify(token=world.endorse()["token"]).status == "VALID"


def test_number_with_the_wrong_name_answers_like_an_unknown_number(world: World) -> None:
    """Nobody may try numbers to learn who has them."""
    world.initial()

    wrong = world.verify(number=NUMBER, name="样本乙")
    unknown = world.verify(number="沪1312020202200001", name="样本乙")
    right = world.verify(number=NUMBER, name="样本甲")

    assert wrong.status == unknown.status == "UNKNOWN"
    assert wrong.findings == unknown.findings
    assert right.status == "VALID" and right.subject == "record"


def test_every_number_a_registration_had_answers(world: World) -> None:
    """A move to another province changes the number, not the person."""
    world.initial()
    world.jump(days=1)
    world.record(
        world.event("change_employer", employer=OTHER_EMPLOYER, new_registration_number="沪1312020202200001")
    )

    old = world.services.enquiry.registration(NUMBER, None)
    new = world.services.enquiry.registration("沪1312020202200001", None)

    assert old == new
    assert new["registration_number"] == "沪1312020202200001"


def test_change_and_change_back_leave_the_first_copy_superseded(world: World) -> None:
    """挂证: away and back again must not bring an outdated version to life."""
    employer = {"name": "示例建设有限公司", "uscc": "91990000MA0000015Q"}
    world.initial()
    copy = world.endorse()
    world.jump(days=1)
    world.record(world.event("change_employer", employer=OTHER_EMPLOYER))
    world.jump(days=1)

    answer = world.record(world.event("change_employer", employer=employer))

    report = world.verify(file=world.file(copy))
    assert answer["certificate"]["version"] == 3
    assert report.status == "SUPERSEDED"
    assert "employer" in report.changed_fields


@pytest.mark.parametrize("new_number", [None, "沪1312020202200001"])
def test_revocation_after_re_registration_names_one_registration(
    world: World, new_number: str | None
) -> None:
    """One number may have meant two registrations: the instant says which, and the other is not touched."""
    body = world.initial_body()
    world.record(body)
    old = world.endorse()["token"]
    between = world.clock.now() + timedelta(hours=1)
    world.jump(days=1)
    world.record(world.event("cancel", reason=REASON))
    world.jump(days=1)
    parts = {name: body[name] for name in ("holder", "employer", "qualification")}
    parts["specialties"] = [{"name": "建筑工程", "granted_on": world.today.isoformat()}]
    if new_number is not None:
        parts["new_registration_number"] = new_number
    world.record(world.event("re_register", **parts))
    new = world.endorse(new_number or NUMBER)["token"]
    world.jump(days=1)
    assert world.verify(number=NUMBER, name="样本甲", as_of=between).status == "VALID"

    world.record(world.event("revoke", reason=REASON, effective_at=between))

    assert world.verify(token=old).status == "REVOKED"
    assert world.verify(token=new).status == "VALID"


def test_name_typed_is_the_one_of_the_hour_asked_for(world: World) -> None:
    """A tender lists the name of its day; a later amendment must not make it unknown."""
    world.initial()
    opening = world.clock.now()
    world.jump(days=1)
    world.record(world.event("amend_holder", holder={"name": "样本改"}))

    assert world.verify(number=NUMBER, name="样本甲", as_of=opening).status == "VALID"
    assert world.verify(number=NUMBER, name="样本改", as_of=opening).status == "UNKNOWN"
    assert world.verify(number=NUMBER, name="样本改").status == "VALID"


def test_clock_a_little_behind_does_not_accuse(world: World) -> None:
    """Two servers never agree to the second: what one has just issued is not "not yet" to the other."""
    world.initial()
    world.jump(days=1)
    copy = world.endorse()
    pdf = world.file(copy)

    world.jump(seconds=-3)

    assert world.verify(file=pdf).status == "VALID"
    world.jump(seconds=-3)
    assert world.verify(file=pdf).status == "UNAVAILABLE"
