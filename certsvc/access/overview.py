"""The whole register as operators are shown it: what runs out when, batches, what is looked up most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from certsvc.domain.clock import BEIJING, Clock, beijing_day
from certsvc.domain.events import RegistrationId
from certsvc.errors import RecordDamagedError
from certsvc.registry.port import ReadSession, Registry
from certsvc.registry.port_batches import Batch
from certsvc.registry.port_feed import LookUp

BATCHES: Final = 50
LOOKED_UP: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How many specialties end in a month."""

    first: date
    """Its first day."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """How often one registration was looked up."""

    registration_number: str
    total: int
    by_public: int
    """On public pages; the rest are API clients'."""
    by_way: Mapping[str, int]
    """Way in hand -> times."""
    busiest_hour: str
    """``2026-11-20T09`` in Beijing."""
    in_it: int
    """Times in the busiest hour."""
    damaged: bool = False
    """Its counts fail their MAC: none of them is told."""


class Overview:
    """Reads the register as a whole; safe to share between threads."""

    def __init__(self, *, registry: Registry, clock: Clock) -> None:
        """Take what is read from."""
        self._registry = registry
        self._clock = clock

    def months(self, within_days: int) -> Sequence[Month]:
        """Count what ends with fewer than *within_days* days left, month by month, also those with none."""
        today = beijing_day(self._clock.now())
        before = today + timedelta(days=within_days)
        with self._registry.reading() as session:
            counts = session.ends_by_month(today, before)
        months: list[Month] = []
        first = today.replace(day=1)
        while first < before:
            months.append(Month(first=first, count=counts.get(f"{first:%Y-%m}", 0)))
            first = (first + timedelta(days=32)).replace(day=1)
        return months

    def batches(self) -> Sequence[Batch]:
        """List the latest batches of everybody."""
        with self._registry.reading() as session:
            return session.latest_batches(BATCHES)

    def looked_up(self, days: int) -> Sequence[LookedUp]:
        """List what was looked up most in the last *days* times 24 hours, the most first."""
        since = _hour(self._clock.now() - timedelta(days=days))
        with self._registry.reading() as session:
            found = [
                _counted(session, registration_id, since)
                for registration_id in session.most_looked_up(since, LOOKED_UP)
            ]
        return sorted(found, key=lambda one: one.total, reverse=True)


def _hour(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%dT%H}"


def _counted(session: ReadSession, its: RegistrationId, since: str) -> LookedUp:
    number = session.latest_version(its).face.registration_number
    try:
        counts: Mapping[LookUp, int] = session.lookups_of(its)
    except RecordDamagedError:
        return LookedUp(
            registration_number=number,
            total=0,
            by_public=0,
            by_way={},
            busiest_hour="",
            in_it=0,
            damaged=True,
        )
    recent = {lookup: count for lookup, count in counts.items() if lookup.hour >= since}
    ways: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    for lookup, count in recent.items():
        ways[lookup.way] += count
        hours[lookup.hour] += count
    busiest, most = max(hours.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return LookedUp(
        registration_number=number,
        total=sum(recent.values()),
        by_public=sum(count for lookup, count in recent.items() if lookup.caller == "public"),
        by_way=dict(ways),
        busiest_hour=busiest,
        in_it=most,
    )
