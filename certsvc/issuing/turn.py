"""A writer's turn: what it waits for, and the instant that counts from then on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from certsvc.domain.clock import CLOCK_SLACK, Clock
from certsvc.errors import TimeUncertainError
from certsvc.registry.port import ReadSession, WriteSession


def wait_turn(session: WriteSession, own: Iterable[str], numbers: Iterable[str]) -> None:
    """Wait for everybody who brings the same, so that what is read after this stands still.

    Args:
        session: with nothing held yet.
        own: what makes a repetition of each request known, such as its source_id.
        numbers: every registration number the requests name, known or not.
    """
    session.hold([*own, *(f"number {number}" for number in numbers)])


def read_clock(session: ReadSession, clock: Clock) -> datetime:
    """Return the present instant, read now that it is our turn.

    An instant read before the wait would lie behind what rivals recorded meanwhile, and blame the clock.

    Raises:
        TimeUncertainError: the clock stands more than CLOCK_SLACK before what is already written.
    """
    now = clock.now()
    last = session.last_recorded_at()
    if last is not None and now < last - CLOCK_SLACK:
        raise TimeUncertainError(
            f"the clock stands {(last - now).total_seconds():.0f} s before the last record"
        )
    return now
