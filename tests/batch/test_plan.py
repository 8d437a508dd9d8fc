"""Planning: every line is counted once, bad ones with their reason and their number, and nothing twice."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest

from certsvc.batch.item import Form
from certsvc.batch.submission import ARRAY_LIMIT, LINE_LIMIT, Measure
from certsvc.errors import (
    CertsvcError,
    ForbiddenError,
    InvalidFieldError,
    MalformedError,
    TooLargeError,
)
from certsvc.issuing.counter import Operation
from certsvc.registry.port_batches import BatchState, Engine
from tests.batch.lines import CLIENT, endorse, event, jsonl, number_of, original, plan, states
from tests.world import JSON, World, a_resident_id

BAD: tuple[tuple[object, str, str], ...] = (
    (b'{"item_id": "x", "op": ', "MALFORMED", ""),
    (b'{"item_id": "x", "item_id": "y", "op": "original"}', "MALFORMED", ""),
    (b"\xff\xfe{}", "MALFORMED", ""),
    (b"[1, 2]", "MALFORMED", ""),
    ({"item_id": "x", "op": "zip", "registration_number": number_of(1)}, "INVALID_FIELD", "/op"),
    ({"item_id": "x", "op": ["endorse"]}, "INVALID_FIELD", "/op"),
    (original("x", number_of(1)) | {"purpose": "投标"}, "INVALID_FIELD", "/purpose"),
    (endorse("x", number_of(1)) | {"copies": 2}, "INVALID_FIELD", "/copies"),
    ({"item_id": "x", "op": "endorse", "registration_number": number_of(1)}, "INVALID_FIELD", "/purpose"),
    ({"op": "original", "registration_number": number_of(1)}, "INVALID_FIELD", "/item_id"),
    (original("x" * 101, number_of(1)), "INVALID_FIELD", "/item_id"),
    (original("x", "京" * 41), "INVALID_FIELD", "/registration_number"),
    ({"item_id": "x", "op": "event", "event": "initial"}, "INVALID_FIELD", "/event"),
    (
        event("x", {"registration_number": number_of(1)}) | {"registration_number": number_of(2)},
        "INVALID_FIELD",
        "/registration_number",
    ),
    (endorse("first", number_of(5)), "INVALID_FIELD", "/item_id"),
    (b'{"item_id": "' + b"x" * LINE_LIMIT + b'"}', "TOO_LARGE", ""),
)


def test_each_bad_line_has_its_reason_and_the_others_go_on(world: World) -> None:
    """Whoever sent thousands must find the few that are wrong, by their line."""
    good = [endorse("first", number_of(1)), original("second", number_of(2))]
    last = b'{"item_id": "cut", "op": "orig'
    content = jsonl([good[0], *(line for line, _, _ in BAD), b"", b"  ", good[1]]) + last
    batch = plan(world, content)

    with world.services.registry.reading() as session:
        items = {item.line: item for item in session.items_after(batch.batch_id, 0, 100)}
    progress = world.services.batches.progress(batch.batch_id)
    assert batch.state is BatchState.RUNNING
    assert batch.total == len(items) == progress.total == len(BAD) + 3
    assert (progress.pending, progress.failed) == (2, len(BAD) + 1)
    for line, (_, code, pointer) in enumerate(BAD, 2):
        faults = items[line].problem.get("faults", [])
        assert isinstance(faults, list)
        assert (items[line].state, items[line].code) == ("failed", code), line
        assert pointer in ([fault["pointer"] for fault in faults] or [""]), (line, faults)
    assert items[1].state == items[len(BAD) + 4].state == "pending"
    assert items[len(BAD) + 5].code == "MALFORMED"


def test_a_wrong_line_does_not_take_the_item_id_of_the_right_one_after_it(world: World) -> None:
    """Somebody who mends a line by adding it again gets what was meant."""
    wrong, right = endorse("a", number_of(1)) | {"x": 1}, endorse("a", number_of(1))
    batch = plan(world, [wrong, right, right])
    with world.services.registry.reading() as session:
        found = [(item.item_id, item.state.value) for item in session.items_after(batch.batch_id, 0, 10)]

    assert found == [("a", "failed"), ("a", "pending"), ("a", "failed")]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", InvalidFieldError),
        (b" \n\r\n", InvalidFieldError),
        (b"[]", InvalidFieldError),
        (b'[{"item_id": "a"', MalformedError),
        ("{}".encode("utf-16"), MalformedError),
        (b"PK\x03\x04\x00\x00", MalformedError),
        (b"[" + b" " * ARRAY_LIMIT, TooLargeError),
        (b"{}\n" * 5, TooLargeError),
        (b"x" * 1001, TooLargeError),
    ],
    ids=["nothing", "blank", "no items", "cut array", "utf-16", "zip", "long array", "lines", "bytes"],
)
def test_what_cannot_be_read_at_all_is_refused_as_a_whole(
    world: World, content: bytes, error: type[CertsvcError]
) -> None:
    """There is no item then that could carry the reason, and the place is free for a whole one."""
    for _ in range(2):
        with pytest.raises(error):
            world.services.batches.plan(
                io.BytesIO(content),
                client_id=CLIENT,
                engine=Engine.LOCAL,
                most_bytes=None if content.startswith((b"[", b"{", b" ")) else 1000,
                most_lines=4,
            )
    assert world.services.batches.running(Engine.LOCAL) == []


def test_array_and_byte_order_mark_mean_the_same_as_lines(world: World) -> None:
    """Other programs write either."""
    one = b'{"item_id": "a", "op": "original", "registration_number": "x"}'
    for content in (b"[" + one + b"]", b"\xef\xbb\xbf" + one, one + b"\r\n"):
        assert states(world, plan(world, content).batch_id) == {1: ("pending", None)}


def test_the_same_submission_is_the_same_batch_of_its_client(world: World) -> None:
    """A lost answer must not order everything twice; two clients do not see each other's."""
    items = [endorse("a", number_of(1))]
    first, again = plan(world, items), plan(world, items)
    batches = world.services.batches
    other = batches.plan(io.BytesIO(jsonl(items)), client_id="somebody", engine=Engine.LOCAL)

    assert first.batch_id == again.batch_id != other.batch_id
    assert plan(world, items, form=Form.EVENTS).batch_id != first.batch_id
    assert plan(world, [*items, endorse("b", number_of(1))]).batch_id != first.batch_id


def test_an_operation_beyond_the_client_refuses_the_whole(world: World) -> None:
    """A key for endorsing must not record events in a crowd."""
    with pytest.raises(ForbiddenError):
        world.services.batches.plan(
            io.BytesIO(jsonl([endorse("a", number_of(1)), original("b", number_of(1))])),
            client_id=CLIENT,
            engine=Engine.SERVICE,
            operations=[Operation.ENDORSE],
        )
    assert world.services.batches.running(Engine.SERVICE) == []


def test_a_planner_that_was_killed_is_finished_by_the_next_one(world: World) -> None:
    """The rows it left are neither written twice nor counted twice."""
    items: list[object] = [original(f"i{order}", number_of(order)) for order in range(450)]
    items[30] = items[7]

    class Killed(BaseException):
        """Nothing may catch it."""

    class Cut(io.BytesIO):
        """Ends the planner in its second reading."""

        readings = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.readings += 1
            if self.readings == 430:
                raise Killed
            return super().readline(-1 if size is None else size)

    with pytest.raises(Killed):
        world.services.batches.plan(Cut(jsonl(items)), client_id=CLIENT, engine=Engine.LOCAL)
    batch = plan(world, items)
    with world.services.registry.reading() as session:
        chunks = session.chunks_of(batch.batch_id)
        held = session.items_after(batch.batch_id, 0, 1000)

    progress = world.services.batches.progress(batch.batch_id)
    assert (batch.total, progress.pending, progress.failed) == (450, 449, 1)
    assert sum(chunk.total for chunk in chunks) == len(held) == 450
    for chunk in chunks:
        members = [item for item in held if item.chunk == chunk.number]
        assert chunk.total == len(members)
        assert chunk.failed == sum(item.state == "failed" for item in members)


def test_a_file_that_changes_while_it_is_read_is_refused(world: World) -> None:
    """Half of one file and half of another is nobody's order."""

    class Changing(io.BytesIO):
        """Holds something else from the second reading on."""

        def readline(self, size: int | None = -1, /) -> bytes:
            return super().readline(-1 if size is None else size).replace(b'"a"', b'"b"')

    with pytest.raises(MalformedError):
        world.services.batches.plan(
            Changing(jsonl([original("a", number_of(1))])), client_id=CLIENT, engine=Engine.LOCAL
        )
    assert world.services.batches.running(Engine.LOCAL) == []


def test_one_number_is_in_one_lane_in_its_order(world: World) -> None:
    """A renewal must not overtake the registration it renews."""
    bodies = [{"registration_number": number_of(order % 7), "source_id": str(order)} for order in range(900)]
    batch = plan(world, [event(f"e{order}", body) for order, body in enumerate(bodies)])
    with world.services.registry.reading() as session:
        lane_of = {chunk.number: chunk.lane for chunk in session.chunks_of(batch.batch_id)}
        items = session.items_after(batch.batch_id, 0, 1000)

    for name in range(7):
        chunks = [item.chunk for item in items if (item.line - 1) % 7 == name]
        assert len({lane_of[chunk] for chunk in chunks}) == 1
        assert all(before <= after for before, after in pairwise(chunks))


def test_what_an_item_says_lies_nowhere_in_clear(world: World) -> None:
    """An event holds an identity number; a stolen database must not tell it, nor let it be tried."""
    body: JSON = world.initial_body()
    number = a_resident_id(world.today.replace(1985, 3, 7))
    assert body["holder"]["id_number"] == number
    batch = plan(world, [event("a", body)])
    data = world.settings.data_dir
    lying = b"".join(path.read_bytes() for path in data.glob("registry.db*"))
    with world.services.registry.reading() as session:
        kept = session.find_body(batch.batch_id, 1)

    assert kept is not None and number.encode() in kept
    assert number.encode() not in lying and "样本甲".encode() not in lying
    assert batch.digest != Measure(bytes(32)).hasher("items").hexdigest()
