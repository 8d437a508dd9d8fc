"""A worker killed in the middle of endorsing: nothing doubled, nothing lost, no sealed file unknown."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certsvc.domain.endorsement import CopyState
from tests.conftest import ROOT
from tests.factories import FixedClock
from tests.tools import need
from tests.world import NUMBER, World, settings_in

SYSTEM_CALLS = ("fsync", "fdatasync", "link", "unlink")
"""Calls by which endorsing makes something durable, visible or gone."""
MOST_POINTS = 40


@pytest.fixture
def present(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make a world that stands at the machine's time: temporary files are swept by their age."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return World(settings_in(tmp_path / "var", dev_keys), FixedClock(datetime.now(UTC)))


def endorse_killed(world: World, keys: Path, key: str, call: str, nth: int) -> tuple[bool, str]:
    """Endorse in a process that dies before its nth *call* from here on; tells (died, acknowledged id)."""
    done = subprocess.run(
        [
            *(need("strace"), "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"),
            *("-e", f"inject={call}:signal=SIGKILL:when={nth}"),
            *(sys.executable, "-m", "tests.flows.endorser"),
            *(str(world.settings.data_dir), str(keys), world.clock.now().isoformat(), NUMBER, key),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    died = done.returncode != 0
    assert not died or done.returncode in (-9, 137), done.stderr
    return died, done.stdout.strip()


@pytest.mark.parametrize("call", SYSTEM_CALLS)
def test_endorsing_survives_a_kill_at_every_durable_step(present: World, dev_keys: Path, call: str) -> None:
    """One day per point: kill, wait for the lease, recover, ask again with the same key."""
    present.initial()
    points = 0
    for nth in range(1, MOST_POINTS):
        present.jump(days=1)
        key = f"{call}-{nth}"
        died, acknowledged = endorse_killed(present, dev_keys, key, call, nth)
        points += died
        present.jump(seconds=61)
        present.services.desk.recover()
        again = present.endorse(key=key)

        assert not acknowledged or again["endorsement_id"] == acknowledged, "an acknowledged copy was lost"
        assert present.verify(file=present.file(again)).status == "VALID"
        if not died:
            break
    assert points > 0, f"endorsing never called {call}: the drill tests nothing"
    assert not died, "the drill ended before the last point"
    _check_files_are_known(present)


def _check_files_are_known(world: World) -> None:
    """Compare the folder with the registry: every sealed byte on disk belongs to a DONE copy."""
    folder = Path(world.settings.storage_url)
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".tmp"]
    assert files
    with world.services.registry.reading() as session:
        for path in files:
            copy = session.find_copy_by_sha256(hashlib.sha256(path.read_bytes()).hexdigest())
            assert copy is not None and copy.state is CopyState.DONE, f"{path.name} is sealed but unknown"
    world.jump(days=1)
    world.services.desk.recover()
    assert not list(folder.rglob("*.tmp")), "a dead writer's file was left"
