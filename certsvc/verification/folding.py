"""The journal of look-ups folded into the counters, by whichever process has time for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Final

import structlog

from certsvc.registry.port import Registry
from certsvc.registry.port_feed import LOOKUPS, Folded

WAITING: Final = 5_000
"""Entries that may wait for a quiet moment; those beyond are folded however many people ask. A reader has
the database look through all of them."""
_RESTS: Final = 9
"""Times as long as folding an entry took, until the next one: others want the database and the processor."""
_AT_ONCE: Final = 40
"""Entries folded in a row however many people ask: counts wait in memory meanwhile."""

_log = structlog.get_logger("certsvc.lookups")


class Folding:
    """Folds for one process, in one thread at a time."""

    def __init__(self, registry: Registry) -> None:
        """Take where the journal is; nothing is read yet."""
        self._registry = registry
        self._passed_over: set[str] = set()
        """Entries that fail their MAC, each told once."""

    def in_time(self, *, busy: Callable[[], bool], ends: Callable[[float], bool]) -> None:
        """Fold what there is time for now.

        Args:
            busy: tells whether people are asking, and go first.
            ends: waits for so many seconds, and tells whether this process is to end.

        Raises:
            UnavailableError: the database is away; what was folded by then stays so.
        """
        with self._registry.reading() as session:
            waiting = session.waiting_lookups() - len(self._passed_over)
        if waiting > WAITING:
            self.fold(entries=min(waiting - WAITING, _AT_ONCE), stop=lambda _: ends(0))
        elif waiting > 0 and not busy():
            self.fold(stop=lambda took_s: ends(_RESTS * took_s) or busy())

    def fold(self, *, entries: int | None = None, stop: Callable[[float], bool] = lambda _: False) -> int:
        """Fold the journal, each entry exactly once, whoever else does so at the time.

        Args:
            entries: how many at most; None: all.
            stop: asked after each with the seconds it took; whether to leave the rest.

        Returns:
            How many were folded.

        Raises:
            UnavailableError: the database is away; what was folded by then stays so.
        """
        folded, after = 0, ""
        damaged: set[str] = set()
        for _ in count() if entries is None else range(entries):
            began = time.perf_counter()
            with self._registry.writing() as session:
                session.hold([LOOKUPS])
                entry = session.fold_lookups(after)
            if entry is None:
                # Those that somebody took away meanwhile are forgotten.
                self._passed_over = damaged
                break
            after = entry.entry_id
            folded += entry.sound
            if not entry.sound:
                damaged.add(entry.entry_id)
            self._tell_damage(entry)
            if stop(time.perf_counter() - began):
                break
        return folded

    def _tell_damage(self, entry: Folded) -> None:
        if not entry.sound and entry.entry_id not in self._passed_over:
            self._passed_over.add(entry.entry_id)
            _log.error("an entry of the journal of look-ups is damaged", entry=entry.entry_id)
        if entry.damaged_counters:
            _log.error("counters of look-ups are damaged", rows=entry.damaged_counters)
