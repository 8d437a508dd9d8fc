"""What the desk asks about the register as a whole; part of the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from certsvc.domain.events import RegistrationId
from certsvc.registry.port_batches import Batch


class OverviewReading(Protocol):
    """Counts and lists over everybody. Counts are the database's own: no row behind them is proved."""

    def ends_by_month(self, first: date, before: date) -> Mapping[str, int]:
        """Count specialties of live registrations by the month they end in, ``2026-12``.

        Args:
            first: earliest last day counted, included.
            before: first last day not counted.
        """

    def latest_batches(self, limit: int) -> Sequence[Batch]:
        """List batches of everybody, the latest first."""

    def most_looked_up(self, since_hour: str, limit: int) -> Sequence[RegistrationId]:
        """List the registrations looked up most from an hour of Beijing's on, as far as counts are folded.

        Args:
            since_hour: ``2026-11-20T09``, included.
            limit: registrations at most.
        """
