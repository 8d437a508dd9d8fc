"""Clocks that jump: no second copy on a day, no instant before another, no answer made up."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Final

from certsvc.domain.clock import CLOCK_SLACK, beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.report import Status
from certsvc.errors import CertsvcError
from tests.drills import FULL, record
from tests.world import NUMBER, World

JUMPS: Final = 400 if FULL else 60
_BY: Final = (
    *(timedelta(seconds=seconds) for seconds in (-86_400, -3_600, -6, -5, -1, 1, 6, 3_600)),
    *(timedelta(days=days) for days in (1, 2)),
)
ALLOWED: Final = {"ENDORSED_TODAY", "TIME_UNCERTAIN"}


def test_a_clock_that_jumps_about(world: World) -> None:
    """At each jump somebody asks for a copy and somebody checks one."""
    world.initial()
    dice = random.Random("clock")
    furthest, taken = world.clock.now(), {}
    refused: Counter[str] = Counter()
    checked: Counter[Status] = Counter()
    for turn in range(JUMPS):
        world.clock.advance(dice.choice(_BY))
        now = world.clock.now()
        behind = now < furthest - CLOCK_SLACK
        try:
            answer = world.endorse(key=f"k{turn}")
        except CertsvcError as error:
            refused[error.code] += 1
            assert (error.code == "TIME_UNCERTAIN") is behind, (turn, error.code)
        else:
            assert not behind and answer["day"] == beijing_day(now).isoformat()
            assert answer["day"] not in taken, "two copies on one day"
            taken[answer["day"]] = answer
            furthest = max(furthest, now)
        if taken:
            report = world.verify(token=taken[max(taken)]["token"])
            checked[report.status] += 1
            assert (report.status is Status.UNAVAILABLE) is (world.clock.now() < furthest - CLOCK_SLACK)
    assert set(refused) == ALLOWED, refused
    assert checked[Status.VALID] > 0 and checked[Status.UNAVAILABLE] > 0
    copies = _issued(world)
    doubles = len(copies) - len({copy.day for copy in copies})
    record("clock jumps", jumps=JUMPS, copies=len(copies), refused=sum(refused.values()), doubles=doubles)
    assert (len(copies), doubles) == (len(taken), 0)
    for earlier, later in pairwise(copies):
        assert later.reserved_at >= earlier.reserved_at - CLOCK_SLACK
    # Set right again, everything is as before: nothing was kept that an odd clock had said.
    world.clock.instant = furthest + timedelta(days=3)
    assert world.endorse(key="after")["copy_number"] > len(taken) - 1
    assert world.verify(token=taken[min(taken)]["token"]).status is not Status.UNAVAILABLE


def _issued(world: World) -> list[Copy]:
    """Return the copies handed out, by copy number."""
    with world.services.registry.reading() as session:
        found = session.find_registration(NUMBER)
        assert found is not None
        return [copy for copy in session.endorsements_between(found, found) if copy.state == "DONE"]
