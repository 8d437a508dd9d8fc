"""Drawing copies by lot: the same seed draws the same ones, on every machine, with any number of workers."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

ALL: Final = 1 << 64
"""Every lot lies below this."""


def lot(seed: str, use: str, copy_id: str) -> int:
    """Return a copy's lot, 0 to 2**64 - 1; each use draws by itself."""
    drawn = hashlib.sha256(f"{seed}\0{use}\0{copy_id}".encode()).digest()
    return int.from_bytes(drawn[:8], "big")


def share(part: Fraction, least: int, count: int) -> int:
    """Return the bound below which *part* of *count* copies lie, and about *least* of them at least."""
    return ALL if least >= count else max(int(part * ALL), ALL * least // count)


def lowest(seed: str, use: str, copy_ids: Iterable[str], count: int) -> int:
    """Return the bound below which just *count* of the copies lie; ALL when there are no more."""
    kept: list[int] = []
    more = False
    for copy_id in copy_ids:
        drawn = -lot(seed, use, copy_id)
        if len(kept) < count:
            heapq.heappush(kept, drawn)
        else:
            more = True
            heapq.heappushpop(kept, drawn)
    return -kept[0] + 1 if more and kept else ALL
