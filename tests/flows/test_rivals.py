"""Events at the same moment: on both databases they end as if one had come after the other."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from certsvc.domain.registration import fold, live_on
from tests.drills import FULL, record
from tests.factories import CONSTRUCTOR_1
from tests.flows.rivals import Arena, arena, codes, endorsing, recording
from tests.images import a_photo
from tests.world import NUMBER, World, a_resident_id

ROUNDS = 20 if FULL else 3
RIVALS = 6
BORN = date(1985, 3, 7)
REASON = {"code": "test", "text": "测试"}
EMPLOYER = {"name": "另一建设有限公司", "uscc": "91990000MA0000015Q"}


@pytest.fixture
def rivals(anywhere: World) -> Iterator[Arena]:
    """Open an arena on each kind of database."""
    with arena(anywhere) as opened:
        yield opened


def number(order: int) -> str:
    """Return the *order*-th registration number."""
    return f"京11120202022{order:05d}"


def kind_of(world: World) -> str:
    """Name the kind of database *world* stands on."""
    return world.settings.database_url.partition(":")[0]


def live_registrations(world: World, who: str) -> int:
    """Count the live registrations of the holder of *who*, from their whole histories."""
    with world.services.registry.reading() as session:
        registration_id = session.find_registration(who)
        assert registration_id is not None
        holder_id = session.holder_of(registration_id)
        histories = [session.history(one) for one in session.registrations_of(holder_id, CONSTRUCTOR_1)]
    policy = world.services.kinds[CONSTRUCTOR_1].policy
    states = [fold([item.event for item in items], world.clock.now(), policy) for items in histories]
    return sum(state is not None and live_on(state, world.today) for state in states)


def changed_employer(world: World, who: str, new_number: str) -> Mapping[str, Any]:
    """Write a change of employer that brings a new number."""
    return world.event("change_employer", who, employer=EMPLOYER, new_registration_number=new_number)


@pytest.mark.parametrize("kind", ["initial", "cancel"])
def test_one_source_id_delivered_many_times_is_one_event(rivals: Arena, kind: str) -> None:
    """A system that retries before the answer came gets the first answer, not a refusal."""
    world = rivals.world
    for order in range(1, ROUNDS + 1):
        body = world.initial_body(number(order), order=order)
        if kind == "cancel":
            world.record(body)
            body = world.event("cancel", number(order), reason=REASON)
        outcomes = rivals.at_once([recording(body)] * RIVALS)
        assert codes(outcomes) == {"CREATED": 1, "REPEATED": RIVALS - 1}
        assert all(outcome.body == outcomes[0].body for outcome in outcomes)
    record("one source_id at once", database=kind_of(world), kind=kind, rounds=ROUNDS, rivals=RIVALS)


def test_one_source_id_with_two_bodies_is_a_conflict(rivals: Arena) -> None:
    """The one who comes second is told, whatever else would be wrong with it."""
    world = rivals.world
    for order in range(1, ROUNDS + 1):
        one = world.initial_body(number(order), order=order)
        other = {**one, "employer": EMPLOYER}
        told = codes(rivals.at_once([recording(one), recording(other)]))
        assert told == {"CREATED": 1, "IDEMPOTENCY_CONFLICT": 1}


def test_one_holder_begins_one_registration(rivals: Arena) -> None:
    """Two live registrations would give two copies a day."""
    world = rivals.world
    for order in range(1, ROUNDS + 1):
        bodies = [
            world.initial_body(number(order * RIVALS + place), order=order, name="样本乙")
            for place in range(RIVALS)
        ]
        told = codes(rivals.at_once([recording(body) for body in bodies]))
        assert told == {"CREATED": 1, "REGISTRATION_EXISTS": RIVALS - 1}


def test_one_number_goes_to_one_holder_who_begins(rivals: Arena) -> None:
    """A number that leads to two people would show one of them to who asks for the other."""
    world = rivals.world
    for order in range(1, ROUNDS + 1):
        bodies = [world.initial_body(number(order), order=order * RIVALS + place) for place in range(RIVALS)]
        told = codes(rivals.at_once([recording(body) for body in bodies]))
        assert told == {"CREATED": 1, "INVALID_FIELD": RIVALS - 1}


def test_one_new_number_goes_to_one_holder_who_moves(rivals: Arena) -> None:
    """Neither locks anything of the other: only the number itself is between them."""
    world = rivals.world
    people = [number(order) for order in range(1, RIVALS)]
    for order, who in enumerate(people, 1):
        world.initial(who, order=order)
    for order in range(ROUNDS):
        wanted = number(100 + order)
        bodies = [changed_employer(world, who, wanted) for who in people]
        bodies.append(world.initial_body(wanted, order=100 + order))
        told = codes(rivals.at_once([recording(body) for body in bodies]))
        assert told == {"CREATED": 1, "INVALID_FIELD": RIVALS - 1}


def test_events_of_one_registration_are_numbered_without_gap(rivals: Arena) -> None:
    """Each version is the content after its event, and no two bear one number."""
    world = rivals.world
    world.initial()
    for order in range(ROUNDS):
        bodies = [
            world.event("amend_employer", employer=EMPLOYER | {"name": f"示例{order}之{place}建设有限公司"})
            for place in range(RIVALS)
        ]
        assert codes(rivals.at_once([recording(body) for body in bodies])) == {"CREATED": RIVALS}
    items: Any = world.services.enquiry.history(NUMBER)["items"]
    assert [item["version"] for item in items] == list(range(1, ROUNDS * RIVALS + 2))
    with world.services.registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        history = session.history(registration_id)
        assert [item.event.seq for item in history] == list(range(1, ROUNDS * RIVALS + 2))
        for item in history[1:]:
            assert item.event.employer is not None
            assert session.get_version(item.version_id).face.employer.name == item.event.employer.name


def test_numbers_added_at_once_all_lead_to_the_registration(rivals: Arena) -> None:
    """Old papers bear any of them."""
    world = rivals.world
    world.initial()
    wanted = [number(order) for order in range(RIVALS)]
    told = codes(rivals.at_once([recording(changed_employer(world, NUMBER, one)) for one in wanted]))
    assert told == {"CREATED": RIVALS}
    with world.services.registry.reading() as session:
        assert len({session.find_registration(one) for one in [NUMBER, *wanted]}) == 1


def test_one_document_goes_to_one_holder(rivals: Arena) -> None:
    """Two holders move to it and a third begins with it."""
    world = rivals.world
    for order in range(1, 6):
        world.initial(number(order), order=order)
    for turn in range(ROUNDS):
        order = 200 + turn
        # All bring one photo nobody has sent before: its row too is between them.
        photo = base64.b64encode(a_photo(coat=f"#10{turn:02x}40")).decode()
        document = {"id_type": "resident_id", "id_number": a_resident_id(BORN, order), "photo": photo}
        bodies = [world.event("amend_holder", number(who), holder=document) for who in range(1, 6)]
        beginning: Any = world.initial_body(number(order), order=order)
        beginning["holder"]["photo"] = photo
        told = codes(rivals.at_once([recording(body) for body in [*bodies, beginning]]))
        assert told["CREATED"] == 1
        assert told["INVALID_FIELD"] + told["REGISTRATION_EXISTS"] == 5


def test_one_ended_registration_is_followed_by_one(rivals: Arena) -> None:
    """重新注册 twice at once would leave two live ones."""
    world = rivals.world
    for order in range(1, ROUNDS + 1):
        world.initial(number(order), order=order)
        world.record(world.event("cancel", number(order), reason=REASON))
        bodies = [
            {**world.initial_body(number(order), order=order), "type": "re_register"} for _ in range(RIVALS)
        ]
        told = codes(rivals.at_once([recording(body) for body in bodies]))
        assert told == {"CREATED": 1, "REGISTRATION_EXISTS": RIVALS - 1}


@pytest.mark.parametrize("way", ["initial", "re_register"])
def test_a_run_out_registration_revives_or_is_followed(rivals: Arena, way: str) -> None:
    """延续 of the old one and a new one at the same moment: both would be live."""
    world = rivals.world
    people = range(1, ROUNDS * 2 + 1)
    for order in people:
        world.initial(number(order), order=order)
    world.jump(days=4 * 365)
    granted = [{"name": "建筑工程", "granted_on": world.today.isoformat()}]
    for order in people:
        renewal = world.event("renew", number(order), specialties=granted)
        # An initial registration comes with a number of its own, so nothing but the holder is shared.
        beginning = world.initial_body(number(order + 500 * (way == "initial")), order=order) | {"type": way}
        told = codes(rivals.at_once([recording(renewal), recording(beginning)]))
        # After 重新注册 under the same number, that number means the new one: it is what 延续 then renews.
        both = way == "re_register" and told["CREATED"] == 2
        assert both or told == {"CREATED": 1, "REGISTRATION_EXISTS": 1}
        assert live_registrations(world, number(order)) == 1


def test_endorsing_while_the_data_change(rivals: Arena) -> None:
    """The copy shows the one state or the other; its verification says which."""
    world = rivals.world
    seen = set()
    for order in range(1, ROUNDS + 1):
        world.initial(number(order), order=order)
        amended = world.event("amend_employer", number(order), employer=EMPLOYER)
        copy, event = rivals.at_once([endorsing(number(order), f"k{order}"), recording(amended)])
        assert codes([copy, event]) == {"CREATED": 2}
        certificate: Any = copy.body["certificate"]
        version = certificate["version"]
        assert world.verify(token=copy.body["token"]).status == ("SUPERSEDED" if version == 1 else "VALID")
        seen.add(version)
    record("endorsing while data change", database=kind_of(world), rounds=ROUNDS, versions=sorted(seen))


def test_endorsing_while_the_registration_is_revoked(rivals: Arena) -> None:
    """Refused, or granted a moment before and shown as revoked; never granted after."""
    world = rivals.world
    for order in range(1, ROUNDS + 1):
        world.initial(number(order), order=order)
        revoked = world.event("revoke", number(order), reason=REASON)
        copy, event = rivals.at_once([endorsing(number(order), f"k{order}"), recording(revoked)])
        assert codes([copy, event])["CREATED"] >= 1 and event.code == "CREATED"
        assert copy.code in {"CREATED", "REGISTRATION_ENDED"}
        if copy.code == "CREATED":
            assert world.verify(token=copy.body["token"]).status == "REVOKED"


def test_one_idempotency_key_for_several_registrations_is_a_conflict(rivals: Arena) -> None:
    """One gets its copy; the others are told what is wrong and keep their day."""
    world = rivals.world
    people = [number(order) for order in range(1, 5)]
    for order, who in enumerate(people, 1):
        world.initial(who, order=order)
    for turn in range(ROUNDS):
        outcomes = rivals.at_once([endorsing(who, f"shared-{turn}") for who in people])
        assert codes(outcomes) == {"CREATED": 1, "IDEMPOTENCY_CONFLICT": len(people) - 1}
        left = [who for who, outcome in zip(people, outcomes, strict=True) if outcome.code != "CREATED"]
        for who in left:
            world.endorse(who)
        world.jump(days=1)


def test_one_idempotency_key_sent_many_times_is_one_copy(rivals: Arena) -> None:
    """An impatient caller is told to wait, or gets the first answer."""
    world = rivals.world
    world.initial()
    for turn in range(ROUNDS):
        outcomes = rivals.at_once([endorsing(NUMBER, f"same-{turn}")] * RIVALS)
        told = codes(outcomes)
        assert told["CREATED"] == 1
        assert told["REPEATED"] + told["ENDORSEMENT_PENDING"] == RIVALS - 1
        world.jump(days=1)
