"""Batches whose workers are killed again and again, and batches on a full disk: each item exactly once."""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from certsvc.domain.endorsement import FORMATS
from certsvc.registry.port_batches import Batch, BatchState, Engine
from certsvc.wiring import Services
from tests.batch.conftest import anywhere as anywhere
from tests.batch.lines import CLIENT, endorse, event, jsonl, number_of, original, plan, run, states
from tests.drills import FULL, sweep
from tests.factories import FixedClock
from tests.faults.batch_crew import GAVE_UP, SharedClock, ended, kill, start
from tests.faults.census import faults_of, take_census
from tests.faults.test_full_disk import SmallDisk, disk
from tests.flows.conftest import close
from tests.world import World, settings_in

__all__ = ["anywhere", "disk"]

PEOPLE: Final = 120 if FULL else 7
WHOLE: Final = 200
KILLS: Final = WHOLE if FULL else 6
"""After so many the batch is left to end."""
LEASES_OVER: Final = timedelta(seconds=62)
LIMIT_S: Final = 600


def submission(world: World) -> bytes:
    """Write a batch: people who are there are endorsed and issued, others come and are issued."""
    for order in range(1, PEOPLE + 1):
        world.initial(number_of(order), order=order)
    items: list[object] = []
    for order in range(1, PEOPLE + 1):
        fresh = PEOPLE + order
        items.append(endorse(f"e{order}", number_of(order)))
        items.append(event(f"v{order}", world.initial_body(number_of(fresh), order=fresh)))
        items.append(original(f"o{order}", number_of(fresh if order % 2 else order)))
    return jsonl(items)


def copies_of(services: Services, number: str) -> Counter[str]:
    """Count the DONE copies of a registration by kind, and check that their files are those issued."""
    with services.registry.reading() as session:
        found = session.find_registration(number)
        assert found is not None
        copies = [*session.endorsements_between(found, found)]
        version = session.latest_version(found)
        first = session.find_original(version.version_id, 0)
        events = len(session.history(found))
    copies += [first] if first is not None else []
    done = [copy for copy in copies if copy.state == "DONE"]
    for copy in done:
        for fmt in FORMATS:
            content = services.storage.get(copy.file_name(fmt))
            assert hashlib.sha256(content).hexdigest() == copy.files[fmt].sha256
    return Counter(copy.kind.value for copy in done) + Counter(events=events)


@pytest.mark.parametrize("whole", [False, True], ids=["one worker", "the whole run"])
def test_killed_again_and_again(anywhere: World, whole: bool) -> None:
    """Two workers; every few hundred milliseconds one of them is killed, or both."""
    world = anywhere
    batch = plan(world, submission(world))
    dice, clock = random.Random(f"batch {whole}"), SharedClock(world.clock.now())
    children: dict[int, str] = {}
    kills, stalled, before, names = 0, 0, -1, 0
    ends = time.monotonic() + LIMIT_S
    while True:
        settled = _settled(world, batch)
        while len(children) < 2:
            names += 1
            close(world)
            children[start(world.settings, clock, batch.batch_id, f"w{names}")] = f"w{names}"
        time.sleep(dice.uniform(0.05, 0.4) * (1 + stalled))
        codes = {child: ended(child) for child in children}
        assert set(codes.values()) <= {None, 0, GAVE_UP}, codes
        children = {child: name for child, name in children.items() if codes[child] is None}
        if 0 in codes.values():
            break
        stalled = stalled + 1 if settled == before else 0
        before = settled
        if kills < KILLS:
            for child in dice.sample(sorted(children), len(children) if whole else 1):
                kill(child)
                del children[child]
                kills += 1
            # Portions and copies of the dead are nobody's from here on.
            clock.advance(LEASES_OVER)
        clock.advance(timedelta(seconds=1))
        assert time.monotonic() < ends, "the batch does not end"
    for child in children:
        kill(child)
    close(world)

    world.clock.instant = clock.now() + LEASES_OVER
    assert run(world, batch.batch_id) is BatchState.DONE
    world.services.desk.recover()
    # Files carry the machine's time, which recovery by the drill's clock takes for the future.
    world.services.storage.sweep_temporary(datetime.now(UTC))
    found = states(world, batch.batch_id)
    harm: Counter[str] = Counter()
    for order in range(1, PEOPLE + 1):
        there, fresh = (copies_of(world.services, number_of(one)) for one in (order, PEOPLE + order))
        expected = Counter(endorsement=1, events=1) + Counter(original=1 - order % 2)
        for had, due in ((there, expected), (fresh, Counter(events=1) + Counter(original=order % 2))):
            harm["doubles"] += (had - due).total()
            harm["lost"] += (due - had).total()
    on = world.settings.database_url.partition(":")[0].partition("+")[0]
    sweep(
        f"batch, kill {'the whole run' if whole else 'one worker'}, {on}",
        tried=kills,
        of=kills if FULL else WHOLE,
        harm=harm,
        items=len(found),
    )
    assert Counter(found.values()) == {("done", None): 3 * PEOPLE}
    assert not +harm
    assert kills > 0
    if on == "sqlite":
        close(world)
        keystore, data = world.services.keystore, world.settings.data_dir
        (data / "registry.db").symlink_to(data.with_name("registry.db"))
        assert not +faults_of(take_census(data, keystore), set(), keystore)


def _settled(world: World, batch: Batch) -> int:
    progress = world.services.batches.progress(batch.batch_id)
    assert progress.total == progress.done + progress.failed + progress.left
    return progress.done + progress.failed


@pytest.fixture
def cramped(tmp_path: Path, disk: SmallDisk, dev_keys: Path, font_cache: Path) -> World:
    """Make an instance whose issued files lie on the small disk."""
    data = tmp_path / "var"
    data.mkdir()
    (data / "cache").symlink_to(font_cache)
    (disk.mount / "issued").mkdir()
    settings = settings_in(data, dev_keys, storage_url=str(disk.mount / "issued"))
    return World(settings, FixedClock())


def test_full_disk_stops_the_batch_and_room_lets_it_go_on(cramped: World, disk: SmallDisk) -> None:
    """What met the full disk has its reason, the rest was not begun, and a resume does what is missing."""
    world = cramped
    people = range(1, 17)
    for order in people:
        world.initial(number_of(order), order=order)
    items = jsonl(endorse(f"e{order}", number_of(order)) for order in people)
    batches = world.services.batches
    batch = batches.plan(io.BytesIO(items), client_id=CLIENT, engine=Engine.LOCAL)
    disk.fill(left=600 * 1024)

    assert run(world, batch.batch_id) is BatchState.STOPPED
    stopped = batches.progress(batch.batch_id)
    codes = {code for state, code in states(world, batch.batch_id).values() if state == "failed"}
    assert (stopped.reason, codes) == ("STORAGE_FULL", {"STORAGE_FULL"})
    assert stopped.failed >= 1 and stopped.done + stopped.failed + stopped.left == len(people)
    disk.empty()
    assert batches.resume(batch.batch_id).state is BatchState.RUNNING
    assert run(world, batch.batch_id) is BatchState.DONE
    assert Counter(states(world, batch.batch_id).values()) == {("done", None): len(people)}
    copies = [copies_of(world.services, number_of(order))["endorsement"] for order in people]
    sweep(
        "batch on a full disk",
        tried=len(people),
        of=len(people),
        harm={"doubles": sum(count > 1 for count in copies), "lost": copies.count(0)},
        done_before=stopped.done,
        left=stopped.left,
    )
    assert copies == [1] * len(people)
