"""Policy ``queue``: time stamps of files that were handed out already, fetched one after the other.

An issued file never changes: its token is kept beside it. Whoever looks for work claims a row before he asks
the authority and writes the token after: no transaction is open while the network is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from certsvc.domain.clock import Clock
from certsvc.domain.timestamps import FileTimestamp
from certsvc.errors import TimestampUnavailableError
from certsvc.registry.port import Registry
from certsvc.sealing.tsa import Deadline, TimestampAuthority

_log = structlog.get_logger("certsvc.timestamps")

PORTION: Final = 100
"""Files looked at in one go."""
CLAIM: Final = timedelta(seconds=60)
"""How long nobody else asks for what is being asked for; a claim whose worker died ends by itself."""
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)


class StampQueue:
    """Fetches what is wanted; any number of them may share a registry."""

    def __init__(self, *, registry: Registry, authority: TimestampAuthority, clock: Clock) -> None:
        """Take where wanted ones stand, and who is asked."""
        self._registry = registry
        self._authority = authority
        self._clock = clock

    def run(self) -> Mapping[str, int]:
        """Fetch up to PORTION time stamps that are due; the authority being away ends the run.

        Returns:
            ``held``: how many are there now; ``put_off``: how many were asked for in vain.

        Raises:
            UnavailableError: the registry is away.
        """
        counts = {"held": 0, "put_off": 0}
        now = self._clock.now()
        with self._registry.reading() as session:
            due = session.wanted_timestamps(now, PORTION)
        for known in due:
            claimed = replace(known, tries=known.tries + 1, not_before=self._clock.now() + CLAIM)
            if not self._write(known, claimed):
                # Somebody else is at it.
                continue
            try:
                token = self._authority.stamp(bytes.fromhex(known.sha256), Deadline())
            except TimestampUnavailableError as error:
                _log.warning(
                    "a time stamp has to wait", code=error.code, note=error.note, tries=claimed.tries
                )
                pause = min(_FIRST_PAUSE * 2 ** min(known.tries, 20), _LONGEST_PAUSE)
                self._write(claimed, replace(claimed, not_before=self._clock.now() + pause))
                counts["put_off"] += 1
                break
            held = replace(claimed, token=token.der, stamped_at=token.gen_time, not_before=self._clock.now())
            counts["held"] += self._write(claimed, held)
        return counts

    def _write(self, known: FileTimestamp, changed: FileTimestamp) -> bool:
        with self._registry.writing() as session:
            return session.change_timestamp(known, changed)
