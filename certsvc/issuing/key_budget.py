"""How often each key may still be used today, and how often a chunk uses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta

from certsvc.domain.clock import beijing_day, first_instant
from certsvc.errors import KeyCapReachedError
from certsvc.registry.port import WriteSession


class KeyBudget:
    """The uses of one chunk, counted in the transaction that reserves its rows and before any key is used.

    An attempt that fails later stays counted: its key may have been used.
    """

    def __init__(self, session: WriteSession, cap: int) -> None:
        """Count in *session*; *cap* is how many uses a key has in one day, 0 for any number."""
        self._session = session
        self._cap = cap
        self._used: Counter[str] = Counter()
        self._before: dict[str, int] = {}
        self._day: date | None = None

    def check(self, key_ids: Collection[str], now: datetime) -> None:
        """Refuse an order for which a key has no use left today.

        Raises:
            KeyCapReachedError: it says when there is one again.
        """
        self._day = beijing_day(now)
        if not self._cap:
            return
        unknown = [key_id for key_id in key_ids if key_id not in self._before]
        if unknown:
            self._before |= self._session.key_uses(unknown, self._day)
        for key_id in key_ids:
            if self._before[key_id] + self._used[key_id] >= self._cap:
                again_at = first_instant(self._day + timedelta(days=1))
                raise KeyCapReachedError(
                    f"{key_id} was used {self._before[key_id] + self._used[key_id]} times today, "
                    f"CERTSVC_KEY_DAILY_CAP is {self._cap}",
                    retry_after_s=max(1, round((again_at - now).total_seconds())),
                )

    def use(self, key_ids: Collection[str]) -> None:
        """Count one use of each."""
        self._used.update(key_ids)

    def settle(self) -> bool:
        """Add the chunk's uses to those of everybody; the last thing its transaction does.

        Returns:
            False when rivals took what was left since it was looked up: nothing of the transaction may stay.
        """
        if not self._used or self._day is None:
            return True
        sums = self._session.add_key_uses(self._used, self._day)
        return not self._cap or max(sums.values()) <= self._cap
