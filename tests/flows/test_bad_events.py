"""Events that must not be recorded: each its code and pointer, and nothing stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from certsvc.errors import CertsvcError, InvalidFieldError
from tests.world import JSON, NUMBER, World, a_resident_id

Change = Callable[[World, JSON], object]


def rows(world: World) -> dict[str, int]:
    """Count the rows of every table."""
    engine = sa.create_engine(world.settings.database_url)
    try:
        with engine.connect() as connection:
            tables = sa.inspect(connection).get_table_names()
            return {
                table: connection.execute(
                    sa.select(sa.func.count()).select_from(sa.table(table))
                ).scalar_one()
                for table in tables
            }
    finally:
        engine.dispose()


def _holder(**fields: object) -> Change:
    return lambda world, body: body["holder"].update(fields)


def _specialty(**fields: object) -> Change:
    return lambda world, body: body["specialties"][0].update(fields)


def _set(**fields: object) -> Change:
    return lambda world, body: body.update(fields)


INITIAL_FAULTS: dict[str, tuple[Change, str, str]] = {
    "unknown field": (_set(colour="red"), "INVALID_FIELD", "/colour"),
    "unknown field inside": (_holder(nickname="x"), "INVALID_FIELD", "/holder/nickname"),
    "unknown type": (_set(type="promote"), "INVALID_FIELD", "/type"),
    "unknown certificate type": (_set(certificate_type="pilot-1"), "INVALID_FIELD", "/certificate_type"),
    "missing holder": (lambda world, body: body.pop("holder"), "INVALID_FIELD", "/holder"),
    "missing name": (lambda world, body: body["holder"].pop("name"), "INVALID_FIELD", "/holder/name"),
    "name with a question mark": (_holder(name="张?"), "INVALID_FIELD", "/holder/name"),
    "name with a zero-width space": (_holder(name="张\u200b三"), "INVALID_FIELD", "/holder/name"),
    "name of 51 characters": (_holder(name="张" * 51), "INVALID_FIELD", "/holder/name"),
    "name without a glyph": (_holder(name="张\U000323af"), "GLYPH_MISSING", "/holder/name"),
    "wrong ID check": (_holder(id_number="110105194912310021"), "INVALID_FIELD", "/holder/id_number"),
    "ID with another birth date": (_holder(birth_date="1985-03-08"), "INVALID_FIELD", "/holder/id_number"),
    "ID of the other sex": (_holder(sex="女"), "INVALID_FIELD", "/holder/id_number"),
    "impossible date": (_holder(birth_date="1985-02-30"), "INVALID_FIELD", "/holder/birth_date"),
    "date with a time": (_holder(birth_date="1985-03-07T00:00:00"), "INVALID_FIELD", "/holder/birth_date"),
    "instant without offset": (_set(effective_at="2026-11-20T10:00:00"), "INVALID_FIELD", "/effective_at"),
    "wrong USCC": (
        _set(employer={"name": "示例", "uscc": "911100006000373410"}),
        "INVALID_FIELD",
        "/employer/uscc",
    ),
    "wrong number": (_set(registration_number="晋2142023202400001"), "INVALID_FIELD", "/registration_number"),
    "old paper number": (_set(registration_number="京111050700001"), "INVALID_FIELD", "/registration_number"),
    "unknown specialty": (_specialty(name="航天工程"), "INVALID_FIELD", "/specialties/0/name"),
    "no specialty": (_set(specialties=[]), "INVALID_FIELD", "/specialties"),
    "wrong end": (_specialty(valid_to="2030-01-01"), "VALIDITY_MISMATCH", "/specialties/0/valid_to"),
    "no qualification": (lambda world, body: body.pop("qualification"), "NO_QUALIFICATION", ""),
    "photo that is no base64": (_holder(photo="§§"), "IMAGE_REJECTED", "/holder/photo"),
    "photo that is no image": (
        _holder(photo=base64.b64encode(b"%PDF-1.7").decode()),
        "IMAGE_REJECTED",
        "/holder/photo",
    ),
    "signature that is no PNG": (
        _holder(signature=base64.b64encode(b"\xff\xd8\xff\xe0").decode()),
        "IMAGE_REJECTED",
        "/holder/signature",
    ),
    "number as JSON number": (_set(registration_number=7), "INVALID_FIELD", "/registration_number"),
    "reason on a beginning": (_set(reason={"code": "x", "text": "y"}), "INVALID_FIELD", "/reason"),
}


@pytest.mark.parametrize("fault", INITIAL_FAULTS)
def test_faulty_beginning_is_refused_by_name_and_leaves_nothing(world: World, fault: str) -> None:
    """The caller learns which field, and the register stays as it was."""
    change, code, pointer = INITIAL_FAULTS[fault]
    before = rows(world)
    body = world.initial_body()
    change(world, body)

    with pytest.raises(CertsvcError) as refused:
        world.record(body)

    assert refused.value.code == code
    if pointer:
        assert isinstance(refused.value, InvalidFieldError)
        assert pointer in [one.pointer for one in refused.value.faults]
        told = json.dumps([[one.zh, one.en] for one in refused.value.faults])
        assert body.get("holder", {}).get("id_number", "-none-") not in told
    assert rows(world) == before


@pytest.mark.parametrize(("ahead", "accepted"), [(300, True), (301, False)])
def test_event_may_lie_five_minutes_ahead(world: World, ahead: int, accepted: bool) -> None:
    """Clocks differ a little; a date in the future is a mistake."""
    body = world.initial_body()
    body["effective_at"] = (world.clock.now() + timedelta(seconds=ahead)).isoformat()

    if accepted:
        assert world.record(body)["certificate"]["version"] == 1
    else:
        with pytest.raises(CertsvcError) as refused:
            world.record(body)
        assert refused.value.code == "EFFECTIVE_IN_FUTURE"


@pytest.mark.parametrize("days", [0, 1])
def test_nothing_is_granted_after_the_65th_birthday(world: World, days: int) -> None:
    """The birthday itself is a valid day."""
    birthday = world.today - timedelta(days=days)
    birth_date = birthday.replace(year=birthday.year - 65)

    if days == 0:
        assert world.initial(birth_date=birth_date)["registration"]["specialties"][0]["days_left"] == 0
    else:
        with pytest.raises(CertsvcError) as refused:
            world.initial(birth_date=birth_date)
        assert refused.value.code == "OVER_AGE"


def test_second_beginning_and_events_after_the_end_are_refused(world: World) -> None:
    """One live registration per holder; an ended one takes nothing but its revocation."""
    reason = {"code": "C", "text": "测试"}
    renewal: JSON = {"specialties": [{"name": "建筑工程", "granted_on": world.today.isoformat()}]}
    codes = []

    def attempt(body: JSON) -> None:
        before = rows(world)
        try:
            world.record(body)
        except CertsvcError as error:
            codes.append(error.code)
            assert rows(world) == before
        else:
            codes.append("OK")

    attempt(world.event("renew", **renewal))
    attempt(world.event("suspend", reason=reason))
    world.initial()
    attempt(world.initial_body("沪1312020202200001"))
    attempt(world.initial_body(NUMBER, order=2))
    attempt(world.event("resume"))
    world.record(world.event("cancel", reason=reason))
    world.jump(seconds=1)
    attempt(world.event("suspend", reason=reason))
    attempt(world.event("renew", **renewal))
    attempt(world.event("revoke", reason=reason))

    assert codes == [
        "NO_REGISTRATION_FOR_RENEWAL",
        "NOT_FOUND",
        "REGISTRATION_EXISTS",
        "INVALID_FIELD",
        "INVALID_FIELD",
        "REGISTRATION_ENDED",
        "NO_REGISTRATION_FOR_RENEWAL",
        "OK",
    ]


def test_source_id_makes_an_event_idempotent(world: World) -> None:
    """A retry gets the first answer; the same id with another body is a conflict."""
    body = world.initial_body()
    first = world.services.recorder.record(body)
    world.jump(days=1)

    again = world.services.recorder.record(dict(reversed(body.items())))

    assert first.created and not again.created
    assert again.body == first.body
    with pytest.raises(CertsvcError) as refused:
        world.record(body | {"effective_at": world.clock.now().isoformat()})
    assert refused.value.code == "IDEMPOTENCY_CONFLICT"


def test_backdated_beginning_cannot_stand_beside_a_live_one(world: World) -> None:
    """Asked only about its own instant, a late initial event would give one person two registrations."""
    world.initial()
    body = world.initial_body("沪1312020202200001")
    body["effective_at"] = (world.clock.now() - timedelta(days=2)).isoformat()
    body["specialties"][0]["granted_on"] = (world.today - timedelta(days=2)).isoformat()

    with pytest.raises(CertsvcError) as refused:
        world.record(body)

    assert refused.value.code == "REGISTRATION_EXISTS"


def test_clock_that_steps_back_stops_recording(world: World) -> None:
    """A wrong clock would give wrong days; five seconds are forgiven."""
    started = world.clock.now() - timedelta(days=1)
    world.record(
        world.initial_body(granted_on=world.today - timedelta(days=1), effective_at=started.isoformat())
    )
    world.jump(seconds=-5)
    world.record(world.event("suspend", reason={"code": "S", "text": "测试"}))
    world.jump(seconds=-1)

    with pytest.raises(CertsvcError) as refused:
        world.record(world.event("resume"))

    assert refused.value.code == "TIME_UNCERTAIN"


def test_amended_document_must_agree_with_the_holder(world: World) -> None:
    """A new ID number is checked against birth date and sex already on record."""
    world.initial()
    other = a_resident_id(world.today.replace(year=1990), 3)

    with pytest.raises(CertsvcError) as refused:
        world.record(world.event("amend_holder", holder={"id_number": other}))

    assert refused.value.code == "INVALID_FIELD"


@pytest.mark.parametrize("kind", ["renew", "add_specialty"])
def test_late_event_cannot_revive_beside_a_new_registration(world: World, kind: str) -> None:
    """Judged by its own instant alone, a late renewal would give the holder two live registrations."""
    world.initial()
    lived = world.clock.now() + timedelta(days=30)
    world.jump(days=4 * 365)
    world.initial("沪1312020202200001")
    name = "建筑工程" if kind == "renew" else "公路工程"
    granted = (lived.date() + timedelta(days=0)).isoformat()
    body = world.event(kind, effective_at=lived)
    body["specialties"] = [{"name": name, "granted_on": granted, "valid_to": "2099-01-01"}]
    body["override_reason"] = "测试"

    with pytest.raises(CertsvcError) as refused:
        world.record(body)

    assert refused.value.code == "REGISTRATION_EXISTS"


def test_late_addition_cannot_undo_a_later_one(world: World) -> None:
    """Folded first, the earlier grant would stand and the later be lost."""
    granted = world.today - timedelta(days=60)
    body = world.initial_body(granted_on=granted)
    body["effective_at"] = (world.clock.now() - timedelta(days=60)).isoformat()
    world.record(body)

    def addition(days_ago: int) -> JSON:
        event = world.event("add_specialty", effective_at=world.clock.now() - timedelta(days=days_ago))
        day = world.today - timedelta(days=days_ago)
        event["specialties"] = [{"name": "公路工程", "granted_on": day.isoformat()}]
        return event

    world.record(addition(10))
    with pytest.raises(CertsvcError) as refused:
        world.record(addition(50))

    assert refused.value.code == "INVALID_FIELD"
