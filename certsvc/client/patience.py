"""How often and how long to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SPREAD_S: Final = 5.0
"""Seconds at most that are added to a stated wait: who was sent away together must not come back together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Bounds of one call with all its repetitions."""

    tries: int = 6
    """Requests sent at most, the first one included."""
    total_s: float = 90.0
    """Seconds from the start of the call in which an answer must have come."""
    first_pause_s: float = 0.25
    """Longest pause after the first failure; doubles with each further one."""
    longest_pause_s: float = 15.0

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing."""
        if self.tries < 1 or min(self.total_s, self.first_pause_s, self.longest_pause_s) <= 0:
            raise ValueError("tries must be at least 1 and every time above 0")

    def pause_s(
        self, failures: int, spent_s: float, chance: float, retry_after_s: float | None
    ) -> float | None:
        """Tell how long to wait before the next request; None to give up.

        Args:
            failures: requests that failed so far, at least 1.
            spent_s: seconds since the call began.
            chance: a random number, 0 <= chance < 1.
            retry_after_s: what the service said; never undercut.
        """
        ceiling = min(self.longest_pause_s, self.first_pause_s * 2.0 ** min(failures - 1, 60))
        # At least half: a pause of nothing would hit a service that is just coming up.
        pause = ceiling * (1 + chance) / 2
        if retry_after_s is not None:
            pause = max(pause, retry_after_s + min(retry_after_s / 4, _SPREAD_S) * chance)
        over = failures >= self.tries or spent_s + pause >= self.total_s
        return None if over else pause
