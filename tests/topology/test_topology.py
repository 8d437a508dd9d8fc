"""Two API processes, two workers, PostgreSQL, an S3-compatible store, nginx: kill any, lose nothing."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from certsvc.client import Client
from tests.drills import FULL, sweep
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import free_port
from tests.postgres import Server
from tests.s3_server import Moto
from tests.tools import ROOT, need
from tests.topology.load import PATIENT, Batcher, Caller, Endorser, Reader, Told, Verifier, lost_files
from tests.topology.stack import Part, Proxy, api, start_proxy, worker
from tests.world import JSON, World, settings_in

LOAD_S: Final = 120 if FULL else 8
PAUSE_S: Final = 0.3
"""Between two kills, at least; the victim's twin must be ready, since one at a time is what we promise."""
SETTLE_S: Final = 240
SCOPES: Final = ("issue", "endorse", "read", "verify")


@dataclass(slots=True, kw_only=True)
class Deployment:
    """All parts, started."""

    parts: list[Part]
    proxy: Proxy
    api_key: str
    database_url: str
    environ: dict[str, str]
    people: Callable[[], JSON]

    def twin(self, part: Part) -> Part:
        """Return the other one of its kind."""
        return next(
            one for one in self.parts if one is not part and (one.port is None) == (part.port is None)
        )


@pytest.fixture
def deployment(
    tmp_path: Path, dev_keys: Path, font_cache: Path, postgresql: Server, s3_server: Moto
) -> Iterator[Deployment]:
    """Start every part, as deploy/ describes it."""
    need("nginx")
    url = postgresql.emptied()
    port = free_port()
    shared = {"database_url": url, "public_url": f"https://127.0.0.1:{port}", "trusted_proxies": "127.0.0.1"}
    shared |= s3_server.settings("topology")
    (tmp_path / "init").mkdir()
    world = World(settings_in(tmp_path / "init", dev_keys, **shared), FixedClock(datetime.now(UTC)))
    try:
        _, api_key = world.services.clients.add("topology", SCOPES)
    finally:
        close(world)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CERTSVC_")}
    plain |= {f"CERTSVC_{name.upper()}": value for name, value in shared.items()}
    plain |= {"CERTSVC_KEYS_DIR": str(dev_keys), "CERTSVC_DATA_DIR": str(tmp_path / "init")}
    parts = []
    for make, name in ((api, "api-1"), (api, "api-2"), (worker, "worker-1"), (worker, "worker-2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cache").symlink_to(font_cache)
        parts.append(make(name, tmp_path, plain | {"CERTSVC_DATA_DIR": str(tmp_path / name)}))
    order = itertools.count(1)
    lock = threading.Lock()

    def people() -> JSON:
        with lock:
            place = next(order)
            # An identity number tells at most 499 people of one birthday apart.
            born = date(1985, 3, 7) + timedelta(days=place // 400)
            return world.initial_body(f"京11120202022{place:05d}", order=1 + place % 400, birth_date=born)

    proxy = None
    try:
        for part in parts:
            part.start()
        for part in parts:
            part.wait_ready()
        proxy = start_proxy(tmp_path / "proxy", port, [part.port for part in parts if part.port is not None])
        yield Deployment(
            parts=parts, proxy=proxy, api_key=api_key, database_url=url, environ=plain, people=people
        )
    finally:
        if proxy is not None:
            proxy.end()
        for part in parts:
            if part.process is not None and part.process.poll() is None:
                part.kill()


def test_killing_any_part_loses_nothing_acknowledged(deployment: Deployment) -> None:
    """Callers go on while parts are killed, then restarted in turn; then everything is counted."""
    told, over = Told(), threading.Event()
    callers = _callers(deployment, told, over)
    for caller in callers:
        caller.start()
    kills = _killing(deployment, random.Random("topology"))
    restarts = _rolling(deployment)
    over.set()
    for caller in callers:
        caller.join(timeout=PATIENT.total_s + 60)
        assert not caller.is_alive(), f"{caller.name} waits for ever"

    assert not told.faults, told.faults
    assert told.endorsed, "no copy was acknowledged: nothing was tested"
    assert told.batches, "no batch was acknowledged: nothing was tested"
    trust = deployment.proxy.trust()
    with Client(
        deployment.proxy.url, api_key=deployment.api_key, patience=PATIENT, tls=trust, sleep=told.pause
    ) as client:
        items, unlike = _batches(client, told)
        lost = [wrong for _, copy in told.endorsed.values() for wrong in lost_files(client, copy)]
    doubles, pending = _rows(deployment, told)
    audit = _audit(deployment)
    sweep(
        "topology",
        tried=sum(kills.values()) + restarts,
        of=sum(kills.values()) + restarts,
        harm={"lost": len(lost) + len(unlike), "doubles": len(doubles), "unsettled": len(pending)},
        kills=" ".join(f"{name}:{count}" for name, count in sorted(kills.items())),
        restarts=restarts,
        answered=told.calls,
        retries=told.retries,
        copies=len(told.endorsed),
        items=items,
    )
    assert not (lost or unlike or doubles or pending), (lost, unlike, doubles, pending)
    assert set(kills) == {"api", "worker"}, "one kind was never killed"
    assert audit["defects"] == 0, audit


def _callers(deployment: Deployment, told: Told, over: threading.Event) -> list[Caller]:
    trust = deployment.proxy.trust()
    kinds: list[type[Caller]] = [Endorser, Endorser, Endorser, Batcher, Verifier, Reader]
    callers = []
    for place, kind in enumerate(kinds):
        name = f"{kind.__name__}-{place}"
        caller = kind(name, deployment.proxy, deployment.api_key, told, over, trust)
        if isinstance(caller, Endorser | Batcher):
            caller.people = deployment.people
        if isinstance(caller, Reader):
            caller.proxy, caller.trust = deployment.proxy, trust
        callers.append(caller)
    return callers


def _killing(deployment: Deployment, chance: random.Random) -> Counter[str]:
    """Kill one part after the other, as soon as its twin can take over, and start it again at once."""
    kills: Counter[str] = Counter()
    kinds = itertools.cycle(("api", "worker"))
    until = time.monotonic() + LOAD_S
    while time.monotonic() < until:
        kind = next(kinds)
        victim = chance.choice([part for part in deployment.parts if part.name.startswith(kind)])
        deployment.twin(victim).wait_ready()
        time.sleep(PAUSE_S * (0.5 + chance.random()))
        victim.kill()
        victim.start()
        kills[kind] += 1
    return kills


def _rolling(deployment: Deployment) -> int:
    """Restart every part in turn with SIGTERM, as an upgrade does; returns how many."""
    for part in deployment.parts:
        deployment.twin(part).wait_ready()
        part.wait_ready()
        code = part.end()
        assert code in {0, -signal.SIGTERM}, f"{part.name} ended with {code}"
        part.start()
        part.wait_ready()
    return len(deployment.parts)


def _batches(client: Client, told: Told) -> tuple[int, list[str]]:
    """Wait for every batch; returns its items, and those that are not done exactly once."""
    unlike = []
    until = time.monotonic() + SETTLE_S
    for batch_id, items in told.batches.items():
        while not client.batch(batch_id).is_over and time.monotonic() < until:
            time.sleep(0.3)
        found = Counter((one.item_id, one.state) for one in client.batch_items(batch_id))
        if found != Counter((str(one["item_id"]), "done") for one in items):
            unlike.append(f"{batch_id}: {found}")
    return sum(len(items) for items in told.batches.values()), unlike


def _rows(deployment: Deployment, told: Told) -> tuple[list[str], list[str]]:
    """Return holders with two copies on one day, and copies that are neither done nor failed."""
    engine = sa.create_engine(deployment.database_url)
    try:
        with engine.connect() as connection:
            doubles = connection.execute(
                sa.text(
                    "SELECT holder_id FROM copy WHERE kind = 'endorsement' AND state <> 'FAILED' "
                    "GROUP BY holder_id, day HAVING count(*) > 1"
                )
            ).scalars()
            pending = connection.execute(
                sa.text("SELECT copy_id FROM copy WHERE state = 'PENDING'")
            ).scalars()
            done = connection.execute(
                sa.text("SELECT count(*) FROM copy WHERE kind = 'endorsement' AND state = 'DONE'")
            ).scalar_one()
            found = [str(one) for one in doubles], [str(one) for one in pending]
    finally:
        engine.dispose()
    ordered = len(told.endorsed) + sum(len(items) // 2 for items in told.batches.values())
    assert done == ordered, f"{ordered} copies were acknowledged, {done} are in the register"
    return found


def _audit(deployment: Deployment) -> JSON:
    """Let ``certsvc audit`` judge everything; its summary."""
    done = subprocess.run(
        [sys.executable, "-m", "certsvc", "audit", "--json", "--workers", "2"],
        cwd=ROOT,
        env=deployment.environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (done.returncode, lines[-5:], done.stderr[-2000:])
    return dict(lines[-1])
