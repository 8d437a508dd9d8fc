"""How often keys were used; part of the port."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Protocol


class KeyUseReading(Protocol):
    """Look-ups of counts."""

    def key_uses(self, key_ids: Collection[str], day: date) -> Mapping[str, int]:
        """Return for how many copies each of these keys was reserved on a day of Beijing's."""


class KeyUseWriting(KeyUseReading, Protocol):
    """Adding to counts."""

    def add_key_uses(self, uses: Mapping[str, int], day: date) -> Mapping[str, int]:
        """Add to the counts, and hold them until the transaction ends; returns what they are now.

        It comes last in its transaction: whoever reserves copies waits here for everybody else who does.
        """
