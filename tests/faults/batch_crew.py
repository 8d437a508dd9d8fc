"""Batch workers as forks of the test's own process, with everything loaded, to be killed at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from threading import Event

from certsvc.config import Settings
from certsvc.errors import CertsvcError
from certsvc.registry.sql import SQLRegistry
from certsvc.wiring import build
from tests.factories import FixedClock

GAVE_UP = 3
"""Exit code of a worker that met an error of ours."""


def start(settings: Settings, now: datetime, batch_id: str, name: str) -> int:
    """Fork a worker that carries a batch out at *now*; returns its process id.

    The caller has closed its own connections.
    """
    return fork(lambda: _work(settings, now, batch_id, name))


def _work(settings: Settings, now: datetime, batch_id: str, name: str) -> int:
    services = build(settings, FixedClock(now))
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
        signal.alarm(120)
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
