"""A chunk whose process dies or whose disk fails: each order fares as if it had come alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.drills import FULL, some, sweep
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place, number_of, order_of
from tests.faults.standby import RECOVER, Point, Standby, Step, all_named, points_of
from tests.packs import packs_in

LEAST: Final = 8
MOST: Final = 12
"""Points of a drill in a seeded part."""
LEASE_OVER: Final = timedelta(seconds=62)
RECOVERY: Final = Step(RECOVER)
PEOPLE: Final = 3


@pytest.fixture(scope="module")
def base(place: Place) -> str:
    """Save a state with three people."""
    place.restore("base")
    for order in range(2, PEOPLE + 2):
        place.world.initial(number_of(order), order=order)
    place.close()
    place.save("three people")
    return "three people"


def copies(place: Place) -> Step:
    """Ask for two endorsed copies and an original, with a stranger in between."""
    return place.chunk(
        order_of("endorse", number_of(2), "a"),
        order_of("endorse", "京9999999999999999", "nobody"),
        order_of("endorse", number_of(3), "b"),
        order_of("original", number_of(4)),
    )


def events(place: Place) -> Step:
    """Deliver three events, with one in between that is refused when it is half written."""
    bodies = [place.world.initial_body(number_of(order), order=order) for order in (11, 12, 13)]
    # The number is somebody else's: found out after a registration was begun for it.
    taken = place.world.initial_body(number_of(2), order=14)
    chunk = [bodies[0], taken, *bodies[1:]]
    for body in chunk:
        # Pictures are most of an event's bytes, and so of its system calls, which are all alike.
        del body["holder"]["photo"], body["holder"]["signature"]
    return place.chunk(*(order_of("event", "", body=body) for body in chunk))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One chunk to be killed in."""

    name: str
    place: Place
    standby: Standby
    base: str
    chunk: Step
    killed: Step | None = None
    """What is killed, where that is not the chunk."""

    def kill_everywhere(self) -> None:
        """Run the drill and record its figures."""
        self.place.restore(self.base)
        whole = self.standby.trace([self.killed or self.chunk], datetime.now(UTC))
        assert self.killed or len(all_named(whole.answers[0])) == PEOPLE, whole
        points = points_of(whole.trace)
        chosen = some(points, f"kill in {self.name}", least=LEAST)
        if not FULL:
            # A chunk has many points that are alike: pages of one log.
            chosen = chosen[:: -(-len(chosen) // MOST)]
        faults: Counter[str] = Counter()
        told = 0
        for turn, point in enumerate(chosen):
            answered, found = self._kill_at(point, late=turn % 2 == 1)
            told += answered
            faults += found
            if +found:
                print(f"killed before {point}: {+found}")
        sweep(
            f"kill in {self.name}",
            tried=len(chosen),
            of=len(points),
            harm=faults,
            acknowledged_before=told,
        )
        assert not +faults
        assert len(chosen) >= min(LEAST, len(points)) > 0, "the drill tests nothing"

    def _kill_at(self, point: Point, *, late: bool) -> tuple[bool, Counter[str]]:
        """Kill at one point; the caller sends the whole chunk again, before or after recovery."""
        self.place.restore(self.base)
        now = datetime.now(UTC)
        killed = self.killed or self.chunk
        outcome = self.standby.trace([killed], now, f"{point.call}:signal=KILL:when={point.nth}")
        assert outcome.killed, f"{point} was not met"
        now += timedelta(seconds=killed.after_s)
        over = now + LEASE_OVER
        early = [] if late else self.standby.take([self.chunk], now)
        second = self.standby.take([self.chunk, RECOVERY] if late else [RECOVERY, self.chunk], over)
        self.standby.take([RECOVERY], over + LEASE_OVER)

        (answer,) = (said for said in second if "outcomes" in said["body"])
        assert len(all_named(answer)) == PEOPLE, f"{point}: somebody is never answered: {answer}"
        told = set().union(*map(all_named, (*outcome.answers, *early, *second)))
        keystore = self.place.world.services.keystore
        census = take_census(self.place.data, keystore)
        faults = faults_of(census, told, keystore)
        # The base holds one event more than there are people to ask; whatever else is there, this chunk made.
        results = len(census.rows["event"]) - PEOPLE - 1 + len(census.copies("DONE"))
        faults["doubles"] += max(results, len(told)) - PEOPLE
        return bool(outcome.answers), faults


def test_issuing_a_chunk(place: Place, standby: Standby, base: str) -> None:
    """Every copy of it is there whole or not at all, however far the others were."""
    Drill(
        name="issuing a chunk", place=place, standby=standby, base=base, chunk=copies(place)
    ).kill_everywhere()


def test_recording_a_chunk(place: Place, standby: Standby, base: str) -> None:
    """All events of it are there or none."""
    Drill(
        name="recording a chunk", place=place, standby=standby, base=base, chunk=events(place)
    ).kill_everywhere()


def test_recovering_a_chunk_with_a_damaged_file(place: Place, standby: Standby, base: str) -> None:
    """Two copies are finished; the third is given up and its pack written anew, which may be cut anywhere."""
    place.restore(base)
    died = standby.trace([copies(place)], datetime.now(UTC), "fsync:signal=KILL:when=5")
    assert died.killed and not died.answers
    (pack,) = packs_in(place.data / "issued")
    content = bytearray(pack.read_bytes())
    content[content.index(b"%PDF") + 100] ^= 1
    pack.write_bytes(content)
    place.save("a damaged pack")
    recovery = Step(RECOVER, after_s=LEASE_OVER.total_seconds())
    (done,) = standby.take([recovery], datetime.now(UTC))
    assert done["body"] == {"finished": PEOPLE - 1, "failed": 1}

    Drill(
        name="recovering a damaged chunk",
        place=place,
        standby=standby,
        base="a damaged pack",
        chunk=copies(place),
        killed=recovery,
    ).kill_everywhere()


@pytest.mark.parametrize("nth", [4, 5], ids=["its bytes", "its folder"])
def test_a_pack_that_is_not_on_disk_acknowledges_nothing(
    place: Place, standby: Standby, base: str, nth: int
) -> None:
    """Nobody of the chunk is told of a copy, nor anybody after them, until a restart; then all are served."""
    place.restore(base)
    chunk, now = copies(place), datetime.now(UTC)
    again = place.chunk(order_of("endorse", number_of(4), "c"))
    failed = standby.trace([chunk, again], now, f"fsync:error=EIO:when={nth}")

    codes = [
        [one["body"]["code"] for one in said["body"]["outcomes"] if one["status"] != 201]
        for said in failed.answers
    ]
    assert codes == [["UNAVAILABLE", "NOT_FOUND", "UNAVAILABLE", "UNAVAILABLE"], ["UNAVAILABLE"]]
    census = take_census(place.data, place.world.services.keystore)
    assert (census.files, census.temporaries) == ({}, [])
    assert [row["state"] for row in census.rows["copy"]] == ["FAILED"] * 4
    (healed,) = standby.take([chunk], now)
    assert len(all_named(healed)) == PEOPLE


def test_a_commit_that_fails_leaves_the_whole_chunk_to_recovery(
    place: Place, standby: Standby, base: str
) -> None:
    """Whether it happened nobody can tell; its pack stays, and recovery finishes every row from it."""
    place.restore(base)
    chunk, now = copies(place), datetime.now(UTC)
    whole = standby.trace([chunk], now)
    points = points_of(whole.trace)
    stored = points.index(Point("link", 1))
    commit = next(point for point in points[stored:] if point.call == "fdatasync")
    place.restore(base)
    failed = standby.trace([chunk], now, f"fdatasync:error=EIO:when={commit.nth}")

    assert not all_named(failed.answers[0])
    (recovered, answer) = standby.take([RECOVERY, chunk], now + LEASE_OVER)
    assert recovered["body"] == {"finished": PEOPLE, "failed": 0}
    assert len(all_named(answer)) == PEOPLE
    keystore = place.world.services.keystore
    assert not +faults_of(take_census(place.data, keystore), all_named(answer), keystore)
