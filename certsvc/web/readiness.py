"""Which part of the service can do its work; asked in bounded time, also while one does not answer at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from certsvc.errors import CertsvcError, UnavailableError
from certsvc.issuing.turn import read_clock
from certsvc.wiring import Services

EXTENSION: Final = "certsvc.readiness"
KEPT_S: Final = 1.0
WAIT_S: Final = 2.0
"""A part that takes longer is one that callers wait for too."""
OK: Final = "ok"
TOLD_ONLY: Final = frozenset({"workers"})
"""Parts of other processes: a balancer must not take every API process out because of them."""
Look = Callable[[], object]


@dataclass(slots=True)
class _Going:
    """One look at one part, in a thread of its own: nobody can end a look that hangs."""

    look: Look
    state: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look."""
        try:
            self.look()
            self.state = OK
        except CertsvcError as error:
            self.state = error.code
        finally:
            # Anything unforeseen leaves no state, which is read as "did not answer".
            self.ended.set()


@dataclass(slots=True)
class Readiness:
    """The last look at every part, kept for a second: a look writes and syncs a file, and anybody may ask."""

    parts: Mapping[str, str] = field(default_factory=dict)
    looked_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)
    going: dict[str, _Going] = field(default_factory=dict)

    def look(self, looks: Mapping[str, Look]) -> dict[str, str]:
        """Return ``ok`` or a code for each part, within WAIT_S; a part that does not answer is UNAVAILABLE.

        A look that still hangs is not begun a second time: what it says at last counts for who asks next.
        """
        with self.lock:
            if time.monotonic() - self.looked_at > KEPT_S:
                self.parts = self._look(looks)
                self.looked_at = time.monotonic()
            return dict(self.parts)

    def _look(self, looks: Mapping[str, Look]) -> dict[str, str]:
        until = time.monotonic() + WAIT_S
        for name, look in looks.items():
            if name not in self.going:
                going = self.going[name] = _Going(look)
                threading.Thread(target=going.run, name=f"certsvc-ready-{name}", daemon=True).start()
        states = {}
        for name in looks:
            going = self.going[name]
            ended = going.ended.wait(max(0.0, until - time.monotonic()))
            states[name] = (ended and going.state) or UnavailableError.code
            if ended:
                del self.going[name]
        return states


def looks(held: Services) -> dict[str, Look]:
    """Return what is looked at, by the name of the part."""

    def is_away() -> bool:
        # The part "registry" tells it; others have nothing to say then.
        try:
            held.registry.ping()
        except CertsvcError:
            return True
        return False

    def clock() -> None:
        if not is_away():
            with held.registry.reading() as session:
                read_clock(session, held.clock)

    def workers() -> None:
        if is_away():
            return
        with held.registry.reading() as session:
            left = session.figures(held.clock.now()).portions_left
        if left:
            raise UnavailableError(f"{left} portions of batches lie where their worker left them")

    def chores() -> None:
        held.lookup_chore.check()
        held.log_chore.check()

    return {
        "registry": held.registry.ping,
        "storage": held.storage.check,
        "keys": lambda: held.keystore.signer(held.settings.signature, held.clock.now()),
        # A copy is two files: with one of the two keys alone every request for one would fail.
        "log": held.sequencer.check,
        "seal": lambda: held.keystore.seal_signer(held.settings.issuer_name, held.clock.now()),
        "clock": clock,
        "decoders": held.verifier.check_readers,
        "chores": chores,
        "workers": workers,
    }
