"""What a process that goes on for long does once it has loaded everything."""

from __future__ import annotations

import gc
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from certsvc.wiring import Services

_YOUNG: Final = 20_000
"""Objects between two looks for rings of them; Python's own 700 are made and gone again with half a copy."""
_LONGEST_S: Final = 30.0
"""How long a process waits for its rehearsal: hardware with a key may hang where no time-out reaches."""


def get_ready(services: Services) -> None:
    """Rehearse, so that the first order finds all warm, then keep what is loaded; some half a second.

    A rehearsal that takes very long goes on beside the work: verifying needs no private key.
    """
    rehearsal = Thread(target=services.rehearsal.run, name="rehearsal", daemon=True)
    rehearsal.start()
    rehearsal.join(_LONGEST_S)
    if rehearsal.is_alive():
        # Here: --help loads this file, and answers at once.
        import structlog

        structlog.get_logger("certsvc.rehearsal").warning("rehearsal_unfinished", waited_s=_LONGEST_S)
    keep_loaded()


def keep_loaded() -> None:
    """Keep what was loaded out of the garbage collector's way: it stays till the end.

    Looking through it again and again would stop every request for a tenth of a second, and take a fifth of
    the time of a batch. What is made for a copy goes with it; only rings of objects wait for the collector,
    and as long as few are made it need not look through the rest fifty times a chunk.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
