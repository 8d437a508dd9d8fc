"""Carrying out the batches that came over HTTP: all that are running, a portion of each in turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Final

import structlog

from certsvc.batch.run import Runner, Step
from certsvc.errors import UnavailableError
from certsvc.registry.port_batches import Batch

_IDLE_S: Final = 1.0
"""Pause while there is nothing to do; a batch begins at most so much late."""
_AWAY_S: Final = 5.0

_log = structlog.get_logger("certsvc.batch")


def watch(
    running: Callable[[], Sequence[Batch]],
    runner: Runner,
    stop: Event,
    *,
    idle_s: float = math.inf,
    silence: Callable[[], object] = lambda: None,
) -> None:
    """Work until *stop* is set; the portion in hand is finished first.

    Any number of watchers may share a registry: who claimed a portion has it (docs/batch.md).

    Args:
        running: lists the batches to carry out, the oldest first.
        runner: does it.
        stop: ends it.
        idle_s: ends it too, once there was nothing to do for so long.
        silence: called before such an end, after which batches are looked for once more.
    """
    idle_since = time.monotonic()
    while not stop.is_set():
        try:
            if _round(running(), runner, stop):
                idle_since = time.monotonic()
                continue
            if time.monotonic() - idle_since >= idle_s:
                silence()
                if not running():
                    return
        except UnavailableError as error:
            _log.warning("cannot work now", code=error.code, note=error.note)
            stop.wait(_AWAY_S)
        stop.wait(_IDLE_S)


def _round(batches: Sequence[Batch], runner: Runner, stop: Event) -> bool:
    """Carry one portion of each batch out, so that a short one need not wait for a long one."""
    steps = [runner.step(batch.batch_id) for batch in batches if not stop.is_set()]
    return Step.WORKED in steps
