"""A disk that is really full: coded refusals, no half copy, and with room again everybody is served."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from certsvc.domain.endorsement import FORMATS
from tests.drills import sweep
from tests.faults.census import faults_of, take_census
from tests.faults.place import Place, make_place, number_of
from tests.faults.standby import RECOVER, Standby, Step, named

SIZE: Final = 6 * 1024 * 1024
COPIES: Final = 12
EVENTS: Final = 24
ROOM_FOR_SOME: Final = 600 * 1024
"""A copy takes about 230 KB in two files, an event about 100 KB of database."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A tmpfs and something that takes up its room."""

    mount: Path

    @property
    def _ballast(self) -> Path:
        return self.mount / "ballast"

    def fill(self, left: int) -> None:
        """Leave about *left* bytes."""
        free = os.statvfs(self.mount).f_bavail * os.statvfs(self.mount).f_frsize
        assert free > left
        self._ballast.write_bytes(bytes(free - left))

    def empty(self) -> None:
        """Make room."""
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount a small file system; skipped, with the reason, where that is not allowed."""
    mount = tmp_path / "small"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(mount)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    yield SmallDisk(mount)
    subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.fixture
def place(tmp_path: Path, disk: SmallDisk, dev_keys: Path, font_cache: Path, part: str) -> Place:
    """Make an instance of which only *part* lies on the small disk."""
    data = disk.mount / "var"
    if part == "files":
        data = tmp_path / "var"
        data.mkdir()
        (disk.mount / "issued").mkdir()
        (data / "issued").symlink_to(disk.mount / "issued")
    elif part == "database":
        data.mkdir()
        (tmp_path / "issued").mkdir()
        (data / "issued").symlink_to(tmp_path / "issued")
    place = make_place(data, dev_keys, font_cache)
    for order in range(2, COPIES + 2):
        place.world.initial(number_of(order), order=order)
    place.close()
    return place


@pytest.mark.parametrize("part", ["files", "database", "everything"])
def test_a_full_disk_refuses_and_forgets_nothing(
    place: Place, victim: Standby, disk: SmallDisk, part: str
) -> None:
    """Some get their copy, the others a coded refusal; their day is free once there is room."""
    copies = [place.endorsement(f"k{order}", number_of(order)) for order in range(2, COPIES + 2)]
    bodies = (place.world.initial_body(number_of(order), order=order) for order in range(50, 50 + EVENTS))
    events = [place.event(body) for body in bodies]
    steps = [*events, *copies] if part == "database" else copies
    standby = victim.at(place.data)
    disk.fill(ROOM_FOR_SOME)
    now = datetime.now(UTC)
    full = standby.take(steps, now)
    # Nobody died, so nothing half done may lie there: no temporary file, no file of a copy that failed.
    left = take_census(place.data, place.world.services.keystore)
    half_copies = len(left.temporaries) + len(
        left.files.keys() & {f"{row['copy_id']}.{fmt}" for row in left.copies("FAILED") for fmt in FORMATS}
    )
    disk.empty()
    again = standby.take([Step(RECOVER, after_s=62), *steps], now)[1:]

    served = [bool(named(said)) for said in full]
    assert 0 < sum(served) < len(steps), "the disk was never full, or always"
    refused = [said for said in full if not named(said)]
    codes = Counter(said["body"]["code"] for said in refused)
    assert {said["status"] for said in refused} == {503}
    assert set(codes) <= {"STORAGE_FULL", "UNAVAILABLE"} and codes["STORAGE_FULL"] > 0, codes
    for before, after in zip(full, again, strict=True):
        assert after["status"] in ((200,) if named(before) else (200, 201)), (before, after)
    faults = _faults(place, [*full, *again], len(steps))
    faults["unknown_files"] += half_copies
    sweep(
        f"full disk: {part}",
        tried=len(steps),
        of=len(steps),
        harm=+faults,
        refused=len(refused),
        **codes,
    )
    assert not +faults


@pytest.mark.parametrize("part", ["files"])
def test_a_disk_that_fills_up_between_the_two_files_keeps_neither(
    place: Place, victim: Standby, disk: SmallDisk, part: str
) -> None:
    """The PDF had room and the OFD had not: the caller gets a coded refusal, and later a whole copy."""
    first, second = (place.endorsement(f"k{order}", number_of(order)) for order in (2, 3))
    standby, now = victim.at(place.data), datetime.now(UTC)
    (served,) = standby.take([first], now)
    sizes = [served["body"]["files"][fmt]["size"] for fmt in FORMATS]
    disk.fill(sizes[0] + sizes[1] // 2)
    full = standby.trace([second], now)

    assert (full.answers[0]["status"], full.answers[0]["body"]["code"]) == (503, "STORAGE_FULL")
    assert any(" writev(" in line and "= " in line for line in full.trace), "nothing was written"
    assert not any(" link(" in line for line in full.trace), "a cut pack was given its name"
    left = take_census(place.data, place.world.services.keystore)
    assert set(left.files) == {f"{row['copy_id']}.{fmt}" for row in left.copies("DONE") for fmt in FORMATS}
    assert (len(left.copies("DONE")), len(left.copies("FAILED")), left.temporaries) == (1, 1, [])
    disk.empty()
    (again,) = standby.take([second], now)
    assert again["status"] == 201


def _faults(place: Place, answers: Sequence[dict[str, object]], requests: int) -> Counter[str]:
    keystore = place.world.services.keystore
    told = {named(said) for said in answers} - {None}
    faults = faults_of(take_census(place.data, keystore), told, keystore)
    faults["doubles"] += len(told) - requests
    return faults
