"""The second certificate type where no one certificate is asked for: batches, expiring, change feed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog

from tests.batch.lines import endorse, event, original, plan, run, states
from tests.flows.feeds import feed, verified
from tests.web.site import Site
from tests.world import NUMBER, SECOND_NUMBER, World

SECOND = "constructor-2"


def test_a_batch_and_the_lists_keep_both_types_apart(world: World) -> None:
    """One file registers and issues both; ends, days and changes are each type's own."""
    with structlog.testing.capture_logs():
        site = Site(world)
    bodies = [
        world.initial_body(NUMBER),
        world.initial_body(SECOND_NUMBER, certificate_type=SECOND),
    ]
    lines = [event(f"e{place}", body) for place, body in enumerate(bodies)]
    for number in (NUMBER, SECOND_NUMBER):
        lines += [original(f"o-{number}", number), endorse(f"c-{number}", number)]
    batch = plan(world, lines).batch_id
    run(world, batch)
    assert set(states(world, batch).values()) == {("done", None)}
    listed: Any = world.services.enquiry.expiring(3660, None)["items"]
    assert {one["registration_number"] for one in listed} == {NUMBER, SECOND_NUMBER}
    for number in (NUMBER, SECOND_NUMBER):
        verified(site, {"registration_number": number, "name": "样本甲"})
    _, cursor = feed(site)
    world.jump(seconds=1)
    world.record(
        world.event("suspend", SECOND_NUMBER, certificate_type=SECOND, reason={"code": "A", "text": "核查"})
    )
    changes, _ = feed(site, cursor)
    assert [one["status"] for one in changes] == ["SUSPENDED"]
    world.jump(days=1)
    assert world.endorse(NUMBER)["use_until"] == (world.today + timedelta(days=180)).isoformat()
