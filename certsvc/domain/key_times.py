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


def fault_of_use(key: KeyTimes, *, reserved_at: datetime, logged_at: datetime | None = None) -> str | None:
    """Return the code of what is wrong with our own use of *key* for one copy; None when nothing.

    A thief can write any instant into a file, and who got into the database any instant into a row. A public
    log's checkpoint can be dated back by neither, so where there is one a compromise spares only what it held
    before: both instants have to lie before the theft. The certificate's own time is judged at the row's
    instant, for that is the one the file states; a checkpoint may come hours later.

    Args:
        key: the key the row names.
        reserved_at: when the row was reserved, which comes before any use of the key.
        logged_at: instant of the first checkpoint of the public log that holds the copy; None when no log
            was kept for it, and the row's own instant alone decides.
    """
    fault = fault_at(key, reserved_at)
    theft = key.compromised_since
    if fault is None and theft is not None and logged_at is not None and logged_at >= theft:
        return "KEY_COMPROMISED"
    return fault
