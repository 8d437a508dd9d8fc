"""Asking for the state of one record, as its tests do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from certsvc.domain.events import EventType
from certsvc.domain.record_state import RecordState, state_of
from certsvc.domain.report import Check, Entry, Finding
from tests.factories import a_policy, an_entry, an_event


def state(entry: Entry, instant: datetime, specialty: str | None = None) -> RecordState:
    """Judge under the default policy."""
    return state_of(entry, instant, a_policy(), specialty=specialty)


def finding(found: RecordState, check: Check) -> Finding:
    """Return the first finding of one check."""
    return next(one for one in found.findings if one.check is check)


def with_event(type: EventType, effective_at: datetime, **rest: object) -> Entry:
    """Return the default copy with one more event in its registration's history."""
    event = replace(an_event(type, seq=2, effective_at=effective_at), **rest)  # type: ignore[arg-type]  # named fields
    entry = an_entry()
    return replace(entry, events=(*entry.events, event))
