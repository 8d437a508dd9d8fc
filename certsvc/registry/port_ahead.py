"""Reading for a whole chunk by a few statements what its orders then look up one by one.

It changes no answer: each look-up is made and checked as ever, and finds its rows at hand. What was read
ahead is handed out once; whoever looks the same up again reads what is there by then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId


class ReadingAhead(Protocol):
    """What is asked before the look-ups of a chunk."""

    def foresee_requests(self, numbers: Collection[str], keys: Collection[tuple[str, str]]) -> None:
        """Read what registrations_with() and find_idempotent() will be asked, of names that are held.

        Args:
            numbers: registration numbers.
            keys: clients with their Idempotency-Keys.
        """

    def foresee_cases(self, registrations: Collection[RegistrationId], day: date) -> None:
        """Hold registrations and read what reserving a copy of each on *day* will look up."""

    def foresee_ends(self, copies: Collection[CopyId]) -> None:
        """Hold copies that are about to be renewed, completed or failed."""
