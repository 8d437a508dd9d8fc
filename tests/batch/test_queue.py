"""Workers on several machines: two processes share a batch over PostgreSQL, one of them is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, Final

import psycopg
import pytest

from certsvc.batch.queue import Queue
from certsvc.errors import SettingsError, UnavailableError
from certsvc.registry.port_batches import BatchState, ChunkState, Engine
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring import build
from tests.batch.lines import event, number_of, plan, states
from tests.drills import record
from tests.factories import FixedClock
from tests.faults.batch_crew import ended, fork, kill
from tests.flows.conftest import close
from tests.postgres import SUPERUSER, Server
from tests.world import JSON, World, settings_in

LEASE: Final = timedelta(seconds=2)
LOST_S: Final = 3.0
ITEMS: Final = 240
LIMIT_S: Final = 120


@pytest.fixture
def shared(tmp_path: Path, dev_keys: Path, font_cache: Path, postgresql: Server) -> Iterator[World]:
    """Make an instance on PostgreSQL that stands at the machine's time, as its workers do."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", dev_keys, database_url=postgresql.emptied())
    made = World(settings, FixedClock(datetime.now(UTC)))
    yield made
    close(made)


def work(world: World, name: str) -> int:
    """Be a worker until told to end."""
    services = build(world.settings)
    assert services.queue is not None
    services.queue.work(services.batches.runner(name, LEASE).work, Event(), name=name, lost_s=LOST_S)
    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()
    return 0


def jobs(server: Server) -> list[Any]:
    """List what the queue holds: id and status of each job."""
    with psycopg.connect(host=str(server.socket_folder), user=SUPERUSER, dbname="postgres") as connection:
        return connection.execute("SELECT id, status::text FROM procrastinate_jobs ORDER BY id").fetchall()


def bare(world: World, order: int) -> JSON:
    """Write an event without pictures, which is recorded fast."""
    body = world.initial_body(number_of(order), order=order % 400, birth_date=_born(order))
    del body["holder"]["photo"], body["holder"]["signature"]
    return body


def _born(order: int) -> date:
    return date(1980 + order // 400, 1, 1)


def wait_until(told: Callable[[], bool]) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + LIMIT_S
    while not told():
        assert time.monotonic() < ends, "it does not come to that"
        time.sleep(0.05)


def test_two_workers_share_a_batch_and_one_may_be_killed(shared: World, postgresql: Server) -> None:
    """What the dead one had in hand is done by the other, and its job is taken again."""
    world = shared
    items = [event(f"e{order}", bare(world, order)) for order in range(1, ITEMS + 1)]
    batch = plan(world, items, engine=Engine.SERVICE)
    world.services.announcer.announce(batch)
    assert {status for _, status in jobs(postgresql)} == {"todo"}
    close(world)
    workers = {name: fork(partial(work, world, name)) for name in ("one", "two")}

    def held_by() -> set[str]:
        with world.services.registry.reading() as session:
            chunks = session.chunks_of(batch.batch_id)
        return {chunk.worker for chunk in chunks if chunk.state is ChunkState.RUNNING}

    wait_until(lambda: held_by() == {"one", "two"})
    wait_until(lambda: "one" in held_by())
    kill(workers["one"])
    lost = [number for number, status in jobs(postgresql) if status == "doing"]
    done_before = world.services.batches.progress(batch.batch_id).done

    wait_until(lambda: world.services.batches.progress(batch.batch_id).state is BatchState.DONE)
    wait_until(lambda: jobs(postgresql) == [])
    assert len(lost) == 2 and done_before < ITEMS
    assert set(states(world, batch.batch_id).values()) == {("done", None)}
    for order in range(1, ITEMS + 1, 20):
        history = world.services.enquiry.history(number_of(order))["items"]
        assert isinstance(history, list) and len(history) == 1
    os.kill(workers["two"], signal.SIGTERM)
    wait_until(lambda: (code := ended(workers["two"])) is not None and code == 0)
    record("batch, two workers, one killed", items=ITEMS, done_before=done_before, jobs_lost=1)


def test_a_queue_wants_postgresql_and_says_when_it_is_away(tmp_path: Path) -> None:
    """SQLite has one machine; a database that is away is no defect of ours."""
    with pytest.raises(SettingsError):
        Queue(f"sqlite:///{tmp_path / 'registry.db'}")
    with pytest.raises(UnavailableError):
        Queue(f"postgresql+psycopg://nobody@/none?host={tmp_path}").defer("b", 1)
