"""The whole service on either database, and PostgreSQL going away under it."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from certsvc.domain.endorsement import CopyId, grant
from certsvc.errors import EndorsedTodayError, RegistrationEndedError
from certsvc.issuing.lease import LEASE
from certsvc.issuing.reserve import get_case, reserve
from certsvc.registry.sql import SQLRegistry
from tests.conftest import ROOT
from tests.drills import record
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import Server as WebServer
from tests.flows.server import serving, settings_of
from tests.postgres import Server
from tests.world import NUMBER, World, settings_in

HTML = {"Accept": "text/html"}
REASON = {"code": "test", "text": "测试"}
QUICK_S = 6
"""A caller waits no longer than this while the database is away."""


def leave_pending(world: World) -> None:
    """Leave what a worker leaves that is killed after it reserved a day."""
    now = world.clock.now()
    with world.services.registry.writing() as session:
        case = get_case(session, world.services.kinds, NUMBER, now)
        allowed = grant(case.registration, world.today, case.policy)
        key_id = world.services.keystore.signer("p256").key_id
        assert reserve(
            session,
            case,
            now,
            copy_id=CopyId(secrets.token_hex(16)),
            worker="dead",
            key_id=key_id,
            seal_key_id="k",
            issuer_name="k",
            allowed=allowed,
            purpose="投标使用",
        )


def test_the_main_story_is_the_same_on_both_databases(anywhere: World) -> None:
    """Recorded, endorsed, asked again, changed, stranded, recovered, revoked; verified at each step."""
    world = anywhere
    world.initial()
    first = world.endorse(key="once")
    assert world.endorse(key="once") == first
    with pytest.raises(EndorsedTodayError) as refused:
        world.endorse(key="twice")
    assert refused.value.existing_id == first["endorsement_id"]
    file, bid_opening = world.file(first), world.clock.now()
    for question in ({"file": file}, {"token": first["token"]}, {"code": first["code"]}):
        assert world.verify(**question).status == "VALID"
    assert world.verify(number=NUMBER, name="样本甲").status == "VALID"
    assert world.verify(number=NUMBER, name="样本乙").status == "UNKNOWN"

    world.jump(days=1)
    employer = {"name": "示例建设集团有限公司", "uscc": "91990000MA0000015Q"}
    world.record(world.event("amend_employer", employer=employer))
    assert world.verify(file=file).status == "SUPERSEDED"
    assert world.verify(file=file, as_of=bid_opening).status == "VALID"
    listed: Any = world.services.enquiry.expiring(3 * 366, None)["items"]
    assert [(row["registration_number"], row["specialty"]) for row in listed] == [(NUMBER, "建筑工程")]

    leave_pending(world)
    with pytest.raises(EndorsedTodayError):
        world.endorse()
    assert world.services.desk.recover() == {"finished": 0, "failed": 0}
    world.clock.advance(LEASE + timedelta(seconds=1))
    assert world.services.desk.recover() == {"finished": 0, "failed": 1}
    second = world.endorse()
    assert second["copy_number"] == 3, "a failed copy's number is not given again"
    assert world.original()["version"] == 2

    world.record(world.event("revoke", reason=REASON))
    assert world.verify(file=file, as_of=bid_opening).status == "REVOKED"
    assert world.verify(token=second["token"]).status == "REVOKED"
    with pytest.raises(RegistrationEndedError):
        world.endorse()
    assert world.services.enquiry.expiring(3 * 366, None)["items"] == []


def test_no_step_needs_two_connections(anywhere: World) -> None:
    """Threads that each hold one and wait for another would block the pool for ever."""
    world = anywhere
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    held, most = Counter[int](), Counter[int]()
    # One that lies at hand between two statements is nobody's: what counts is what a step holds meanwhile.
    registry.database.most_at_hand = 0

    def taken(*_: object) -> None:
        held[threading.get_ident()] += 1
        most[threading.get_ident()] = max(most[threading.get_ident()], held[threading.get_ident()])

    def given_back(*_: object) -> None:
        held[threading.get_ident()] -= 1

    sa.event.listen(registry.database.engine, "checkout", taken)
    sa.event.listen(registry.database.engine, "checkin", given_back)
    test_the_main_story_is_the_same_on_both_databases(world)
    assert most[threading.get_ident()] == 1


def test_waiting_for_a_turn_is_no_fault_of_the_clock(anywhere: World) -> None:
    """A rival writes for twenty seconds; who waited for it must not be told that the clock went back."""
    world = anywhere
    bodies = [world.initial_body()]
    outcome: list[object] = []
    waiting = threading.Thread(target=lambda: outcome.append(world.record(bodies[0])))
    with world.services.registry.writing() as session:
        session.hold([f"source {bodies[0]['source_id']}"])
        waiting.start()
        time.sleep(0.5)
        world.jump(seconds=20)
        session.add_client("rival", frozenset({"read"}), "key", world.clock.now())
    waiting.join(timeout=30)
    assert len(outcome) == 1
    with world.services.registry.reading() as reading:
        recorded = reading.find_event(str(bodies[0]["source_id"]))
    assert recorded is not None and recorded.event.recorded_at == world.clock.now()


def test_an_event_minutes_ahead_is_kept_by_the_next_one(anywhere: World) -> None:
    """The later version must not take back what the earlier one already printed."""
    world = anywhere
    world.initial()
    employer = {"name": "示例建设集团有限公司", "uscc": "91990000MA0000015Q"}
    ahead = world.clock.now() + timedelta(minutes=4)
    world.record(world.event("amend_employer", effective_at=ahead, employer=employer))
    granted = [{"name": "公路工程", "granted_on": world.today.isoformat()}]
    answer = world.record(world.event("add_specialty", specialties=granted))
    assert answer["certificate"]["version"] == 3
    with world.services.registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        face = session.latest_version(registration_id).face
    assert face.employer.name == employer["name"]


@pytest.fixture
def named(tmp_path: Path, dev_keys: Path, font_cache: Path, postgresql: Server) -> dict[str, str]:
    """Name an empty PostgreSQL database as an operator does."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    url = postgresql.emptied().replace("postgresql+psycopg:", "postgresql:")
    return {**settings_of(tmp_path / "var", dev_keys), "CERTSVC_DATABASE_URL": url}


def test_a_server_outlives_its_database(
    named: dict[str, str], tmp_path: Path, dev_keys: Path, postgresql: Server
) -> None:
    """It says that it cannot check now, within seconds; and is well again by itself."""
    settings = settings_in(tmp_path / "var", dev_keys, database_url=named["CERTSVC_DATABASE_URL"])
    world = World(settings, FixedClock(datetime.now(UTC)))
    world.initial()
    copy = world.endorse()
    _, api_key = world.services.clients.add("tests", ["endorse", "read"])
    close(world)
    page, api = f"/v/{copy['token']}", f"/api/v1/registrations/{quote(NUMBER)}"
    key = {"X-API-Key": api_key}
    with serving(named, workers=2) as server:
        # Often enough that both processes hold open connections when the database goes.
        assert {server.call("GET", page, headers=HTML)[0] for _ in range(20)} == {200}
        postgresql.stop()
        try:
            slowest = _check_away(server, page, api, key)
        finally:
            postgresql.start()
        calls = [(page, HTML), (api, key), (f"/api/v1/endorsements/{copy['endorsement_id']}.pdf", key)]
        told = [server.call("GET", path, headers=headers)[0] for path, headers in calls * 8]
        assert set(told) == {200}, "the first calls after its return already succeed"
    record("PostgreSQL away under a server", slowest_answer_s=f"{slowest:.2f}")


def _check_away(server: WebServer, page: str, api: str, key: dict[str, str]) -> float:
    """Ask each kind of address; returns how long the slowest took."""
    slowest = 0.0
    endorsing = {**key, "Idempotency-Key": "away"}
    for method, path, body, headers in [
        ("GET", page, None, HTML),
        ("GET", page, None, {"Accept": "application/json"}),
        ("GET", api, None, key),
        ("POST", f"{api}/endorsements", {"purpose": "投标使用"}, endorsing),
    ] * 2:
        began = time.monotonic()
        status, answered, content = server.call(method, path, body, headers)
        slowest = max(slowest, time.monotonic() - began)
        assert status == 503 and int(answered["Retry-After"]) > 0, path
        if headers is HTML:
            assert "暂时无法核验" in content.decode()
        elif path == page:
            assert json.loads(content)["status"] == "UNAVAILABLE"
        else:
            assert answered["Content-Type"] == "application/problem+json"
            assert json.loads(content)["code"] == "UNAVAILABLE"
    assert slowest < QUICK_S
    # Each process keeps its last look at the parts for a second.
    time.sleep(1.2)
    assert server.call("GET", "/readyz")[0] == 503
    assert server.call("GET", "/healthz")[0] == 200
    return slowest


def test_the_demo_and_the_doctor_know_postgresql(named: dict[str, str], tmp_path: Path) -> None:
    """``make run DATABASE=postgresql://…`` is one of the two commands people try first."""
    environ = {**named, "CERTSVC_KEYS_DIR": str(tmp_path / "keys"), "PATH": "/usr/bin:/bin"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "certsvc", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = run("demo", "--no-serve")
    assert run("demo", "--no-serve").count("http://") == shown.count("http://") > 0, "safe to run again"
    checks = {item["part"]: item for item in json.loads(run("doctor", "--json"))["checks"]}
    assert checks["database"]["state"] == "ok"
    assert "postgresql" in checks["database"]["fact"]
