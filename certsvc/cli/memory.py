"""What a process that goes on for long does once it has loaded everything."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from certsvc.wiring import Services

_YOUNG: Final = 20_000
"""Objects between two looks for rings of them; Python's own 700 are made and gone again with half a copy."""


def get_ready(services: Services) -> None:
    """Rehearse, so that the first order finds all warm, then keep what is loaded; some half a second."""
    services.rehearsal.run()
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
