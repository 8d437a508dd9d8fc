"""Distances between the characters of OFD texts that step 5 found to agree: few come, on page after page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_NEAR_MM: Final = 0.01
"""As in the thorough way."""
_MOST_STEPS: Final = 1024


class Steps(set[tuple[str, float]]):
    """Distances as written, each with the advance it was found to agree with, for one size and tracking."""

    def __init__(self, size_mm: float, tracking_mm: float) -> None:
        """Begin with none."""
        super().__init__()
        self._size_mm, self._tracking_mm = size_mm, tracking_mm

    def agree(self, told: Sequence[str], advances: Sequence[float]) -> bool:
        """Say whether each distance is what the advance in em makes. ValueError when one is no number."""
        pairs = list(zip(told, advances, strict=True))
        if self.issuperset(pairs):
            return True
        if len(self) >= _MOST_STEPS:
            self.clear()
        for written, advance in pairs:
            if abs(float(written) - advance * self._size_mm - self._tracking_mm) > _NEAR_MM:
                return False
            self.add((written, advance))
        return True


@lru_cache(maxsize=256)
def steps(size_mm: float, tracking_mm: float) -> Steps:
    """Return what was met in this size and tracking."""
    return Steps(size_mm, tracking_mm)
