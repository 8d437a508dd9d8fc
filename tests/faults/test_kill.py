"""SIGKILL at every state-changing system call: nothing doubled, nothing lost, no sealed file unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.drills import some, sweep
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place, number_of
from tests.faults.standby import RECOVER, Point, Standby, Step, named, points_of

LEAST: Final = 10
"""Points of each drill in a seeded part; three of them make the thirty that a run must have."""
LEASE_OVER: Final = timedelta(seconds=62)
RECOVERY: Final = Step(RECOVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One operation to be killed in."""

    name: str
    place: Place
    standby: Standby
    base: str = "base"
    """The saved state of disk it starts from."""
    killed: Step
    retry: Step
    """What the caller sends again until it has an answer."""
    inject: tuple[str, ...] = ()
    """A fault on the way, so that the operation fails by itself where it is not killed."""
    asleep: Callable[[], None] | None = None
    """What happens while the operation is stopped by such a fault."""
    after: Point | None = None
    """Kill only later than this point."""

    def kill_everywhere(self) -> None:
        """Run the drill, record its figures, and tell each point that broke a rule."""
        self.place.restore(self.base)
        whole = self.standby.trace([self.killed], datetime.now(UTC), *self.inject, asleep=self.asleep)
        assert whole.exit_code == 0 and len(whole.answers) == 1, whole
        points = points_of(whole.trace)
        if self.after is not None:
            points = points[points.index(self.after) + 1 :]
        chosen = some(points, f"kill in {self.name}", least=LEAST)
        faults: Counter[str] = Counter()
        told = []
        for turn, point in enumerate(chosen):
            answered, found = self._kill_at(point, late=turn % 2 == 1)
            told.append(answered)
            faults += found
            if +found:
                print(f"killed before {point}: {+found}")
        sweep(
            f"kill in {self.name}",
            tried=len(chosen),
            of=len(points),
            harm=faults,
            acknowledged_before=sum(told),
        )
        assert not +faults
        assert len(chosen) >= min(LEAST, len(points)) > 0, "the drill tests nothing"

    def _kill_at(self, point: Point, *, late: bool) -> tuple[bool, Counter[str]]:
        """Kill at one point; tells whether the request had been acknowledged before, and what broke.

        The caller comes back at once and after recovery; if *late* only when the lease is over, before it.
        """
        self.place.restore(self.base)
        now = datetime.now(UTC)
        outcome = self.standby.trace(
            [self.killed],
            now,
            *self.inject,
            f"{point.call}:signal=KILL:when={point.nth}",
            asleep=self.asleep,
        )
        assert outcome.killed, f"{point} was not met"
        now += timedelta(seconds=self.killed.after_s) + (LEASE_OVER if self.asleep else timedelta())
        first = [] if late else self.standby.take([self.retry], now)
        over = now + LEASE_OVER
        second = self.standby.take([self.retry, RECOVERY] if late else [RECOVERY, self.retry], over)
        self.standby.take([RECOVERY], over + LEASE_OVER)

        for said in first:
            assert said["status"] in (200, 201) or said["body"]["code"] == "ENDORSEMENT_PENDING", (
                point,
                said,
            )
        assert any(map(named, second)), f"{point}: the caller is never answered: {second}"
        told = {named(said) for said in (*outcome.answers, *first, *second)} - {None}
        keystore = self.place.world.services.keystore
        census = take_census(self.place.data, keystore)
        faults = faults_of(census, told, keystore)
        # The base holds one event and no copy: whatever else there is, this one request has made.
        results = len(census.rows["event"]) - 1 + len(census.copies("DONE"))
        faults["doubles"] += max(results, len(told)) - 1
        return any(map(named, outcome.answers)), faults


def test_recording_an_event(place: Place, standby: Standby) -> None:
    """An event is there whole or not at all, and a second delivery tells which."""
    step = place.event(place.world.initial_body(number_of(2), order=2))
    Drill(name="recording", place=place, standby=standby, killed=step, retry=step).kill_everywhere()


def test_issuing_an_original(place: Place, standby: Standby) -> None:
    """One version has one original, however often its worker dies."""
    step = place.original()
    Drill(name="issuing", place=place, standby=standby, killed=step, retry=step).kill_everywhere()


def test_endorsing(place: Place, standby: Standby) -> None:
    """One key is one copy, one day is one copy."""
    step = place.endorsement()
    Drill(name="endorsing", place=place, standby=standby, killed=step, retry=step).kill_everywhere()


def test_giving_up(place: Place, standby: Standby) -> None:
    """A copy whose files cannot be stored frees its day; who dies at that leaves it to recovery."""
    step = place.endorsement()
    Drill(
        name="giving up",
        place=place,
        standby=standby,
        killed=step,
        retry=step,
        inject=("link:error=EIO:when=1",),
        after=Point("link", 1),
    ).kill_everywhere()


def test_coming_too_late(place: Place, standby: Standby) -> None:
    """A worker sleeps until its copy is given up for dead, then stores its file, and dies."""
    step = place.endorsement()

    def recover() -> None:
        world = place.world
        world.clock.instant = datetime.now(UTC) + LEASE_OVER
        assert world.services.desk.recover() == {"finished": 0, "failed": 1}
        place.close()

    Drill(
        name="coming too late",
        place=place,
        standby=standby,
        killed=step,
        retry=step,
        inject=("mkdir:signal=STOP:when=3",),
        asleep=recover,
        after=Point("mkdir", 3),
    ).kill_everywhere()


@pytest.mark.parametrize(
    ("call", "nth", "left", "temporaries", "files"),
    [("link", 1, "a temporary pack", 1, 0), ("unlink", 1, "both names", 1, 2), ("fsync", 5, "both", 0, 2)],
)
def test_recovering(
    place: Place, standby: Standby, call: str, nth: int, left: str, temporaries: int, files: int
) -> None:
    """Recovery may die like any worker; the next one goes on from there."""
    place.restore("base")
    died = standby.trace([place.endorsement()], datetime.now(UTC), f"{call}:signal=KILL:when={nth}")
    assert died.killed and not died.answers
    place.save(left)
    census = take_census(place.data, place.world.services.keystore)
    assert (len(census.temporaries), len(census.files)) == (temporaries, files)

    Drill(
        name=f"recovering {left}",
        place=place,
        standby=standby,
        base=left,
        killed=replace(RECOVERY, after_s=LEASE_OVER.total_seconds()),
        retry=place.endorsement(),
    ).kill_everywhere()
