"""Look-ups counted in memory: nobody waits for a count, and little is lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog

from certsvc.domain.report import Report
from certsvc.errors import UnavailableError
from certsvc.registry.port_feed import LookUp
from certsvc.registry.sql import SQLRegistry
from certsvc.verification.lookups import LookUps
from certsvc.verification.question import Question
from certsvc.wiring.chore import EVERY_S
from tests.conftest import ROOT
from tests.drills import record
from tests.factories import FixedClock
from tests.flows.server import serving, settings_of
from tests.registry.insider import Insider
from tests.registry.test_database import settle
from tests.web.site import Site
from tests.world import JSON, World, settings_in

SOON_S = 20


def counted(world: World) -> Mapping[LookUp, int]:
    """Return what the database holds of the one registration there is."""
    held = world.services
    with held.registry.reading() as session:
        found = session.find_registration("京1112020202200001")
        assert found is not None
        return session.lookups_of(found)


def report_of(world: World, copy: JSON) -> Report:
    """Look a copy up by its token."""
    return world.verify(token=copy["token"])


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Let somebody else hold the register's file, as a stuck process does: nothing can be written."""
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    connection = sqlite3.connect(str(registry.database.engine.url.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    # Waiting ten seconds for it, at each writing, would show nothing more.
    settle(registry, "busy_timeout = 50")
    yield
    connection.execute("ROLLBACK")
    connection.close()


def test_every_way_is_counted_for_what_it_is(world: World) -> None:
    """By copy, hour of Beijing's, caller and way, from the public pages and from a platform."""
    with structlog.testing.capture_logs():
        site = Site(world)
        copy = site.issued()
        token, file = copy["token"], world.file(copy)
        number = {"number": "京1112020202200001", "name": "样本甲"}
        for _ in range(2):
            site.client.get(f"/v/{token}")
        site.client.post(f"/c/{token}", data={"name": "样本乙"})
        site.client.post("/verify", data={"code": copy["code"]})
        site.client.post("/verify", data=number)
        site.upload("/verify", file)
        batch = [{"qr": copy["verify_url"]}, {"sha256": copy["files"]["ofd"]["sha256"]}, {"code": "0" * 12}]
        site.post("/api/v1/verifications/batch", {"items": batch})
        site.client.get(f"/v/{'0' * 26}")
        site.client.post("/verify", data={**number, "name": "样本乙"})
    assert counted(world) == {}
    world.services.lookups.flush()
    found = {(one.copy_id, one.caller, one.way): count for one, count in counted(world).items()}

    copy_id = copy["endorsement_id"]
    assert found == {
        (copy_id, "public", "qr"): 3,
        (copy_id, "public", "code"): 1,
        (None, "public", "number"): 1,
        (copy_id, "public", "file"): 1,
        (copy_id, "client", "qr"): 1,
        (copy_id, "client", "file"): 1,
    }
    assert {one.hour for one in counted(world)} == {"2026-11-20T10"}


def test_counts_of_the_next_hour_are_counters_of_their_own(world: World) -> None:
    """And what was written once is not written again."""
    world.initial()
    copy = world.endorse()
    for _ in range(3):
        world.services.lookups.count(report_of(world, copy))
        world.services.lookups.flush()
        world.services.lookups.flush()
        world.jump(seconds=1800)

    assert sorted((one.hour, count) for one, count in counted(world).items()) == [
        ("2026-11-20T10", 2),
        ("2026-11-20T11", 1),
    ]


def test_a_register_that_takes_nothing_costs_no_answer_and_no_count(world: World) -> None:
    """What could not be written is kept and written later, once."""
    world.initial()
    copy = world.endorse()
    held = world.services.lookups
    with locked(world):
        held.count(report_of(world, copy), None)
        with pytest.raises(UnavailableError):
            held.flush()
        held.count(report_of(world, copy), None)
        with pytest.raises(UnavailableError):
            held.flush()
    held.flush()
    held.flush()

    assert list(counted(world).values()) == [2]


def test_memory_is_bounded_and_what_is_dropped_is_said(world: World) -> None:
    """A database that stays away for a day must not take the process with it."""
    world.initial()
    copy = world.endorse()
    client, _ = world.services.clients.add("platform", ["verify"])
    services = world.services
    held = LookUps(registry=services.registry, kinds=services.kinds, clock=services.clock, kept=3)
    with structlog.testing.capture_logs() as said, locked(world):
        for _ in range(6):
            for client_id in (None, client.client_id):
                held.count(report_of(world, copy), client_id)
            with pytest.raises(UnavailableError):
                held.flush()
            world.jump(seconds=3600)
    held.flush()

    assert sum(counted(world).values()) == 3
    assert sum(one["dropped"] for one in said) == 9


def test_one_damaged_record_does_not_keep_others_from_being_followed(world: World) -> None:
    """An insider who edits one row must not silence every feed."""
    numbers = ["京1112020202200001", "京1112020202200002", "京1112020202200003"]
    for order, number in enumerate(numbers, 1):
        world.initial(number, order=order)
    reports = [world.verify(number=number, name="样本甲") for number in numbers]
    client, _ = world.services.clients.add("platform", ["verify"])
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    damaged = reports[1].entry
    assert damaged is not None
    insider = Insider(registry)
    insider.run(
        "UPDATE registration SET certificate_type = 'x' WHERE registration_id = ?",
        damaged.version.registration_id,
    )
    for report in reports:
        world.services.lookups.count(report, client.client_id)
    with structlog.testing.capture_logs() as said:
        world.services.lookups.flush()

    assert len(insider.rows("follow")) == 2
    assert [one["code"] for one in said] == ["RECORD_DAMAGED"]


def test_the_thread_writes_without_being_asked_and_outlives_an_outage(world: World) -> None:
    """Once a second, for as long as the process lives."""
    world.initial()
    copy = world.endorse()
    held, chore = world.services.lookups, world.services.lookup_chore
    with structlog.testing.capture_logs():
        chore.start()
        chore.start()
        with locked(world):
            held.count(report_of(world, copy))
            time.sleep(2 * EVERY_S)
        _wait(lambda: sum(counted(world).values()) == 1)
        held.count(report_of(world, copy))
        chore.stop()
        chore.stop()

    assert sum(counted(world).values()) == 2


def test_a_process_that_ends_writes_its_last_counts(world: World) -> None:
    """Also within the second."""
    world.initial()
    copy = world.endorse()
    script = (
        "from certsvc.config import load_settings; from certsvc.wiring import build; import os\n"
        "from certsvc.verification.question import Question\n"
        "held = build(load_settings(os.environ)); held.lookup_chore.start()\n"
        f"held.lookups.count(held.verifier.verify(Question(token={copy['token']!r})))\n"
    )
    places = settings_of(world.settings.data_dir, world.settings.keys_dir)
    # The clock of that process is the machine's; the copy is there at any time after NOW.
    subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={"PATH": "/usr/bin:/bin", **places}, check=True
    )

    assert sum(counted(world).values()) == 1


def test_a_server_told_to_end_loses_no_look_up(
    tmp_path: Path, dev_keys: Path, font_cache: Path, database_url: str
) -> None:
    """Drill: SIGTERM right after the answers, in every worker, on both databases."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    world = World(
        settings_in(tmp_path / "var", dev_keys, database_url=database_url), FixedClock(datetime.now(UTC))
    )
    world.initial()
    path = urlsplit(str(world.endorse()["verify_url"])).path
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    registry.close()
    named = {**settings_of(tmp_path / "var", dev_keys), "CERTSVC_DATABASE_URL": database_url}
    with serving(named, workers=2) as server:
        answers = [server.call("GET", path)[0] for _ in range(50)]
    written = sum(counted(world).values())
    registry.close()
    record(f"look-ups at SIGTERM, {registry.database.dialect.name}", answered=len(answers), written=written)

    assert answers == [200] * 50
    assert written == 50


def test_counting_needs_no_thread(world: World) -> None:
    """Commands that end at once never start one; making the services must not either."""
    assert isinstance(world.services.lookups, LookUps)
    world.services.lookup_chore.stop()
    assert world.services.verifier.verify(Question(code="0" * 12)).entry is None


def _wait(until: object) -> None:
    assert callable(until)
    ends = time.monotonic() + SOON_S
    while not until():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)
