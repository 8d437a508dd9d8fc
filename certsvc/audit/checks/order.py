"""The order of recording: events and registrations are numbered without a gap, and time rises with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from certsvc.audit.defect import Defect, plain
from certsvc.audit.premises import Bench, Scope
from certsvc.domain.clock import CLOCK_SLACK


def check_order(bench: Bench, scope: Scope) -> Iterator[Defect]:
    """Go through all events and registrations in the order of recording."""
    del scope
    # Read first: while the audit reads on, more may be recorded than these tell of, never less.
    last = bench.review.counters()
    yield from _gaps("EVENT_MISSING", "event", _events(bench), last.get("event", 0))
    yield from _gaps(
        "REGISTRATION_MISSING", "registration", bench.review.ordinals(), last.get("registration", 0)
    )
    latest: datetime | None = None
    for _, event_id, recorded_at in bench.review.events_in_order():
        if latest is not None and recorded_at < latest - CLOCK_SLACK:
            yield Defect(code="EVENT_ORDER", kind="event", id=plain(event_id))
        latest = recorded_at if latest is None else max(latest, recorded_at)


def _events(bench: Bench) -> Iterator[int]:
    return (seq for seq, _, _ in bench.review.events_in_order())


def _gaps(code: str, kind: str, places: Iterable[int], last: int) -> Iterator[Defect]:
    """Yield one defect for each run of missing numbers from 1 to *last*."""
    due = 1
    for place in places:
        if place > due:
            yield _missing(code, kind, due, place - 1)
        due = max(due, place + 1)
    if due <= last:
        yield _missing(code, kind, due, last)


def _missing(code: str, kind: str, first: int, last: int) -> Defect:
    return Defect(code=code, kind=kind, id=f"no. {first}" if first == last else f"no. {first} to {last}")
