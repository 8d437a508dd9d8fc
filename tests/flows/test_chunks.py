"""Many orders in one chunk: each is answered or refused as if it had come alone, in the order they came."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from certsvc.domain.endorsement import FORMATS, CopyState
from certsvc.errors import DefectError, StorageFullError
from certsvc.issuing.counter import Counter, Operation, Order, Outcome
from tests.flows.press_room import PickyStorage, WatchedPress, a_desk, a_press, reserved, sealed, stored
from tests.packs import packs_in
from tests.world import World

PURPOSE = {"purpose": "投标使用"}


def number(order: int) -> str:
    """Return the *order*-th registration number."""
    return f"京11120202022{order:05d}"


def endorsing(who: str, key: str, body: Any = PURPOSE) -> Order:
    """Ask for an endorsed copy."""
    return Order(op=Operation.ENDORSE, registration_number=who, body=body, client_id="tests", key=key)


def original(who: str) -> Order:
    """Ask for the original."""
    return Order(op=Operation.ORIGINAL, registration_number=who, body={}, client_id="", key="")


def recording(body: Any) -> Order:
    """Deliver an event."""
    return Order(op=Operation.EVENT, registration_number="", body=body, client_id="", key="")


def told(outcomes: Sequence[Outcome]) -> list[str]:
    """Say in one word what became of each order."""
    return [
        one.error.code if one.error is not None else "CREATED" if one.get().created else "REPEATED"
        for one in outcomes
    ]


def take(world: World, *orders: Order) -> list[Outcome]:
    """Hand in orders at the counter."""
    return world.services.counter.take(orders)


def test_each_order_of_a_chunk_has_its_own_answer(anywhere: World) -> None:
    """Bad ones in the middle, repetitions, two of one holder: nobody else is the worse for it."""
    world = anywhere
    for order in range(1, 6):
        world.initial(number(order), order=order)
    photoless = world.initial_body(number(6), order=6)
    del photoless["holder"]["photo"]
    world.record(photoless)
    world.record(world.event("suspend", number(4), reason={"code": "S", "text": "核查"}))

    outcomes = take(
        world,
        endorsing(number(1), "a"),
        endorsing("京9999999999999999", "b"),
        endorsing(number(6), "c"),
        endorsing(number(2), "d", {"purpose": ""}),
        endorsing(number(2), "d", ["no object"]),
        endorsing(number(2), "d"),
        endorsing(number(1), "second of the day"),
        endorsing(number(1), "a"),
        endorsing(number(3), "a"),
        endorsing(number(4), "e"),
        endorsing(number(5), ""),
        original(number(5)),
        original(number(5)),
        endorsing(number(5), "f"),
    )

    assert told(outcomes) == [
        "CREATED",
        "NOT_FOUND",
        "PHOTO_OR_SIGNATURE_MISSING",
        "INVALID_FIELD",
        "INVALID_FIELD",
        "CREATED",
        "ENDORSED_TODAY",
        "REPEATED",
        "IDEMPOTENCY_CONFLICT",
        "SUSPENDED",
        "INVALID_FIELD",
        "CREATED",
        "REPEATED",
        "CREATED",
    ]
    assert outcomes[7].get().body == outcomes[0].get().body
    assert outcomes[12].get().body == outcomes[11].get().body
    made: list[Any] = [one.get().body for one in outcomes if one.answer and one.answer.created]
    assert {body.get("copy_number", 0) for body in made} == {0, 1}
    for body in made:
        for file in body["files"].values():
            assert world.verify(sha256=file["sha256"]).status == "VALID"
    again = take(world, *(endorsing(number(order), key) for order, key in ((1, "a"), (2, "d"), (5, "f"))))
    assert told(again) == ["REPEATED"] * 3


def test_a_chunk_is_one_pack(world: World) -> None:
    """One sync for all its files; the next chunk has a pack of its own."""
    for order in range(1, 5):
        world.initial(number(order), order=order)
    take(world, *(endorsing(number(order), str(order)) for order in (1, 2, 3)))
    assert len(packs_in(Path(world.settings.storage_url))) == 1
    take(world, endorsing(number(4), "4"))
    assert len(packs_in(Path(world.settings.storage_url))) == 2
    assert len(stored(world)) == 4 * len(FORMATS)


def test_an_event_counts_for_the_copies_behind_it(world: World) -> None:
    """A file of mixed orders is carried out from its beginning to its end."""
    revoked = world.event("revoke", number(1), reason={"code": "R", "text": "撤销"})
    outcomes = take(
        world,
        recording(world.initial_body(number(1))),
        original(number(1)),
        recording(revoked),
        endorsing(number(1), "late"),
    )
    assert told(outcomes) == ["CREATED", "CREATED", "CREATED", "REGISTRATION_ENDED"]


def test_events_of_a_chunk_are_refused_alone(anywhere: World) -> None:
    """What is refused leaves nothing, not even the registration it had begun; the others keep their order."""
    world = anywhere
    first, second, third = (world.initial_body(number(order), order=order) for order in (1, 2, 3))
    employers = [
        world.event("amend_employer", number(1), employer={"name": f"示例{name}建设有限公司", "uscc": uscc})
        for name, uscc in (("甲", "91990000MA0000015Q"), ("乙", "91990000MA0000015Q"))
    ]
    granted = [{"name": "建筑工程", "granted_on": "2026-01-01"}]
    outcomes = take(
        world,
        *map(
            recording,
            (
                first,
                employers[0],
                # Refused late: the number is somebody else's; holder and registration are written by then.
                {**world.initial_body(number(1), order=9), "source_id": "taken"},
                {**second, "holder": {**second["holder"], "photo": "no picture"}},
                world.event("renew", number(8), specialties=granted),
                ["no object"],
                employers[1],
                first,
                {**first, "employer": {"name": "别的有限公司", "uscc": "91990000MA0000015Q"}},
                third,
            ),
        ),
    )

    assert told(outcomes) == [
        *("CREATED", "CREATED", "INVALID_FIELD", "IMAGE_REJECTED", "NO_REGISTRATION_FOR_RENEWAL"),
        *("INVALID_FIELD", "CREATED", "REPEATED", "IDEMPOTENCY_CONFLICT", "CREATED"),
    ]
    items: Any = world.services.enquiry.history(number(1))["items"]
    assert [(item["type"], item["version"]) for item in items] == [
        ("initial", 1),
        ("amend_employer", 2),
        ("amend_employer", 3),
    ]
    holder: Any = world.services.enquiry.registration(number(1), None)["employer"]
    assert holder["name"] == "示例乙建设有限公司"
    # Nothing of the refused ones is left: the person may come with another number, serials have no gap.
    ninth = world.initial(number(9), order=9)
    assert ninth["certificate"]["serial"].endswith("0000000003")


@pytest.mark.parametrize(
    ("error", "code"), [(StorageFullError("test"), "STORAGE_FULL"), (ZeroDivisionError(), "DEFECT")]
)
def test_a_copy_that_cannot_be_made_fails_alone(world: World, error: Exception, code: str) -> None:
    """Its row is FAILED with the reason, its day is free; the others of the chunk are issued."""
    for order in (1, 2, 3):
        world.initial(number(order), order=order)

    def fail_at_the_second(copy: int) -> None:
        if copy == 2:
            raise error

    desk = a_desk(world, press=WatchedPress(a_press(world), fail_at_the_second))
    counter = Counter(desk, world.services.recorder)

    outcomes = counter.take([endorsing(number(order), f"k{order}") for order in (1, 2, 3)])

    assert sorted(told(outcomes)) == sorted(["CREATED", "CREATED", code])
    (who,) = (place for place, one in enumerate(outcomes, 1) if one.error is not None)
    with world.services.registry.reading() as session:
        claim = session.find_idempotent("tests", f"k{who}")
        assert claim is not None
        failed = session.get_copy(claim.copy_id)
    assert (failed.state, failed.failure) == (CopyState.FAILED, code)
    assert len(stored(world)) == 2 * len(FORMATS)
    assert world.endorse(number(who), key=f"k{who}")["copy_number"] == 2


def test_a_chunk_that_cannot_be_stored_is_no_copy_of_anybody(world: World) -> None:
    """The disk takes the pack or it does not."""
    for order in (1, 2):
        world.initial(number(order), order=order)
    desk = a_desk(world, storage=PickyStorage(Path(world.settings.storage_url), "ofd"))
    orders = [endorsing(number(order), f"k{order}") for order in (1, 2)]

    outcomes = Counter(desk, world.services.recorder).take(orders)

    assert told(outcomes) == ["STORAGE_FULL", "STORAGE_FULL"]
    assert outcomes[0].error is not outcomes[1].error, "each is raised by its own thread"
    assert stored(world) == []
    assert told(take(world, *orders)) == ["CREATED", "CREATED"]


def test_half_a_chunk_is_recovered_row_by_row(world: World) -> None:
    """Its worker died with the pack on disk; one file of it is damaged, one row has none."""
    press = a_press(world)
    rows = []
    for order in (1, 2, 3):
        world.initial(number(order), order=order)
        rows.append(reserved(world, press, who=number(order), chunk="c" * 16))
    files: dict[str, bytes] = {}
    for row in rows[:2]:
        files |= sealed(world, press, row)[1]
    bad = rows[1].copy.file_name("ofd")
    world.services.storage.put({**files, bad: files[bad][:-1] + b"?"})
    world.jump(seconds=61)

    assert world.services.desk.recover() == {"finished": 1, "failed": 2}
    assert stored(world) == sorted(rows[0].copy.file_name(fmt) for fmt in FORMATS)
    for fmt in FORMATS:
        content = world.services.storage.get(rows[0].copy.file_name(fmt))
        assert world.verify(file=content).status == "VALID"
    for order in (2, 3):
        assert world.endorse(number(order))["copy_number"] == 2


def test_a_dead_workers_copies_are_settled_on_the_way(world: World) -> None:
    """Those who ask need not wait for recovery: whole files make their copy, none makes the day free."""
    press = a_press(world)
    rows = []
    for order in (1, 2):
        world.initial(number(order), order=order)
        rows.append(reserved(world, press, who=number(order)))
    world.services.storage.put(sealed(world, press, rows[0])[1])
    world.jump(seconds=61)

    outcomes = take(world, *(endorsing(number(order), f"k{order}") for order in (1, 2)))

    assert told(outcomes) == ["ENDORSED_TODAY", "CREATED"]
    assert outcomes[1].get().body["copy_number"] == 2


def test_a_row_changed_by_hand_stops_nobody_elses_order(world: World) -> None:
    """Tampering with one registration must not shut the counter for two hundred people."""
    for order in (1, 2, 3):
        world.initial(number(order), order=order)
    with closing(sqlite3.connect(world.settings.data_dir / "registry.db")) as connection, connection:
        connection.execute(
            "UPDATE registration SET certificate_type = 'constructor-2' WHERE registration_id = "
            "(SELECT registration_id FROM registration_number WHERE number = ?)",
            (number(2),),
        )
    suspended = {"code": "S", "text": "核查"}

    copies = take(world, *(endorsing(number(order), f"k{order}") for order in (1, 2, 3)))
    events = take(
        world, *(recording(world.event("suspend", number(order), reason=suspended)) for order in (1, 2, 3))
    )

    assert told(copies) == told(events) == ["CREATED", "RECORD_DAMAGED", "CREATED"]


def test_an_event_is_not_issued(world: World) -> None:
    """The desk refuses what belongs elsewhere."""
    (outcome,) = world.services.desk.take([recording({})])
    assert isinstance(outcome.error, DefectError)
