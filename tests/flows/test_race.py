"""Simultaneous requests for each of a hundred holders, four server processes: one copy each.

On SQLite and on PostgreSQL, each through a real server.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from urllib.parse import quote

from certsvc.domain.endorsement import FORMATS
from tests.drills import FULL, record
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.flows.server import Server, serving, settings_of
from tests.packs import unpacked
from tests.world import JSON, World, settings_in

HOLDERS = 100
RIVALS = 16
PROCESSES = 4
REFUSED = "今日已申请过加注件,请勿重复加注"


def test_race_grants_exactly_one_copy_to_each_holder(
    tmp_path: Path, dev_keys: Path, font_cache: Path, database_url: str
) -> None:
    """A check before an insert gave most holders more than one copy; the unique index gives one."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    settings = settings_in(tmp_path / "var", dev_keys, database_url=database_url)
    world = World(settings, FixedClock(datetime.now(UTC)))
    # On PostgreSQL a request costs twice as much: fewer holders and rivals, but no fewer processes.
    some = not FULL and not database_url.startswith("sqlite")
    holders, rivals = (HOLDERS // 2, RIVALS // 2) if some else (HOLDERS, RIVALS)
    numbers = [f"京11120202022{order:05d}" for order in range(1, holders + 1)]
    for order, number in enumerate(numbers, 1):
        world.initial(number, order=order)
    _, api_key = world.services.clients.add("race", ["endorse", "read"])

    close(world)
    named = {**settings_of(tmp_path / "var", dev_keys), "CERTSVC_DATABASE_URL": database_url}

    with serving(named, workers=PROCESSES) as server:
        outcomes = _race(server, api_key, numbers, rivals)
        granted = {number: body for number, status, body in outcomes if status == 201}
        for number, body in granted.items():
            for file in body["files"].values():
                status, headers, content = server.call("GET", file["url"], headers={"X-API-Key": api_key})
                assert (status, len(content)) == (200, file["size"]), number
                assert headers["ETag"].strip('"') == file["sha256"]

    assert Counter(number for number, status, _ in outcomes if status == 201) == dict.fromkeys(numbers, 1)
    refusals = [body for _, status, body in outcomes if status != 201]
    assert len(refusals) == holders * (rivals - 1)
    assert {(body["code"], body["detail"]) for body in refusals} == {("ENDORSED_TODAY", REFUSED)}
    stored, _ = unpacked(tmp_path / "var" / "issued")
    for fmt in FORMATS:
        assert sum(name.endswith(fmt) for name in stored) == holders
    record(
        "one copy a day, over HTTP",
        database=settings.database_url.partition(":")[0],
        holders=holders,
        rivals=rivals,
        processes=PROCESSES,
        granted=len(granted),
    )


def _race(server: Server, api_key: str, numbers: list[str], rivals: int) -> list[tuple[str, int, JSON]]:
    """Let *rivals*, each with a key of its own, ask for every holder at the same moment."""
    start = Barrier(rivals)

    def rival(order: int) -> list[tuple[str, int, JSON]]:
        told = []
        for number in numbers:
            start.wait(timeout=60)
            status, _, content = server.call(
                "POST",
                f"/api/v1/registrations/{quote(number)}/endorsements",
                {"purpose": "竞争"},
                {"X-API-Key": api_key, "Idempotency-Key": f"rival-{order}-{number[-5:]}"},
            )
            told.append((number, status, json.loads(content)))
        return told

    with ThreadPoolExecutor(rivals) as pool:
        return [one for lane in pool.map(rival, range(rivals)) for one in lane]
