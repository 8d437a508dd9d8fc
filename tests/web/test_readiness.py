"""Health tells which part is ill, in words, in time, and blames no part for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from certsvc.errors import StorageFullError, UnavailableError
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables_batches import BATCH_CHUNK
from certsvc.verification.pool import ReaderPool
from certsvc.web.readiness import EXTENSION, WAIT_S, Readiness, looks
from certsvc.web.texts_health import PARTS, told
from certsvc.wiring.chore import LAG_S, Chore
from tests.batch.lines import event, jsonl, plan
from tests.web.site import Site
from tests.world import JSON


def asked_anew(site: Site, **headers: str) -> tuple[int, JSON]:
    """Ask without the answer that is kept for a second."""
    site.app.extensions[EXTENSION] = Readiness()
    answer = site.client.get("/readyz", headers=headers)
    return answer.status_code, dict(answer.get_json())


def test_every_part_has_words_in_both_languages(site: Site) -> None:
    """A part without them would answer 500 on the day it is ill."""
    assert looks(site.world.services).keys() == PARTS.keys()
    for part in PARTS:
        zh, en = (told(part, "RECORD_DAMAGED", lang) for lang in ("zh", "en"))
        assert zh["detail"] and zh["remedy"] and zh["detail"].isascii() is False
        assert en["detail"].isascii() and en["remedy"].isascii()


def test_a_part_that_hangs_does_not_make_everybody_wait() -> None:
    """One look hangs: the answer comes in time, the other parts are told, no second look piles up."""
    hangs, begun = threading.Event(), []

    def hang() -> None:
        begun.append(1)
        hangs.wait(60)

    def full() -> None:
        raise StorageFullError

    held = Readiness()
    parts: dict[str, Callable[[], object]] = {"a": hang, "b": full, "c": lambda: None}
    at = time.monotonic()
    assert held.look(parts) == {"a": "UNAVAILABLE", "b": "STORAGE_FULL", "c": "ok"}
    assert WAIT_S <= time.monotonic() - at < WAIT_S + 5
    held.looked_at = float("-inf")
    assert held.look(parts)["a"] == "UNAVAILABLE"
    assert begun == [1]
    hangs.set()
    held.looked_at = float("-inf")
    assert held.look(parts)["a"] == "ok"


def test_clock_that_went_back_is_told_with_its_remedy(site: Site) -> None:
    """In the caller's language; the keys of before are what they were."""
    site.world.initial()
    site.world.jump(days=-1)

    status, body = asked_anew(site, **{"Accept-Language": "en"})
    assert (status, body["parts"]["clock"], body["parts"]["registry"]) == (503, "TIME_UNCERTAIN", "ok")
    (ill,) = [one for one in body["ill"] if one["part"] == "clock"]
    assert "Set the clock right" in ill["remedy"]
    _, body = asked_anew(site)
    assert "请校准系统时钟" in str(body["ill"])


def test_portions_nobody_takes_are_told_and_do_not_take_the_api_away(site: Site) -> None:
    """Whoever watches sees it; a balancer goes on sending visitors."""
    planned = plan(site.world, jsonl([event("one", site.world.initial_body())]))
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    assert asked_anew(site)[1]["parts"]["workers"] == "ok"
    with registry.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE batch SET state = 'running'"))
        connection.execute(
            sa.update(BATCH_CHUNK).values(state="running", lease_until="2000-01-01T00:00:00.000000Z")
        )

    status, body = asked_anew(site)
    assert (status, body["status"], body["parts"]["workers"]) == (200, "ok", "UNAVAILABLE")
    assert [one["part"] for one in body["ill"]] == ["workers"]
    assert planned.batch_id


def test_children_that_do_not_start_are_told_until_one_does() -> None:
    """Three in a row."""
    pool = ReaderPool(1, command=("/bin/false",))
    try:
        pool.check()
        for _ in range(3):
            assert pool.read_picture(b"x").fault == "busy"
        with pytest.raises(UnavailableError, match="did not start"):
            pool.check()
    finally:
        pool.close()


def test_chore_that_stands_still_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one that was started, and has not been told to end."""
    going = threading.Event()
    chore = Chore("log", lambda ends: going.wait(30), lambda: None)
    chore.check()
    chore.start()
    try:
        chore.check()
        later = time.monotonic() + LAG_S + 1
        monkeypatch.setattr("certsvc.wiring.chore.time.monotonic", lambda: later)
        with pytest.raises(UnavailableError, match="log"):
            chore.check()
    finally:
        going.set()
        monkeypatch.undo()
        chore.stop()
