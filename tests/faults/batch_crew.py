"""Batch workers as forks of the test's own process, with everything loaded, to be killed at any moment."""

from __future__ import annotations

import mmap
import os
import signal
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from certsvc.config import Settings
from certsvc.errors import CertsvcError
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring import build

GAVE_UP = 3
"""Exit code of a worker that met an error of ours."""


class SharedClock:
    """One clock for all forks: whoever lives sees how time passes for the dead."""

    def __init__(self, start: datetime) -> None:
        """Stand at *start*."""
        self._memory = mmap.mmap(-1, 8)
        self._start = start

    def now(self) -> datetime:
        """Return the present instant."""
        (seconds,) = struct.unpack("d", self._memory[:8])
        return self._start + timedelta(seconds=seconds)

    def advance(self, by: timedelta) -> None:
        """Move forward, for everybody."""
        (seconds,) = struct.unpack("d", self._memory[:8])
        self._memory[:8] = struct.pack("d", seconds + by.total_seconds())


def start(settings: Settings, clock: SharedClock, batch_id: str, name: str) -> int:
    """Fork a worker that carries a batch out; returns its process id.

    The caller has closed its own connections.
    """
    return fork(lambda: _work(settings, clock, batch_id, name))


def _work(settings: Settings, clock: SharedClock, batch_id: str, name: str) -> int:
    services = build(settings, clock)
    try:
        services.batches.runner(name).work(batch_id, Event())
    except CertsvcError:
        return GAVE_UP
    finally:
        assert isinstance(services.registry, SQLRegistry)
        services.registry.close()
    return 0


def fork(work: Callable[[], int]) -> int:
    """Do something in a child that ends with its exit code; returns its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(600)
        code = work()
    finally:
        os._exit(code)


def ended(child: int) -> int | None:
    """Return the exit code of a worker, negative for a signal; None while it runs."""
    found, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def kill(child: int) -> None:
    """Kill a worker and take its place in the table of processes back."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
