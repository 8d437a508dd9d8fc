"""Real faults by the operating system: nothing is acknowledged that is not on disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certsvc.errors import StorageFullError, UnavailableError
from certsvc.storage.local import LocalStorage

ROOT = Path(__file__).parents[2]

PROGRAM = """
import resource, sys
from pathlib import Path
from certsvc.errors import CertsvcError
from certsvc.storage.local import LocalStorage

storage = LocalStorage(Path(sys.argv[1]))
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
for name in ("one.pdf", "two.pdf"):
    try:
        storage.put({name: b"x" * 50_000})
        print(f"{name} stored", flush=True)
    except CertsvcError as error:
        print(f"{name} {error.code}", flush=True)
try:
    storage.check()
    print("check ok", flush=True)
except CertsvcError as error:
    print(f"check {error.code}", flush=True)
"""
"""Stores two files and checks, telling after each what came of it."""


def run(*arguments: str, under: tuple[str, ...] = ()) -> list[str]:
    """Run PROGRAM in a child, perhaps under a tracer, and return the lines it printed."""
    child = subprocess.run(
        [*under, sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.splitlines()


def leftovers(folder: Path) -> list[str]:
    """Name every file in the store."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def strace(tmp_path: Path) -> tuple[str, ...]:
    """The beginning of a command under strace, writing to trace.txt; skipped where it cannot trace."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not installed, so system calls cannot be watched")
    probe = subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("strace may not trace here")
    return (program, "-f", "-y", "-qq", "-o", str(tmp_path / "trace.txt"))


def test_file_and_folders_are_synced_before_put_returns(strace: tuple[str, ...], tmp_path: Path) -> None:
    """Traced: write, fsync of the file, link, fsync of its folder, and only then the answer."""
    folder = tmp_path / "issued"
    lines = run(str(folder), under=(*strace, "-e", "trace=fsync,fdatasync,linkat,link,write,writev,mkdir"))
    assert lines == ["one.pdf stored", "two.pdf stored", "check ok"]

    trace = (tmp_path / "trace.txt").read_text().splitlines()
    place = next(path for path in folder.rglob("one.pack"))
    steps = [
        rf'mkdir\("{re.escape(str(folder))}"',
        rf"fsync\(\d+<{re.escape(str(tmp_path))}>\)\s+= 0",
        rf"fsync\(\d+<{re.escape(str(folder))}>\)\s+= 0",
        rf"fsync\(\d+<{re.escape(str(place.parent.parent))}>\)\s+= 0",
        rf"writev\(\d+<{re.escape(str(place.parent))}/\.one\.pack\.[0-9a-f]+\.tmp>",
        rf"fsync\(\d+<{re.escape(str(place.parent))}/\.one\.pack\.[0-9a-f]+\.tmp>\)\s+= 0",
        r"link(at)?\(.*\.tmp\".*/one\.pack\".*= 0",
        rf"fsync\(\d+<{re.escape(str(place.parent))}>\)\s+= 0",
        r"write\(1<.*\"one\.pdf stored",
    ]
    at = 0
    for step in steps:
        found = [number for number, line in enumerate(trace) if number >= at and re.search(step, line)]
        assert found, f"{step} is missing after line {at} of the trace"
        at = found[0] + 1


def test_only_a_large_pack_is_let_go_and_only_when_it_is_synced(
    strace: tuple[str, ...], tmp_path: Path
) -> None:
    """What is asked for at once stays at hand; what is not on disk yet would not leave the memory."""
    program = """
import sys
from pathlib import Path
from certsvc.storage.local import LocalStorage

storage = LocalStorage(Path(sys.argv[1]))
storage.put({"small.pdf": bytes(50_000)})
storage.put({f"large-0123456789{number}.pdf": bytes(3_000_000) for number in range(4)})
"""
    traced = [*strace, "-e", "trace=fsync,fadvise64", sys.executable, "-c", program, str(tmp_path / "issued")]
    subprocess.run(traced, check=True, cwd=ROOT, timeout=60)

    calls = re.findall(r"(fsync|fadvise64)\(\d+<[^>]*/\.(small|large)", (tmp_path / "trace.txt").read_text())
    assert calls == [("fsync", "small"), ("fsync", "large"), ("fadvise64", "large")]


@pytest.mark.parametrize("when", range(1, 6))
def test_after_a_failed_fsync_nothing_more_is_acknowledged(
    strace: tuple[str, ...], tmp_path: Path, when: int
) -> None:
    """EIO at the n-th fsync of a put: that file is not there, and no later one is claimed to be.

    The kernel calls the next fsync a success although it dropped the bytes, so only a restart may go on.
    """
    folder = tmp_path / "issued"
    inject = ("-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={when}")

    assert run(str(folder), under=(*strace, *inject)) == [
        "one.pdf UNAVAILABLE",
        "two.pdf UNAVAILABLE",
        "check UNAVAILABLE",
    ]
    assert leftovers(folder) == []


def test_no_room_at_fsync_is_told_and_a_later_file_may_fit(strace: tuple[str, ...], tmp_path: Path) -> None:
    """ENOSPC is no broken disk: the attempt is thrown away and the next one tried."""
    folder = tmp_path / "issued"
    inject = ("-e", "trace=fsync", "-e", "inject=fsync:error=ENOSPC:when=4")

    assert run(str(folder), under=(*strace, *inject)) == [
        "one.pdf STORAGE_FULL",
        "two.pdf stored",
        "check ok",
    ]
    assert leftovers(folder) == ["two.pack"]


def test_a_kill_before_the_link_leaves_no_file_under_the_name(
    strace: tuple[str, ...], tmp_path: Path
) -> None:
    """SIGKILL after the bytes are written: only a temporary file remains, and the retry succeeds."""
    folder = tmp_path / "issued"
    inject = ("-e", "trace=link,linkat", "-e", "inject=link,linkat:signal=SIGKILL:when=1")
    subprocess.run(
        [*strace, *inject, sys.executable, "-c", PROGRAM, str(folder)],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    [left] = [name for name in leftovers(folder) if name.endswith(".tmp")]
    assert left.startswith(".one.pack.")

    assert run(str(folder))[0] == "one.pdf stored"


def test_a_file_over_the_limit_of_the_process_leaves_nothing(tmp_path: Path) -> None:
    """RLIMIT_FSIZE cuts a write short in the middle, as a quota does on some file systems."""
    folder = tmp_path / "issued"

    assert run(str(folder), "20000")[:2] == ["one.pdf UNAVAILABLE", "two.pdf UNAVAILABLE"]
    assert leftovers(folder) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KB; skipped where this user may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("this user may not mount a tmpfs, so no disk can be filled")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_leaves_nothing(tiny_disk: Path) -> None:
    """No half file takes the room the next one needs; what was stored before stays readable."""
    storage = LocalStorage(tiny_disk / "issued")
    storage.put({"one.pdf": b"x" * 50_000})
    with pytest.raises(StorageFullError):
        storage.put({"two.pdf": b"y" * 100_000})

    assert leftovers(tiny_disk) == ["one.pack"]
    assert storage.get("one.pdf") == b"x" * 50_000
    storage.put({"three.pdf": b"z" * 1_000})


def test_check_tells_a_full_disk(tiny_disk: Path) -> None:
    """Readiness turns red before a copy is reserved, not after."""
    storage = LocalStorage(tiny_disk / "issued")
    storage.check()
    storage.put({"one.pdf": b"x" * 100_000})

    with pytest.raises(StorageFullError):
        storage.check()
    assert leftovers(tiny_disk) == ["one.pack"]


def test_a_disk_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    """A folder taken away under a running server is not silently made anew elsewhere."""
    storage = LocalStorage(tmp_path / "issued")
    storage.put({"one.pdf": b"x"})
    shutil.move(tmp_path / "issued", tmp_path / "elsewhere")

    with pytest.raises(UnavailableError):
        storage.check()
    assert not (tmp_path / "issued").exists()
