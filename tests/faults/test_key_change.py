"""SIGKILL at every state-changing system call of a change of keys: the old list or the new, never none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certsvc.sealing.dev_keys import rotate_dev_key
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import TrustedKey, mark_compromised, read_trust, retire_key
from tests.conftest import ROOT
from tests.drills import record, some
from tests.faults.batch_crew import fork
from tests.faults.standby import STATE_CHANGING, Point, points_of
from tests.tools import need

PLAN = ROOT / "keys" / "pki.toml"
LEAST = 4
LATER = timedelta(days=1)


def _first(keys: Path) -> str:
    return next(key.key_id for key in read_trust(keys) if key.algorithm == "p256")


CHANGES: dict[str, Callable[[Path, datetime], object]] = {
    "rotate pdf": lambda keys, now: rotate_dev_key(keys, PLAN, "p256", now),
    "rotate pdf ahead": lambda keys, now: rotate_dev_key(keys, PLAN, "p256", now, at=now + LATER),
    "rotate log": lambda keys, now: rotate_dev_key(keys, PLAN, "log", now),
    "retire": lambda keys, now: retire_key(keys, _first(keys), now),
    "compromise": lambda keys, now: mark_compromised(keys, _first(keys), now - LATER),
}


def traced(act: Callable[[], object], trace: Path, *inject: str) -> tuple[int, list[str]]:
    """Act in a child under strace; returns how the child ended, and the lines of the trace."""
    ready, go = os.pipe()

    def wait_and_act() -> int:
        os.read(ready, 1)
        act()
        return 0

    child = fork(wait_and_act)
    words = ["-f", "-y", "-o", str(trace), "-p", str(child), "-e", "signal=none"]
    words += ["-e", "trace=" + ",".join(f"?{call}" for call in STATE_CHANGING)]
    with subprocess.Popen(
        [str(need("strace")), *words, *(part for each in inject for part in ("-e", f"inject={each}"))],
        stderr=subprocess.PIPE,
        text=True,
    ) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        os.write(go, b".")
        _, status = os.waitpid(child, 0)
        os.close(ready)
        os.close(go)
        if "attached" not in said:
            pytest.skip(f"strace cannot trace here: {said.strip()}")
        tracer.communicate(timeout=60)
    return os.waitstatus_to_exitcode(status), trace.read_text("utf-8", "replace").splitlines()


def state(keys: Path) -> list[TrustedKey]:
    """The list, without the names chance gives to new keys."""
    known = read_trust(keys)
    return [key for key in known if key.certificate.endswith("-001.pem")]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_keys_killed_anywhere_leaves_old_or_new(
    name: str, dev_keys: Path, tmp_path: Path
) -> None:
    """Whoever signs finds a key that may, and the same command again brings the change about."""
    change, now = CHANGES[name], datetime.now(UTC)
    base = Path(shutil.copytree(dev_keys, tmp_path / "base"))
    changed = Path(shutil.copytree(base, tmp_path / "changed"))
    code, lines = traced(lambda: change(changed, now), tmp_path / "trace.txt")
    assert code == 0
    points = points_of(lines)
    outcomes: Counter[str] = Counter()
    chosen = some(points, f"kill in {name}", least=LEAST)
    for point in chosen:
        outcomes[_kill_at(point, change, base, changed, tmp_path, now)] += 1
    record(
        f"kill in keys {name}",
        points=f"{len(chosen)} of {len(points)}",
        old=outcomes["old"],
        new=outcomes["new"],
        neither=len(chosen) - outcomes["old"] - outcomes["new"],
    )
    assert outcomes.total() == len(chosen) >= min(LEAST, len(points)) > 0


def _kill_at(
    point: Point,
    change: Callable[[Path, datetime], object],
    base: Path,
    changed: Path,
    folder: Path,
    now: datetime,
) -> str:
    keys = folder / "killed"
    shutil.rmtree(keys, ignore_errors=True)
    shutil.copytree(base, keys)
    code, _ = traced(
        lambda: change(keys, now), folder / "trace.txt", f"{point.call}:signal=KILL:when={point.nth}"
    )
    assert code == -9, f"{point} was not met"
    found, old, new = state(keys), state(base), state(changed)
    assert found in (old, new), point
    before = "old" if len(read_trust(keys)) == len(read_trust(base)) and found == old else "new"
    if before == "old":
        assert Keystore.open(keys).signer("p256", now).sign(b"x")
    change(keys, now)
    assert state(keys) == new, point
    assert len(read_trust(keys)) >= len(read_trust(changed))
    assert not list(keys.glob(".unfinished-*")), point
    assert Keystore.open(keys).pinned
    return before
