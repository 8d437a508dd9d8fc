"""The change feed: what a platform learns of the certificates it verified, and nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import structlog

from certsvc.registry.sql import SQLRegistry
from certsvc.verification.question import Question
from certsvc.wiring import Services, build
from tests.drills import FULL, record
from tests.factories import FixedClock
from tests.flows.feeds import EMPLOYER, NEW_EMPLOYER, change_employer, days_left, end, feed, told, verified
from tests.web.site import Site
from tests.world import NUMBER, World

PEOPLE = 60 if FULL else 8


@pytest.fixture
def site(anywhere: World) -> Iterator[Site]:
    """Serve a world on each kind of database."""
    with structlog.testing.capture_logs():
        yield Site(anywhere)


def test_a_platform_is_told_what_became_of_what_it_verified(site: Site) -> None:
    """A certificate parked at one company shows here the day it leaves; each change once, in order."""
    copy = site.issued()
    report = verified(site, {"qr": copy["verify_url"]})
    nothing, cursor = feed(site)
    change_employer(site.world)
    end(site.world, "suspend")
    first, cursor = feed(site, cursor)
    site.world.jump(seconds=1)
    site.world.record(site.world.event("resume"))
    site.world.jump(seconds=1)
    site.world.record(site.world.event("reissue"))
    end(site.world, "revoke")
    second, cursor = feed(site, cursor)

    token = copy["token"]
    assert nothing == []
    assert told(first) == [(token, "SUPERSEDED", EMPLOYER, None), (token, "SUSPENDED", [], None)]
    assert told(second) == [(token, "SUPERSEDED", [], None), (token, "REVOKED", [], None)]
    assert {one["licence_id"] for one in first + second} == {report["certificate"]["licence_id"]}
    assert [one["at"] for one in first] == sorted(one["at"] for one in first)
    assert feed(site, cursor) == ([], cursor)
    assert feed(site)[0] == [*first, *second]


def test_a_record_verified_by_number_has_no_token_and_each_copy_its_own(site: Site) -> None:
    """Who has the copy is told by its token, and not a second time without one."""
    copy = site.issued()
    by_number = {"registration_number": NUMBER, "name": "样本甲"}
    licence_id = verified(site, by_number)["certificate"]["licence_id"]
    _, cursor = feed(site)
    change_employer(site.world)
    first, cursor = feed(site, cursor)
    site.world.jump(days=1)
    later = site.world.endorse()
    verified(site, {"sha256": copy["files"]["pdf"]["sha256"]})
    verified(site, {"sha256": later["files"]["ofd"]["sha256"]})
    assert feed(site, cursor) == ([], cursor)
    end(site.world, "cancel")
    second, _ = feed(site, cursor)

    assert told(first) == [(None, "VALID", EMPLOYER, None)]
    assert first[0]["licence_id"] == licence_id
    assert sorted(told(second)) == sorted((one["token"], "CANCELLED", [], None) for one in (copy, later))
    assert {one["licence_id"] for one in second} == {
        one["certificate"]["licence_id"] for one in (copy, later)
    }


def test_what_is_recorded_while_an_interest_is_still_in_memory_is_told(site: Site) -> None:
    """A second passes between an answer and its being written down; an event in it must not fall between."""
    copy = site.issued()
    verified(site, {"qr": copy["verify_url"]})
    change_employer(site.world)
    end(site.world, "cancel")
    site.world.services.lookups.flush()

    assert told(feed(site)[0]) == [
        (copy["token"], "SUPERSEDED", EMPLOYER, None),
        (copy["token"], "CANCELLED", [], None),
    ]


def test_a_specialty_is_announced_once_when_it_falls_under_180_days(site: Site) -> None:
    """On the day with 179 days left, not the day before; a renewed one again, years later."""
    copy = site.issued()
    verified(site, {"qr": copy["verify_url"]})
    _, cursor = feed(site)
    registration: Any = site.world.services.enquiry.registration(NUMBER, None)
    valid_to = registration["specialties"][0]["valid_to"]
    site.world.jump(days=3 * 365 - 181)
    while (days := days_left(site.world)) > 180:
        site.world.jump(days=1)
    before, cursor = feed(site, cursor)
    site.world.jump(days=1)
    on_the_day, cursor = feed(site, cursor)
    site.world.jump(days=1)
    after, cursor = feed(site, cursor)
    granted = [{"name": "建筑工程", "granted_on": site.world.today.isoformat()}]
    site.world.record(site.world.event("renew", specialties=granted))
    renewed, cursor = feed(site, cursor)
    site.world.jump(days=3 * 365)
    again, cursor = feed(site, cursor)

    assert (days, before, after) == (180, [], [])
    assert told(on_the_day) == [(copy["token"], "USE_EXPIRED", [], "建筑工程")]
    assert (on_the_day[0]["days_left"], on_the_day[0]["valid_to"]) == (179, valid_to)
    assert [one["specialty"] for one in renewed] == [None]
    assert [(one["specialty"], one["valid_to"] > valid_to) for one in again] == [("建筑工程", True)]
    assert feed(site, cursor) == ([], cursor)


def test_what_is_short_already_is_announced_to_who_begins_to_follow(site: Site) -> None:
    """And to each client once, though it holds several copies and several processes look."""
    site.world.initial()
    site.world.jump(days=3 * 365 - 100)
    first = site.world.endorse()
    verified(site, {"qr": first["verify_url"]})
    site.world.services.lookups.flush()
    site.world.jump(days=1)
    second = site.world.endorse()
    verified(site, {"qr": second["verify_url"]})
    feed(site)
    other = build(site.world.settings, site.world.clock)
    other.changes.announce()
    _close(other)

    assert told(feed(site)[0]) == [(first["token"], "VALID", [], "建筑工程")]


def test_events_and_first_interests_at_once_leave_no_gap(anywhere: World) -> None:
    """Drill: an event is in the answer or in the feed, never in neither, never in both.

    One process answers and writes its interests down while another records.
    """
    world, other = anywhere, build(anywhere.settings, FixedClock(anywhere.clock.now()))
    client, _ = world.services.clients.add("platform", ["verify"])
    numbers = [f"京11120202024{order:05d}" for order in range(1, PEOPLE + 1)]
    tokens = []
    for order, number in enumerate(numbers, 1):
        world.initial(number, order=order)
        tokens.append(world.endorse(number)["token"])
    events = [world.event("change_employer", number, employer=NEW_EMPLOYER) for number in numbers]
    together = Barrier(2)
    seen: dict[str, bool] = {}
    # So that the answer is there before the event as often as after it.
    pauses = random.Random("event or answer")

    def follow() -> None:
        for token in tokens:
            together.wait()
            time.sleep(pauses.random() ** 3 * 0.08)
            report = world.services.verifier.verify(Question(token=token))
            seen[token] = "employer" in report.changed_fields
            world.services.lookups.count(report, client.client_id)
            world.services.lookups.flush()

    def act() -> None:
        for event in events:
            together.wait()
            other.recorder.record(event)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(follow), pool.submit(act)]:
            future.result(timeout=120)
    page: Any = world.services.changes.page(client.client_id, None, 1000)
    _close(other)
    items = [one["token"] for one in page["items"]]
    record(
        f"event or answer, {_kind(world.services)}",
        people=PEOPLE,
        in_the_answer=sum(seen.values()),
        in_the_feed=len(items),
        neither=sum(not seen[token] and token not in items for token in tokens),
        both=sum(seen[token] and token in items for token in tokens),
    )

    assert sorted(items) == sorted(token for token in tokens if not seen[token])


def _kind(services: Services) -> str:
    assert isinstance(services.registry, SQLRegistry)
    return services.registry.database.dialect.name


def _close(services: Services) -> None:
    assert isinstance(services.registry, SQLRegistry)
    services.registry.close()
