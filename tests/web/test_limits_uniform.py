"""A number or code that is nobody's is answered as one that is somebody's: asking teaches nothing."""

from __future__ import annotations

import random
import re
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from certsvc.registry.sql import SQLRegistry
from certsvc.web.limits import Rate
from tests.drills import FULL, record, some
from tests.factories import FixedClock
from tests.web.site import AS_JSON, HTML, Site, body_of
from tests.world import JSON, World, settings_in

NOBODYS: Final = "京1112020202299999"
FREE: Final = Rate(10**6, 10**6)
VARYING: Final = ("X-Request-Id",)
_NONCE: Final = re.compile(r"nonce-[A-Za-z0-9_-]+|nonce=\"[^\"]+\"|urn:uuid:[0-9a-f-]+")
SEQUENCE: Final = 10_000
REGISTERED: Final = 100 if FULL else 40
PERSONAL: Final = ("示例建设有限公司", "91990000MA0000015Q", "样本ZG0001", "1985-03-07", "1985年3月7日")


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """Keep every statement sent to the register, BEGIN and COMMIT too."""
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    engine, sent = registry.database.engine, list[str]()

    def trace(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(sent.append)

    # Those that are open already would say nothing.
    engine.dispose()
    sa.event.listen(engine, "connect", trace)
    yield sent
    sa.event.remove(engine, "connect", trace)
    engine.dispose()


def asked(site: Site, form: dict[str, str], accept: dict[str, str]) -> tuple[TestResponse, list[str]]:
    """Ask once, and return the statements that took."""
    with statements(site) as sent:
        answer = site.client.post("/verify", data=form, headers=accept)
    # The first connection sets itself up.
    return answer, [one for one in sent if not one.startswith("PRAGMA")]


def shape(answer: TestResponse) -> tuple[object, ...]:
    """Return an answer without what differs from one request to the next."""
    headers = tuple(
        (name, _NONCE.sub("", value)) for name, value in answer.headers.items() if name not in VARYING
    )
    return answer.status_code, headers, _NONCE.sub("", answer.text)


@pytest.fixture
def free(site: Site) -> Site:
    """Make a site with one registration under which a number changed, and no limit on asking."""
    site.limit(number=FREE, code=FREE)
    site.issued()
    return site


def verbs(sent: list[str]) -> list[str]:
    """Return what the statements do, in their order."""
    return [one.split()[0] for one in sent]


def next_copy(site: Site) -> JSON:
    """Issue one more copy, the next day."""
    site.world.jump(days=1)
    return site.world.endorse()


@pytest.mark.parametrize("accept", [HTML, AS_JSON], ids=["page", "json"])
def test_wrong_name_and_unknown_number_are_one_answer(free: Site, accept: dict[str, str]) -> None:
    """Body, headers and status: byte for byte, but for what every answer has of its own."""
    known = {"number": "京1112020202200001", "name": "样本乙"}
    wrong, unknown = (
        free.client.post("/verify", data=form, headers=accept)
        for form in (known, {"number": NOBODYS, "name": "样本乙"})
    )

    assert shape(wrong) == shape(unknown)
    assert wrong.status_code == 200


@pytest.mark.parametrize("accept", [HTML, AS_JSON], ids=["page", "json"])
def test_number_and_name_take_the_same_statements_right_wrong_or_unknown(
    free: Site, accept: dict[str, str]
) -> None:
    """A clock outside counts what an answer costs. A page that shows a record fetches its pictures too."""
    number = "京1112020202200001"
    right, found = asked(free, {"number": number, "name": "样本甲"}, accept)
    _, wrong = asked(free, {"number": number, "name": "样本乙"}, accept)
    _, bad = asked(free, {"number": number, "name": "@"}, accept)
    _, unknown = asked(free, {"number": NOBODYS, "name": "样本甲"}, accept)

    assert "示例建设有限公司" in right.text
    assert verbs(wrong) == verbs(bad) == verbs(unknown) == verbs(found)[: len(unknown)]
    assert len(found) == len(unknown) or accept is HTML
    assert len(unknown) > 5


def test_a_number_with_two_registrations_takes_no_more(free: Site) -> None:
    """Who was registered anew would show otherwise."""
    free.world.jump(days=1)
    number = "京1112020202200001"
    free.world.record(free.world.event("cancel", number, reason={"code": "C", "text": "测试"}))
    free.world.jump(days=1)
    again = free.world.initial_body(number)
    free.world.record({**again, "type": "re_register"})
    _, wrong = asked(free, {"number": number, "name": "样本乙"}, AS_JSON)
    _, unknown = asked(free, {"number": NOBODYS, "name": "样本乙"}, AS_JSON)

    assert len(wrong) == len(unknown)


def test_a_code_takes_the_same_statements_hit_or_miss(free: Site) -> None:
    """And the same status and headers; only the record itself differs."""
    code = next_copy(free)["code"]
    hit, found = asked(free, {"code": code}, AS_JSON)
    miss, unknown = asked(free, {"code": "0000-0000-0000"}, AS_JSON)

    assert (body_of(hit)["status"], body_of(miss)["status"]) == ("VALID", "UNKNOWN")
    assert len(found) == len(unknown) > 5
    assert hit.status_code == miss.status_code
    assert [name for name, _ in hit.headers] == [name for name, _ in miss.headers]


def test_a_token_that_is_found_writes_nothing_before_the_answer(free: Site) -> None:
    """Nobody at a counter waits for a disk; look-ups are counted in memory."""
    token = next_copy(free)["token"]
    with statements(free) as sent:
        assert free.client.get(f"/v/{token}").status_code == 200
        assert (
            free.post(
                "/api/v1/verifications", {"qr": f"{free.world.settings.public_url}/V/{token}"}
            ).status_code
            == 200
        )

    assert len(sent) > 5
    assert not [one for one in sent if re.match(r"INSERT|UPDATE|DELETE|BEGIN IMMEDIATE", one)]


def test_sequential_numbers_give_away_nobody(
    tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path
) -> None:
    """Drill: ten thousand numbers in a row, a common name, the limit lifted: 0 personal fields.

    Threat "scraping numbers" of docs/threats.md. Medians are printed, not judged.
    """
    folder = tmp_path_factory.mktemp("numbers")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    site = Site(World(settings_in(folder / "var", dev_keys), FixedClock()))
    site.limit(number=FREE, token_miss=FREE)
    numbers = some([f"京11120202022{order:05d}" for order in range(SEQUENCE)], "sequential numbers")
    # Spread over the whole: medians of another while would compare the machine's load.
    held = set(random.Random("registered").sample(numbers, REGISTERED))
    for order, number in enumerate(sorted(held), 1):
        site.world.initial(number, order=order, name="样本甲")
    site.world.clock.advance(timedelta(hours=1))

    shapes, leaks = set[object](), 0
    seconds: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for place, number in enumerate(numbers):
        accept = HTML if place % 4 == 0 else AS_JSON
        began, busy = time.perf_counter(), time.thread_time()
        answer = site.client.post("/verify", data={"number": number, "name": "样本乙"}, headers=accept)
        if accept is AS_JSON:
            seconds[number in held].append((time.perf_counter() - began, time.thread_time() - busy))
        shapes.add((place % 4 == 0, shape(answer)))
        leaks += sum(one in answer.text for one in (*PERSONAL, number, "样本甲"))
        if place % 20 == 0:
            for path in (f"/v/{number}", f"/verify?number={number}&name=样本甲", f"/c/{number}"):
                beside = site.client.get(path, headers=accept)
                leaks += sum(one in beside.text for one in (*PERSONAL, "样本甲"))
    # What others do at the same moment is in the time on the wall, not in the processor's.
    (hit, hit_cpu), (miss, miss_cpu) = (
        [f"{statistics.median(column) * 1000:.2f}" for column in zip(*seconds[known], strict=True)]
        for known in (True, False)
    )
    record(
        "sequential numbers",
        numbers=len(numbers),
        registered=len(held),
        personal_fields=leaks,
        different_answers=len(shapes) - 2,
        hit_median_ms=hit,
        miss_median_ms=miss,
        hit_processor_ms=hit_cpu,
        miss_processor_ms=miss_cpu,
    )

    assert leaks == 0
    # One page and one JSON body, for everybody.
    assert len(shapes) == 2
