"""The power goes at any moment: what was acknowledged is on the disk, and the rest is settled by recovery.

The instance lies on a file system inside an image. At a point the process is stopped, the image is copied as
it stands, with everything the kernel had not written yet left out, and the copy is mounted elsewhere: what a
machine finds after a power cut, its journal played back.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.drills import record, some
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place, make_place, number_of
from tests.faults.standby import RECOVER, Point, Standby, Step, named, points_of
from tests.tools import need

SIZE: Final = 48 * 1024 * 1024
LEAST: Final = 8
LEASE_OVER: Final = timedelta(seconds=62)
OPTIONS: Final = "loop,data=writeback,commit=300"
"""Nothing reaches the disk by chance: contents are not written with the names, nor anything by the clock."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system in an image, and where its copies are looked at."""

    image: Path
    mount: Path
    found: Path
    """A copy is mounted here, where the instance after the cut is then worked on."""

    def cut(self) -> None:
        """Copy the image as it stands and mount the copy, which plays its journal back."""
        copied = self.image.with_name("found.img")
        subprocess.run(["cp", "--sparse=always", str(self.image), str(copied)], check=True)
        subprocess.run(["mount", "-o", OPTIONS, str(copied), str(self.found)], check=True)

    def put_away(self) -> None:
        """Unmount the copy."""
        subprocess.run(["umount", str(self.found)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Make and mount the image; skipped, with the reason, where that is not allowed."""
    image, mount, found = tmp_path / "disk.img", tmp_path / "mount", tmp_path / "found"
    for folder in (mount, found):
        folder.mkdir()
    with image.open("wb") as made:
        made.truncate(SIZE)
    subprocess.run([str(need("mkfs.ext4")), "-q", "-F", str(image)], check=True)
    done = subprocess.run(
        ["mount", "-o", OPTIONS, str(image), str(mount)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no image can be mounted here, so no power was cut: {done.stderr.strip()}")
    yield Disk(image, mount, found)
    subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.fixture
def place(disk: Disk, dev_keys: Path, font_cache: Path) -> Place:
    """Make an instance on that disk."""
    place = make_place(disk.mount / "var", dev_keys, font_cache)
    place.save("base")
    return place


@dataclass(frozen=True, slots=True)
class Cut:
    """What one power cut left."""

    acknowledged: int
    faults: Counter[str]


def steps_of(place: Place) -> list[Step]:
    """An event, a copy of its holder, and the copy of another holder."""
    return [
        place.event(place.world.initial_body(number_of(2), order=2)),
        place.endorsement("a", number_of(2)),
        place.endorsement("b"),
    ]


def cut_at(disk: Disk, place: Place, victim: Standby, steps: list[Step], point: Point, *inject: str) -> Cut:
    """Cut the power at one point; the callers come again to what the disk holds."""
    place.restore("base")
    subprocess.run(["sync", "-f", str(disk.mount)], check=True)
    now = datetime.now(UTC)
    stop = f"{point.call}:signal=STOP:when={point.nth}"
    outcome = victim.at(place.data).trace(steps, now, *inject, stop, asleep=disk.cut, wakes=False)
    assert outcome.killed, f"{point} was not met"
    try:
        data, keystore = disk.found / "var", place.world.services.keystore
        over = now + LEASE_OVER
        settled = victim.at(data).take([Step(RECOVER), *steps], over)
        told = {named(said) for said in (*outcome.answers, *settled[1:])} - {None}
        for before, after in zip(outcome.answers, settled[1:], strict=False):
            assert after["status"] == 200 and named(after) == named(before), (point, before, after)
        victim.at(data).take([Step(RECOVER)], over + LEASE_OVER)
        faults = faults_of(take_census(data, keystore), told, keystore)
        faults["lost"] += sum(named(said) is None for said in settled[1:])
        return Cut(len(outcome.answers), faults)
    finally:
        disk.put_away()


def test_power_cut_loses_nothing_acknowledged(disk: Disk, place: Place, victim: Standby) -> None:
    """At every call that changes something."""
    steps = steps_of(place)
    place.restore("base")
    whole = victim.at(place.data).trace(steps, datetime.now(UTC))
    assert [said["status"] for said in whole.answers] == [201] * len(steps), whole.answers
    points = points_of(whole.trace)
    chosen = some(points, "power cut", least=LEAST)
    faults: Counter[str] = Counter()
    acknowledged = 0
    for point in chosen:
        cut = cut_at(disk, place, victim, steps, point)
        acknowledged += cut.acknowledged
        faults += cut.faults
        if +cut.faults:
            print(f"cut at {point}: {+cut.faults}")
    record(
        "power cut",
        points=f"{len(chosen)} of {len(points)}",
        acknowledged_before=acknowledged,
        **{kind: faults[kind] for kind in ("doubles", "lost", "unknown_files", "damaged", "unsettled")},
    )
    assert not +faults
    assert acknowledged > 0, "no answer came before a cut: the drill tests nothing"


def test_the_drill_sees_what_is_not_synced(disk: Disk, place: Place, victim: Standby) -> None:
    """A machine that only says it synced loses an acknowledged copy, and this drill tells so."""
    steps = steps_of(place)
    place.restore("base")
    whole = victim.at(place.data).trace(steps, datetime.now(UTC))
    last = points_of(whole.trace)[-1]
    lies = ("fsync:retval=0", "fdatasync:retval=0")
    with pytest.raises(AssertionError):
        cut = cut_at(disk, place, victim, steps, last, *lies)
        assert not +cut.faults
