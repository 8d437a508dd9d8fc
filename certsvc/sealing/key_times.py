"""What time does to a key: the one rule by which a compromise or the end of a certificate acts."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class KeyTimes(Protocol):
    """The instants that are known of a key."""

    @property
    def valid_from(self) -> datetime:
        """Since when it may be used."""

    @property
    def valid_to(self) -> datetime:
        """Until when it may be used."""

    @property
    def compromised_since(self) -> datetime | None:
        """Since when somebody else may have used it."""


def fault_at(key: KeyTimes, at: datetime) -> str | None:
    """Return the code of what is wrong with what *key* signed at *at*; None when nothing.

    Retirement is none: a retired key signs nothing more, and all it signed stays good.
    """
    if key.compromised_since is not None and at >= key.compromised_since:
        return "KEY_COMPROMISED"
    return None if key.valid_from <= at <= key.valid_to else "SIGNED_OUTSIDE_VALIDITY"
