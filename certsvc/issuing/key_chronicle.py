"""What happened to our keys, written into the log from the trust list: nobody has to remember to tell it.

A key is withdrawn first and told of second, for it may have leaked while the register is away. The trust list
keeps what happened, so what the log does not know yet is written whenever somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from certsvc.domain.clock import Clock
from certsvc.domain.key_events import KeyEvent
from certsvc.registry.port import Registry
from certsvc.registry.port_log import NOTING_KEYS
from certsvc.sealing.trust import TrustedKey


class KeyChronicle:
    """Keeps the log's entries about keys up with the trust list; any number of processes may have one."""

    def __init__(self, *, registry: Registry, keys: Callable[[], Sequence[TrustedKey]], clock: Clock) -> None:
        """Take the register, what returns the trust list of now, and the clock."""
        self._registry = registry
        self._keys = keys
        self._clock = clock
        self._noted: tuple[TrustedKey, ...] = ()

    def note(self) -> int:
        """Write down what the log does not know of yet; returns how many events that were.

        Raises:
            UnavailableError: the register is away; the next look finds the same.
        """
        keys = tuple(self._keys())
        if keys == self._noted:
            return 0
        with self._registry.writing() as session:
            # Of two processes that find the same, the second sees what the first has written.
            session.hold([NOTING_KEYS])
            noted = sum(session.record_key_event(event) for event in events_of(keys, self._clock.now()))
        self._noted = keys
        return noted


def events_of(keys: Sequence[TrustedKey], at: datetime) -> Iterator[KeyEvent]:
    """Yield what a trust list says has happened to its keys, key by key.

    Args:
        keys: the list.
        at: when it was found there.
    """
    for key in keys:
        yield KeyEvent(action="rotate", key_id=key.key_id, at=at, since=key.active_from or key.valid_from)
        if key.retired_at is not None:
            yield KeyEvent(action="retire", key_id=key.key_id, at=at, since=key.retired_at)
        if key.compromised_since is not None:
            yield KeyEvent(action="compromise", key_id=key.key_id, at=at, since=key.compromised_since)
