"""What a process that goes on for long does once it has loaded everything."""

from __future__ import annotations

import gc


def keep_loaded() -> None:
    """Keep what was loaded out of the garbage collector's way: it stays till the end.

    Looking through it again and again would stop every request for a tenth of a second, and take a fifth of
    the time of a batch.
    """
    gc.collect()
    gc.freeze()
