"""Carrying out: each item once, in the order that counts, whoever dies in between."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from certsvc.batch.item import Form
from certsvc.batch.run import LEASE, Runner, Step
from certsvc.domain.endorsement import CopyId
from certsvc.errors import NotFoundError
from certsvc.issuing.counter import Operation, Order, Outcome
from certsvc.issuing.reserve import get_case, reserve
from certsvc.registry.port_batches import BatchState
from tests.batch.lines import endorse, event, number_of, original, plan, run, states
from tests.factories import OTHER_NUMBER
from tests.world import JSON, NUMBER, World


class DiesWithin:
    """The real counter in the hands of somebody who does not live to settle."""

    def __init__(self, world: World) -> None:
        """Take orders for *world*."""
        self.counter = world.services.counter

    def take(self, orders: list[Order]) -> list[Outcome]:
        """Carry the orders out and die."""
        self.counter.take(orders)
        raise KeyboardInterrupt


def dying(world: World, worker: str) -> Runner:
    """Return a worker that dies after its orders were carried out and before that is written down."""
    registry, clock = world.services.registry, world.clock
    return Runner(registry, DiesWithin(world), clock, worker=worker)  # type: ignore[arg-type]  # same shape


def copies(world: World) -> int:
    """Count the DONE copies of NUMBER's registration."""
    with world.services.registry.reading() as session:
        found = session.find_registration(NUMBER)
        assert found is not None
        endorsed = [copy for copy in session.endorsements_between(found, found) if copy.state == "DONE"]
        first = session.find_original(session.latest_version(found).version_id, 0)
    return len(endorsed) + (first is not None)


def test_a_mixed_batch_from_submission_to_files(anywhere: World, tmp_path: Path) -> None:
    """First import in one go: register, issue, endorse; one of each goes wrong and hinders nobody."""
    world = anywhere
    world.initial()
    bare = world.initial_body(number_of(3), order=3)
    del bare["holder"]["photo"]
    items: list[object] = [
        endorse("e1", NUMBER),
        original("o1", NUMBER),
        endorse("again", NUMBER),
        b"{",
        original("unknown", OTHER_NUMBER),
        event("ev", world.initial_body(number_of(2), order=2)),
        endorse("fresh", number_of(2)),
        event("bare", bare),
        original("no photo", number_of(3)),
        event("wrong", bare | {"type": "renew", "source_id": "w"}),
    ]
    batch = plan(world, items)

    assert run(world, batch.batch_id) is BatchState.DONE
    found = states(world, batch.batch_id)
    assert found == {
        1: ("done", None),
        2: ("done", None),
        3: ("failed", "ENDORSED_TODAY"),
        4: ("failed", "MALFORMED"),
        5: ("failed", "NOT_FOUND"),
        6: ("done", None),
        7: ("done", None),
        8: ("done", None),
        9: ("failed", "PHOTO_OR_SIGNATURE_MISSING"),
        10: ("failed", "INVALID_FIELD"),
    }
    out = tmp_path / "out"
    exported = world.services.batches.export(batch.batch_id, out, lambda _: None)
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert exported.files == 6 and exported.missing == 0 and exported.codes["NOT_FOUND"] == 1
    assert [line["line"] for line in lines] == list(range(1, 11))
    copy = lines[0]
    assert copy["answer"]["files"].keys() == copy["files"].keys() == {"pdf", "ofd"}
    for fmt, path in copy["files"].items():
        sha256 = hashlib.sha256((out / path).read_bytes()).hexdigest()
        assert sha256 == copy["answer"]["files"][fmt]["sha256"]
        assert world.verify(sha256=sha256).status == "VALID"
    assert lines[2]["problem"]["existing"]["endorsement_id"] == copy["answer"]["endorsement_id"]
    assert (lines[5]["op"], lines[5]["registration_number"]) == ("event", None)
    again = world.services.batches.export(batch.batch_id, out, lambda _: None)
    assert (again.files, again.present) == (0, 6)


def test_the_same_again_does_only_what_is_missing(world: World) -> None:
    """Done stays done with its answer; what failed is tried anew and meets the world as it is now."""
    world.initial()
    items = [endorse("a", NUMBER), endorse("b", NUMBER), original("c", number_of(2)), b"{"]
    batch = plan(world, items)
    run(world, batch.batch_id)
    before = [result.answer for result in world.services.batches.all_results(batch.batch_id)]
    world.initial(number_of(2), order=2)
    world.jump(days=1)

    assert plan(world, items).batch_id == batch.batch_id
    assert world.services.batches.progress(batch.batch_id).pending == 2
    run(world, batch.batch_id)

    after = [result.answer for result in world.services.batches.all_results(batch.batch_id)]
    assert states(world, batch.batch_id) == {
        1: ("done", None),
        2: ("done", None),
        3: ("done", None),
        4: ("failed", "MALFORMED"),
    }
    assert after[0] == before[0] is not None
    assert copies(world) == 2


def test_events_of_one_number_keep_their_order_and_may_move_to_another(world: World) -> None:
    """A history is imported as it happened, also where the number changes on the way."""
    moved = number_of(2)
    employer = {"name": "示例建设集团有限公司", "uscc": "91990000MA0000015Q"}
    events: list[JSON] = [world.initial_body()]
    events.append(world.event("change_employer", employer=employer, new_registration_number=moved))
    events.append(world.event("suspend", moved, reason={"code": "T", "text": "测试"}))
    events.append(world.event("resume", moved))
    events.append(world.event("suspend", "京1112020202299999", reason={"code": "T", "text": "测试"}))
    batch = plan(world, [events[2], *events[:2], *events[3:]], form=Form.EVENTS)

    assert run(world, batch.batch_id) is BatchState.DONE
    assert Counter(state for state, _ in states(world, batch.batch_id).values()) == {"done": 4, "failed": 1}
    assert states(world, batch.batch_id)[5] == ("failed", "NOT_FOUND")
    history = world.services.enquiry.history(moved)["items"]
    assert isinstance(history, list)
    assert [item["type"] for item in history][:2] == ["initial", "change_employer"]


def test_who_dies_before_settling_leaves_nothing_to_be_done_twice(anywhere: World) -> None:
    """The next one hands the same orders in and gets the same copies."""
    world = anywhere
    world.initial()
    body = world.initial_body(number_of(2), order=2)
    batch = plan(world, [endorse("a", NUMBER), original("b", NUMBER), event("c", body)])
    for worker in ("w1", "w2", "w3"):
        with pytest.raises(KeyboardInterrupt):
            dying(world, worker).work(batch.batch_id, Event())
        progress = world.services.batches.progress(batch.batch_id)
        assert progress.done + progress.failed == 0 and progress.running > 0
        world.clock.advance(LEASE + timedelta(seconds=1))

    assert run(world, batch.batch_id) is BatchState.DONE
    assert set(states(world, batch.batch_id).values()) == {("done", None)}
    assert copies(world) == 2


def test_a_worker_started_again_under_its_name_does_not_wait(world: World) -> None:
    """It alone could hold its portion."""
    batch = plan(world, [event("c", world.initial_body())])
    with pytest.raises(KeyboardInterrupt):
        dying(world, "same").work(batch.batch_id, Event())

    assert world.services.batches.runner("other").step(batch.batch_id) is Step.WAIT
    assert world.services.batches.runner("same").step(batch.batch_id) is Step.WORKED
    assert states(world, batch.batch_id) == {1: ("done", None)}


def test_who_comes_too_late_settles_nothing(world: World) -> None:
    """A frozen worker wakes when another has its portion; what that one wrote stands."""
    world.initial()
    batch = plan(world, [endorse("a", NUMBER)])
    rival = world.services.batches.runner("rival")

    class Sleeps:
        """Counts as dead while it works."""

        def take(self, orders: list[Order]) -> list[Outcome]:
            world.clock.advance(LEASE + timedelta(seconds=1))
            assert rival.step(batch.batch_id) is Step.WORKED
            return [Outcome(error=NotFoundError()) for _ in orders]

    registry, clock = world.services.registry, world.clock
    late = Runner(registry, Sleeps(), clock, worker="late", lease=LEASE)  # type: ignore[arg-type]

    assert late.step(batch.batch_id) is Step.WORKED
    assert states(world, batch.batch_id) == {1: ("done", None)}


def test_an_item_whose_copy_a_dead_worker_holds_waits_for_it(world: World) -> None:
    """Its day is taken until the lease of the copy ends; then it is the batch's."""
    world.initial()
    batch = plan(world, [original("o", NUMBER)])
    order = Order(op=Operation.ORIGINAL, registration_number=NUMBER, body={}, client_id="x", key="x")
    runner = world.services.batches.runner("w")
    reserve_and_die(world, order)

    assert runner.step(batch.batch_id) is Step.WORKED
    assert states(world, batch.batch_id) == {1: ("pending", None)}
    assert runner.step(batch.batch_id) is Step.WAIT
    world.jump(seconds=62)
    assert run(world, batch.batch_id) is BatchState.DONE
    assert states(world, batch.batch_id) == {1: ("done", None)}


def reserve_and_die(world: World, order: Order) -> None:
    """Leave a PENDING row as somebody does who is killed after reserving."""
    now = world.clock.now()
    with world.services.registry.writing() as session:
        case = get_case(session, world.services.kinds, order.registration_number, now)
        key_id = world.services.keystore.signer("p256").key_id
        assert reserve(
            session,
            case,
            now,
            copy_id=CopyId("0" * 32),
            worker="dead",
            key_id=key_id,
            seal_key_id="k",
            issuer_name="k",
        )


def test_cancelling_keeps_what_was_issued_and_forgets_the_rest(world: World) -> None:
    """Nothing more is begun; the same file again brings back what was forgotten."""
    world.initial()
    bodies = [world.initial_body(number_of(order), order=order) for order in range(2, 5)]
    items = [endorse("a", NUMBER), *(event(f"v{order}", body) for order, body in enumerate(bodies)), b"{"]
    batch = plan(world, items)
    batches = world.services.batches
    assert batches.runner("w").step(batch.batch_id) is Step.WORKED
    begun = batches.progress(batch.batch_id).done
    stopped = batches.cancel(batch.batch_id)

    assert (stopped.state, stopped.left) == (BatchState.CANCELLED, 0)
    assert begun == stopped.done >= 1 and stopped.cancelled == 4 - begun
    assert batches.runner("w").step(batch.batch_id) is Step.OVER
    with world.services.registry.reading() as session:
        assert all(session.find_body(batch.batch_id, line) is None for line in range(1, 6))
    assert batches.resume(batch.batch_id).state is BatchState.CANCELLED
    assert plan(world, items).state is BatchState.RUNNING
    assert run(world, batch.batch_id) is BatchState.DONE
    assert [state for state, _ in states(world, batch.batch_id).values()] == ["done"] * 4 + ["failed"]


def test_cancelling_what_a_worker_has_in_hand_waits_for_its_outcome(world: World) -> None:
    """What was issued meanwhile must not be called cancelled."""
    world.initial()
    batch = plan(world, [endorse("a", NUMBER)])
    batches = world.services.batches

    class Cancelled:
        """Takes orders while somebody cancels."""

        def take(self, orders: list[Order]) -> list[Outcome]:
            assert batches.cancel(batch.batch_id).running == 1
            return world.services.counter.take(orders)

    registry, clock = world.services.registry, world.clock
    runner = Runner(registry, Cancelled(), clock, worker="w")  # type: ignore[arg-type]  # same shape
    assert runner.step(batch.batch_id) is Step.WORKED

    progress = batches.progress(batch.batch_id)
    assert (progress.state, progress.done, progress.cancelled) == (BatchState.CANCELLED, 1, 0)


def test_an_unknown_batch_is_not_found(world: World) -> None:
    """As is one somebody else submitted."""
    batch = plan(world, [original("a", NUMBER)])
    batches = world.services.batches
    for call in (batches.progress, batches.resume, batches.cancel, batches.get):
        for name in ("b-nothing", "\0", "京"):
            with pytest.raises(NotFoundError):
                call(name)
    with pytest.raises(NotFoundError):
        batches.get(batch.batch_id, "somebody else")
    assert batches.get(batch.batch_id, "tests") == batch
