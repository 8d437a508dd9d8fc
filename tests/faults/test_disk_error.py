"""EIO at the n-th sync: a coded refusal, red health, and after a restart everything acknowledged is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pytest

from tests.drills import some, sweep
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place, number_of
from tests.faults.standby import RECOVER, Outcome, Point, Standby, Step, named, points_of

READY: Final = Step("/readyz", method="GET")
LEAST: Final = 6
TRIES: Final = 3
"""Once in 256 times two copies share a folder, and one sync less is made."""


@pytest.fixture(scope="module")
def base(place: Place) -> str:
    """Save a state with a second person, whose request comes after the failed one."""
    place.restore("base")
    place.world.initial(number_of(2), order=2)
    place.close()
    place.save("two people")
    return "two people"


def endorsing(place: Place) -> list[Step]:
    """Two people ask for a copy."""
    return [place.endorsement("a"), place.endorsement("b", number_of(2))]


def recording(place: Place) -> list[Step]:
    """Two events come, then somebody asks for a copy."""
    bodies = (place.world.initial_body(number_of(order), order=order) for order in (3, 4))
    return [*map(place.event, bodies), place.endorsement("a")]


@dataclass(frozen=True, slots=True)
class Drill:
    """Some work during which syncs fail."""

    place: Place
    standby: Standby
    base: str
    steps: Sequence[Step]

    def points(self) -> list[Point]:
        """List the syncs of a whole run; readiness looks in threads of its own, whose calls count apart."""
        self.place.restore(self.base)
        whole = self.standby.trace(self.steps, datetime.now(UTC))
        assert [said["status"] for said in whole.answers] == [201] * len(self.steps), whole.answers
        return [point for point in points_of(whole.trace) if point.call in ("fsync", "fdatasync")]

    def fail_at(self, point: Point, when: str) -> tuple[int, Counter[str]]:
        """Let one sync fail, or all from there; returns how many requests were refused, and what broke."""
        for _ in range(TRIES):
            self.place.restore(self.base)
            now = datetime.now(UTC)
            outcome = self.standby.trace([*self.steps, READY], now, f"{point.call}:error=EIO:when={when}")
            if any("(INJECTED)" in line for line in outcome.trace):
                break
        else:
            raise AssertionError(f"{point} was not met")
        refused = self._check_refusals(point, outcome)

        # A fresh process, once the leases are over: everybody comes again, refused or not.
        again = self.standby.take([Step(RECOVER, after_s=62), *self.steps], now)[1:]
        for before, after in zip(outcome.answers, again, strict=False):
            assert after["status"] in ((200,) if named(before) else (200, 201)), (point, before, after)
        told = {named(said) for said in (*outcome.answers, *again)} - {None}
        keystore = self.place.world.services.keystore
        faults = faults_of(take_census(self.place.data, keystore), told, keystore)
        faults["doubles"] += len(told) - len(self.steps)
        if +faults:
            print(f"{point}: {+faults}")
        return refused, faults

    def _check_refusals(self, point: Point, outcome: Outcome) -> int:
        """Every answer is a success or a coded 503; a store that failed to sync takes nothing more."""
        *answers, health = outcome.answers
        assert len(answers) == len(self.steps), f"{point}: the process ended"
        refused = [said for said in answers if not named(said)]
        assert all((said["status"], said["body"]["code"]) == (503, "UNAVAILABLE") for said in refused), point
        if point.call == "fsync":  # The store's call; SQLite makes the other one.
            assert health["status"] == 503, f"{point}: health is green"
            assert health["body"]["parts"]["storage"] == "UNAVAILABLE", (point, health)
            copies = [
                said for said, step in zip(answers, self.steps, strict=True) if step.path != "/api/v1/events"
            ]
            told = [bool(named(said)) for said in copies]
            assert told == sorted(told, reverse=True), f"{point}: a copy was stored after a failed sync"
        return len(refused)


@pytest.mark.parametrize("nth", [4, 5], ids=["its bytes", "its folder"])
def test_an_error_at_the_pack_leaves_neither_file(
    place: Place, standby: Standby, base: str, nth: int
) -> None:
    """It was linked already in the second case. Found at the moment of the refusal, before any recovery."""
    place.restore(base)
    step = place.endorsement("a")
    now = datetime.now(UTC)
    failed = standby.trace([step], now, f"fsync:error=EIO:when={nth}")

    assert (failed.answers[0]["status"], failed.answers[0]["body"]["code"]) == (503, "UNAVAILABLE")
    assert sum(" link(" in line and "= 0" in line for line in failed.trace) == nth - 4
    census = take_census(place.data, place.world.services.keystore)
    assert (census.files, census.temporaries) == ({}, [])
    assert [row["state"] for row in census.rows["copy"]] == ["FAILED"]
    (healed,) = standby.take([step], now)
    assert (healed["status"], healed["body"]["copy_number"]) == (201, 2)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("work", [endorsing, recording])
def test_nothing_is_acknowledged_that_is_not_there(
    place: Place, standby: Standby, base: str, work: Callable[[Place], list[Step]], lasting: bool
) -> None:
    """A sync that failed may succeed the next time although the bytes are gone: only a restart may go on."""
    drill = Drill(place, standby, base, work(place))
    points = drill.points()
    name = f"EIO {'from a sync on' if lasting else 'at a sync'}, {work.__name__}"
    chosen = some(points, name, least=LEAST)
    faults: Counter[str] = Counter()
    refused = 0
    for point in chosen:
        count, found = drill.fail_at(point, f"{point.nth}+" if lasting else str(point.nth))
        refused += count
        faults += found
    sweep(
        name,
        tried=len(chosen),
        of=len(points),
        harm=faults,
        refused=refused,
    )
    assert not +faults
    assert refused > 0, "no sync that failed was noticed"
