"""What a process does once a second in a thread of its own, and a last time at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing import util as multiprocessing_util
from threading import Event, Thread
from typing import Final

from certsvc.errors import UnavailableError

Ends = Callable[[float], bool]
"""Waits for so many seconds; tells whether this process is to end."""

EVERY_S: Final = 1.0
LAG_S: Final = 60.0
"""A turn waits for the database as long as it lets anybody wait, and a log left behind takes a while."""
_LAST_S: Final = 8.0
"""How long the end of a process waits for the last turn: less than the server gives its workers."""
_EARLY: Final = 10
"""Priority among what a worker process does at its end; the standard library's own has 0 and less."""


class Chore:
    """One thing that is done again and again; it raises nothing, for that would end it for good."""

    def __init__(self, name: str, turn: Callable[[Ends], object], last_turn: Callable[[], object]) -> None:
        """Take what is done each second, and what at the end; nothing is started yet.

        Args:
            name: of the thread.
            turn: done once a second; one that takes long asks whether this process is to end.
            last_turn: done when the process ends, however it is told to.
        """
        self._name = name
        self._turn = turn
        self._last_turn = last_turn
        self._ended = Event()
        self._turned_at = time.monotonic()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin, and have the last turn taken at the end of this process; harmless to call again."""
        if self._thread is None:
            self._turned_at = time.monotonic()
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
            # Not atexit alone: a worker of the server is a child of multiprocessing and ends without it.
            multiprocessing_util.Finalize(None, self.stop, exitpriority=_EARLY)

    def check(self) -> None:
        """Raise UnavailableError when it was started and its last turn ended long ago."""
        ago = time.monotonic() - self._turned_at
        if self._thread is not None and not self._ended.is_set() and ago > LAG_S:
            raise UnavailableError(f"{self._name}: the last turn ended {ago:.0f} s ago")

    def stop(self) -> None:
        """Have the last turn taken and end the thread; harmless to call again, or without start()."""
        if self._thread is not None and not self._ended.is_set():
            self._ended.set()
            self._thread.join(_LAST_S)

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            self._turn(self._ended.wait)
            self._turned_at = time.monotonic()
        self._last_turn()
