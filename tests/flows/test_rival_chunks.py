"""Chunks at the same moment that share holders and registrations, each in an order of its own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from certsvc.issuing.counter import Order, Outcome
from certsvc.wiring import Services
from tests.drills import FULL, record
from tests.flows.rivals import Arena, arena
from tests.flows.test_chunks import endorsing, number, original, recording, told
from tests.world import World

RIVALS = 16
HOLDERS = 24 if FULL else 8
EMPLOYER = {"name": "另一建设有限公司", "uscc": "91990000MA0000015Q"}


@pytest.fixture
def rivals(anywhere: World) -> Iterator[Arena]:
    """Open an arena on each kind of database."""
    with arena(anywhere) as opened:
        yield opened


def at_once(rivals: Arena, chunks: Sequence[Sequence[Order]]) -> list[list[Outcome]]:
    """Hand in all chunks together, half of them in another process's services."""
    together = Barrier(len(chunks))
    sides: Sequence[Services] = rivals.sides

    def take(place: int) -> list[Outcome]:
        together.wait(timeout=60)
        return sides[place % len(sides)].counter.take(chunks[place])

    with ThreadPoolExecutor(len(chunks)) as pool:
        return list(pool.map(take, range(len(chunks))))


def shuffled(orders: Sequence[Order], seed: int) -> list[Order]:
    """Return the orders in an order of their own."""
    return random.Random(seed).sample(list(orders), len(orders))


def test_every_holder_gets_one_copy_whatever_the_order(rivals: Arena) -> None:
    """Locks taken in the order of each chunk would make two of them wait for each other for ever."""
    world = rivals.world
    people = range(1, HOLDERS + 1)
    for order in people:
        world.initial(number(order), order=order)
        other = number(order + 500)
        world.record(
            world.event("change_employer", number(order), employer=EMPLOYER, new_registration_number=other)
        )
    # Half of them go by the new number: what keeps these apart from the others is not the name of it.
    chunks = [
        shuffled(
            [endorsing(number(order + 500 * (rival % 2)), f"{rival}-{order}") for order in people], rival
        )
        for rival in range(RIVALS)
    ]

    outcomes = at_once(rivals, chunks)

    codes = Counter(code for one in outcomes for code in told(one))
    assert codes == {"CREATED": HOLDERS, "ENDORSED_TODAY": HOLDERS * (RIVALS - 1)}
    winners: list[Any] = [
        one.get().body for taken in outcomes for one in taken if one.answer and one.answer.created
    ]
    assert len({body["token"] for body in winners}) == HOLDERS
    assert {body["copy_number"] for body in winners} == {1}
    for body in winners:
        assert world.verify(token=body["token"]).status == "VALID"
    record(
        "one copy a day, chunks",
        database=world.settings.database_url.partition(":")[0],
        holders=HOLDERS,
        rivals=RIVALS,
        granted=len(winners),
    )


def test_the_same_chunk_from_everybody_is_one_set_of_copies(rivals: Arena) -> None:
    """A client that sends its batch again before the first answer came: each key is one copy."""
    world = rivals.world
    people = range(1, HOLDERS + 1)
    for order in people:
        world.initial(number(order), order=order)
    orders = [endorsing(number(order), f"same-{order}") for order in people]
    orders += [original(number(order)) for order in people]

    outcomes = at_once(rivals, [shuffled(orders, rival) for rival in range(6)])

    codes = Counter(code for one in outcomes for code in told(one))
    assert codes["CREATED"] == 2 * HOLDERS
    assert set(codes) <= {"CREATED", "REPEATED", "ENDORSEMENT_PENDING"}
    with world.services.registry.reading() as session:
        registered = [session.find_registration(number(order)) for order in people]
        copies = [session.endorsements_between(one, one) for one in registered if one is not None]
    assert [len(of_one) for of_one in copies] == [1] * HOLDERS


def test_events_and_copies_in_chunks_pass_each_other(rivals: Arena) -> None:
    """Each kind holds several registrations and holders; whoever waits, waits for one who goes on."""
    world = rivals.world
    people = range(1, HOLDERS + 1)
    for order in people:
        world.initial(number(order), order=order)
    makers: list[Callable[[int], Order]] = [
        lambda order: recording(world.event("amend_employer", number(order), employer=EMPLOYER)),
        lambda order: recording(world.event("suspend", number(order), reason={"code": "S", "text": "核查"})),
        lambda order: endorsing(number(order), f"k-{order}"),
        lambda order: original(number(order)),
    ]
    chunks = [shuffled([make(order) for order in people], place) for place, make in enumerate(makers)]

    outcomes = at_once(rivals, chunks)

    codes = [Counter(told(one)) for one in outcomes]
    assert codes[0] == codes[1] == {"CREATED": HOLDERS}
    for one in codes[2:]:
        assert set(one) <= {"CREATED", "SUSPENDED"} and sum(one.values()) == HOLDERS
    for order in people:
        items: Any = world.services.enquiry.history(number(order))["items"]
        assert sorted(item["type"] for item in items) == ["amend_employer", "initial", "suspend"]
