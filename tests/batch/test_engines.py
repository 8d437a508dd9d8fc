"""Who carries batches out: processes of a command, the server's runner; asked to end, dying, idle."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from certsvc.batch.crew import Crew, holding
from certsvc.batch.run import Runner
from certsvc.batch.watch import watch
from certsvc.errors import UnavailableError
from certsvc.issuing.counter import Order, Outcome
from certsvc.registry.port_batches import Batch, BatchState, Engine
from tests.batch.lines import event, jsonl, number_of, plan
from tests.world import World


def test_one_run_at_a_time_on_a_machine(tmp_path: Path) -> None:
    """The second would count the first one's workers as dead."""
    with holding(tmp_path, "b") as held:
        with pytest.raises(UnavailableError), holding(tmp_path, "b", wait_s=0):
            pass
        with holding(tmp_path, "c") as other:
            assert not held.is_mine(other.worker_name())
        name = held.worker_name()
    with holding(tmp_path, "b", wait_s=0) as later:
        assert later.is_mine(name)


def test_the_service_runs_its_own_batches_and_no_others(world: World) -> None:
    """A batch of the command line is its command's, who may have stopped it on purpose."""
    local = plan(world, [event("a", world.initial_body())])
    served = plan(
        world, jsonl([event("b", world.initial_body(number_of(2), order=2))]), engine=Engine.SERVICE
    )

    assert [batch.batch_id for batch in world.services.batches.running(Engine.SERVICE)] == [served.batch_id]
    assert [batch.batch_id for batch in world.services.batches.running(Engine.LOCAL)] == [local.batch_id]


def test_who_is_asked_to_end_finishes_the_portion_in_hand(world: World) -> None:
    """Nothing is left half done, and nothing more is begun."""
    bodies = [world.initial_body(number_of(order), order=order) for order in range(1, 6)]
    batch = plan(world, [event(f"e{order}", body) for order, body in enumerate(bodies)])
    stop = Event()

    class Asked:
        """Is asked to end while it works."""

        def take(self, orders: list[Order]) -> list[Outcome]:
            stop.set()
            return world.services.counter.take(orders)

    registry, clock = world.services.registry, world.clock
    runner = Runner(registry, Asked(), clock, worker="w")  # type: ignore[arg-type]  # same shape
    assert runner.work(batch.batch_id, stop) is BatchState.RUNNING

    progress = world.services.batches.progress(batch.batch_id)
    assert 0 < progress.done < 5 and progress.running == 0
    assert world.services.batches.release(batch.batch_id, lambda _: True) == 0


def test_a_watcher_carries_out_what_there_is_and_ends_when_idle(world: World) -> None:
    """Before it ends it silences the bell and looks once more: a batch that rang just then must not wait."""
    bodies = [world.initial_body(number_of(order), order=order) for order in range(1, 4)]
    first, late = bodies[:2], bodies[2:]
    plan(world, jsonl(event("a", body) for body in first), engine=Engine.SERVICE)
    batches, silenced = world.services.batches, []

    def silence() -> None:
        silenced.append(1)
        if len(silenced) == 1:
            plan(world, jsonl(event("b", body) for body in late), engine=Engine.SERVICE)

    def running() -> Sequence[Batch]:
        return batches.running(Engine.SERVICE)

    watch(running, batches.runner("w"), Event(), idle_s=0, silence=silence)

    assert running() == [] and len(silenced) == 2
    history = [
        world.services.enquiry.history(str(body["registration_number"])) for body in (first[0], late[0])
    ]
    assert len(history) == 2


@pytest.mark.parametrize(
    ("says", "code", "deaths"),
    [
        ("pass", 0, 0),
        ("raise SystemExit(3)", 3, 0),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, 6),
    ],
    ids=["ends", "gives up", "dies"],
)
def test_a_crew_ends_with_its_workers_and_not_for_ever(says: str, code: int | None, deaths: int) -> None:
    """A worker that dies is buried and followed by another, until that is plainly of no use."""
    buried: list[str] = []
    names = iter(f"w{number}" for number in range(100))

    def command(_: str) -> Sequence[str]:
        return [sys.executable, "-S", "-c", says]

    crew = Crew(command, workers=1, named=lambda: next(names), died=buried.append)
    if code is None:
        with pytest.raises(UnavailableError):
            crew.run(Event(), lambda: None)
    else:
        assert crew.run(Event(), lambda: None) == code
    assert len(buried) == deaths and len(set(buried)) == deaths


def test_a_crew_that_is_asked_to_end_asks_its_workers() -> None:
    """And follows none that dies of it."""
    stop, names = Event(), iter(("one", "two"))
    buried: list[str] = []
    crew = Crew(
        lambda _: [sys.executable, "-S", "-c", "import time; time.sleep(60)"],
        workers=2,
        named=lambda: next(names),
        died=buried.append,
    )
    assert crew.run(stop, stop.set) == 0
    assert len(buried) == 2
