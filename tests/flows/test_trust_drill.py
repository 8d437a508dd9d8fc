"""A real server with two processes: a cancellation and a theft show in both, without a restart."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certsvc.domain.status_list import StatusValue
from certsvc.sealing.trust import mark_compromised
from certsvc.verification.trust_bundle import Bundle, read_bundle
from certsvc.wiring import SystemClock, make_dev_keys
from tests.drills import record
from tests.factories import FixedClock
from tests.flows.server import Server, serving, settings_of
from tests.world import World, settings_in

CALLS = 24
"""Connections of one look: the kernel deals them out, so both processes get some."""
PATIENCE_S = 120


def look(server: Server) -> list[Bundle]:
    """Read the bundle over so many connections."""
    answers = [server.call("GET", "/.well-known/certsvc/bundle.json") for _ in range(CALLS)]
    assert {status for status, _, _ in answers} == {200}
    return [read_bundle(body) for _, _, body in answers]


def wait_for(server: Server, expected: object, said: Any) -> float:
    """Look until every connection says what is expected; returns the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        found = {said(bundle) for bundle in look(server)}
        if found == {expected}:
            return time.monotonic() - began
        time.sleep(0.5)
    raise AssertionError(f"after {PATIENCE_S} s: {found}")


def test_two_processes_follow_the_register_and_the_keys(tmp_path: Path, font_cache: Path) -> None:
    """Compromise and revocation: all workers answer within a minute; how soon is printed."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", tmp_path / "keys")
    make_dev_keys(settings, SystemClock())
    world = World(settings, FixedClock(datetime.now(UTC)))
    world.initial()
    world.endorse()
    with serving(settings_of(tmp_path / "var", tmp_path / "keys"), workers=2) as server:
        assert {bundle.status_of(0) for bundle in look(server)} == {StatusValue.USABLE}
        key_id = world.services.keystore.signer("p256").key_id
        theft = datetime.now(UTC).replace(microsecond=0)
        mark_compromised(settings.keys_dir, key_id, theft)
        keys_s = wait_for(server, theft, lambda bundle: _since(bundle, key_id))
        world.clock.instant = datetime.now(UTC)
        world.record(world.event("cancel", reason={"code": "other", "text": "测试"}))
        status_s = wait_for(server, StatusValue.ENDED, lambda bundle: bundle.status_of(0))
    record(
        "trust material in two processes",
        connections=CALLS,
        compromise_shown_after_s=f"{keys_s:.1f}",
        cancellation_shown_after_s=f"{status_s:.1f}",
    )


def _since(bundle: Bundle, key_id: str) -> datetime | None:
    return next(key.compromised_since for key in bundle.keys if key.key_id == key_id)
