"""One process that reads strangers' files: asked through pipes, ended when it fails or takes too long."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from os import getpid, set_blocking
from pathlib import Path
from typing import Final

from certsvc.verification import frames
from certsvc.verification.reading import MAX_ANSWER, Reading, parse_reading

WORK_S: Final = 6.5
"""Longest work of a child on one message; then it is killed, and the file called unreadable."""
START_S: Final = 30.0
"""A child that is not up by then never will be."""
_ROOT: Final = Path(__file__).resolve().parents[2]
BUSY: Final = Reading(fault="busy")
ANOTHER_TRY: Final = frozenset({"memory", "crash"})
"""What an earlier file may have caused as well; a fresh child decides."""


class Child:
    """One reading child and its pipes."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it. OSError when the machine cannot."""
        # Nothing of our environment: it holds the database's password. A session of its own: Ctrl-C is ours.
        self._process = subprocess.Popen(
            [*command, str(getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        set_blocking(self._asked, False)
        set_blocking(self._answers, False)
        self._begun = time.monotonic()
        self._up = False
        self.answered = 0

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def up(self) -> bool:
        """Whether it ever said that it can work."""
        return self._up

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def ask(self, words: Mapping[str, object], content: bytes, *, until: float) -> Reading:
        """Have one thing done; a child that fails at it is ended.

        Args:
            words: what to do.
            content: the file.
            until: instant of the monotonic clock by which an answer is there.
        """
        try:
            self._wait_until_up(until)
        except TimeoutError:
            if time.monotonic() - self._begun > START_S:
                self.end()
            return BUSY
        except EOFError:
            # It could not even start: that is no fault of the file.
            self.end()
            return BUSY
        full = time.monotonic() + WORK_S
        try:
            frames.send(self._asked, words, content, until=min(until, full))
            said, _ = frames.receive(self._answers, most=MAX_ANSWER, until=min(until, full))
            reading = parse_reading(said)
        except TimeoutError:
            self.end()
            return Reading(fault="time") if full <= until else BUSY
        except (EOFError, ValueError):
            out_of_time = self.end() == -signal.SIGXCPU
            return Reading(fault="time" if out_of_time else "crash")
        self.answered += 1
        if reading.fault in ANOTHER_TRY:
            self.end()
        return reading

    def kill(self) -> None:
        """End the process alone; whoever waits for its answer learns it by the pipe."""
        self._process.kill()

    def end(self) -> int:
        """Kill it, whatever it does, and leave nothing of it; returns how it ended."""
        with self._process as process:
            process.kill()
            # Not communicate: it may have said any amount.
        return process.returncode

    def _wait_until_up(self, until: float) -> None:
        if not self._up:
            self._up = frames.read(self._answers, 1, until=until) == frames.READY
            if not self._up:
                raise EOFError("not a reading child")
