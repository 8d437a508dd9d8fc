"""The test's side of victim.py: give an order, inject a fault, hear what was acknowledged."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT
from tests.tools import need
from tests.world import JSON

STATE_CHANGING: Final = (
    *("open", "openat", "creat", "write", "pwrite64", "writev", "pwritev", "pwritev2", "copy_file_range"),
    *("fsync", "fdatasync", "sync_file_range", "link", "linkat", "symlink", "symlinkat"),
    *("unlink", "unlinkat", "rename", "renameat", "renameat2", "truncate", "ftruncate", "fallocate"),
    *("mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "utimensat"),
)
"""Calls by which a process changes what others see. Writes into shared memory are no calls; SQLite's only
such memory is the index of its log, which is rebuilt from the log."""
RECOVER: Final = "recover"
"""In place of a path: the command."""
ADVANCE: Final = "advance"
"""In place of a path: give the log's entries their places, as a server does each second."""
TAKE: Final = "take"
"""In place of a path: hand the body, a list of orders, in at the counter as one chunk."""
_CALL: Final = re.compile(r"\d+ +(\w+)\((.*)")
_CREATES: Final = re.compile(r"O_CREAT|O_TRUNC|O_TMPFILE")


@dataclass(frozen=True, slots=True)
class Point:
    """The *nth* time a process makes *call*; it is counted from when the tracer takes hold."""

    call: str
    nth: int

    def __str__(self) -> str:
        return f"{self.call}#{self.nth}"


@dataclass(frozen=True, slots=True)
class Step:
    """One request to the application; or something else, see RECOVER, ADVANCE and TAKE."""

    path: str
    body: object = None
    headers: Mapping[str, str] | None = None
    method: str = "POST"
    after_s: float = 0
    """Seconds by which the clock is moved before the step."""

    def order(self) -> JSON:
        """Return it as victim.py reads it."""
        return {
            "path": self.path,
            "body": self.body,
            "headers": dict(self.headers or {}),
            "method": self.method,
            "after_s": self.after_s,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order."""

    exit_code: int
    """0, or minus the signal that ended it."""
    answers: tuple[JSON, ...]
    """``status`` and ``body`` of each step that was answered before the end."""
    trace: tuple[str, ...] = ()
    """Lines of strace: the state-changing calls."""

    @property
    def killed(self) -> bool:
        """Whether the injected SIGKILL met it."""
        return self.exit_code == -9


class Standby:
    """A loaded process that waits for orders, each for the instance in one folder."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, data: Path) -> None:
        """Talk to *process* about *data*; traces are kept in *folder*."""
        self._process = process
        self._folder = folder
        self._trace = folder / "trace.txt"
        self._data = data

    def at(self, data: Path) -> Standby:
        """Return the same process, to work on another instance."""
        return Standby(self._process, self._folder, data)

    def take(self, steps: Sequence[Step], at: datetime) -> list[JSON]:
        """Take *steps* in a fresh, healthy child whose clock begins at *at*; returns its answers."""
        self._order(steps, at)
        self._tell({})
        return list(self._end().answers)

    def trace(
        self,
        steps: Sequence[Step],
        at: datetime,
        *inject: str,
        asleep: Callable[[], None] | None = None,
        wakes: bool = True,
    ) -> Outcome:
        """Take *steps* in a fresh child under strace, with these injections.

        *asleep* is called once the child is stopped, which one of the injections must do; then it goes on, or
        is killed where it is when it does not wake.
        """
        child = self._order(steps, at)
        tracer = self._attach(child, inject)
        self._tell({})
        try:
            if asleep is not None:
                self._wait_until_stopped()
                asleep()
                os.kill(child, signal.SIGCONT if wakes else signal.SIGKILL)
            outcome = self._end()
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            tracer.communicate(timeout=60)
        lines = self._trace.read_text(encoding="utf-8", errors="replace").splitlines()
        return replace(outcome, trace=tuple(lines))

    def _wait_until_stopped(self) -> None:
        """Wait until the tracer tells of it; /proc cannot tell this stop from those at each call."""
        end = time.monotonic() + 60
        while "--- stopped by SIGSTOP ---" not in self._trace.read_text(encoding="utf-8", errors="replace"):
            assert time.monotonic() < end, "the child never stopped"
            time.sleep(0.01)

    def _order(self, steps: Sequence[Step], at: datetime) -> int:
        """Give an order; returns the process that waits to obey it."""
        orders = [step.order() for step in steps]
        self._tell({"data": str(self._data), "instant": at.isoformat(), "steps": orders})
        return int(self._hear()["ready"])

    def _end(self) -> Outcome:
        answers: list[JSON] = []
        while "ended" not in (said := self._hear()):
            answers.append(said)
        assert said["ended"] in (0, -9), f"the child ended with {said['ended']}, see its stderr"
        return Outcome(said["ended"], tuple(answers))

    def _attach(self, pid: int, inject: Sequence[str]) -> subprocess.Popen[str]:
        tracer = subprocess.Popen(
            [
                *(str(need("strace")), "-f", "-y", "-o", str(self._trace), "-p", str(pid)),
                # A question mark: not every machine has every call.
                *("-e", "trace=" + ",".join(f"?{call}" for call in STATE_CHANGING), "-e", "signal=SIGSTOP"),
                *(part for each in inject for part in ("-e", f"inject={each}")),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if "attached" not in said:
            tracer.communicate(timeout=60)
            self._tell({})
            pytest.skip(f"strace cannot trace here: {said.strip()}")
        return tracer

    def _tell(self, order: JSON) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self) -> JSON:
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline() or b'"the victim ended"')
        assert isinstance(said, dict), said
        return said


@contextmanager
def standing_by(keys: Path, font_cache: Path, folder: Path) -> Iterator[Standby]:
    """Keep a victim, and its traces in *folder*, until the block ends."""
    with subprocess.Popen(
        # Byte code written by one child would be found by the next, and shift its calls.
        [sys.executable, "-B", "-m", "tests.faults.victim", str(keys), str(font_cache)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline(), "the victim cannot load"
        yield Standby(process, folder, folder)
        process.stdin.close()


def points_of(trace: Sequence[str]) -> list[Point]:
    """List the points of a whole run at which a state may change."""
    counts: dict[str, int] = {}
    points = []
    for line in trace:
        found = _CALL.match(line)
        if found is None:
            continue
        call, arguments = found.groups()
        counts[call] = counts.get(call, 0) + 1
        opens = call in ("open", "openat")
        if (not opens or _CREATES.search(arguments)) and "</dev/null>" not in arguments:
            points.append(Point(call, counts[call]))
    return points


def all_named(said: JSON) -> set[object]:
    """Return what an answer names: of a request, or of each order of a chunk."""
    return {named(one) for one in said["body"].get("outcomes", [said])} - {None}


def named(said: JSON) -> object:
    """Return what an acknowledging answer names: an event or a copy; None for any other answer."""
    body = said["body"]
    return body.get("event_id") or body.get("token") if said["status"] in (200, 201) else None
