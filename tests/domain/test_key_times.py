"""When a compromise takes a certificate with it, and when it spares it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from certsvc.domain.key_times import fault_of_use

THEFT = datetime(2026, 5, 20, 4, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Key:
    """A key somebody may have taken."""

    compromised_since: datetime | None = THEFT
    valid_from: datetime = THEFT - timedelta(days=100)
    valid_to: datetime = THEFT + timedelta(days=100)


@pytest.mark.parametrize(
    ("reserved", "logged", "fault"),
    [
        (-MOMENT, None, None),
        (timedelta(), None, "KEY_COMPROMISED"),
        (MOMENT, None, "KEY_COMPROMISED"),
        # Who got into the database can date a row back; the public log's checkpoint he cannot.
        (-MOMENT, -MOMENT, None),
        (-timedelta(days=9), timedelta(), "KEY_COMPROMISED"),
        (-timedelta(days=9), MOMENT, "KEY_COMPROMISED"),
        # Nor is a row spared by a checkpoint that claims to be older than it.
        (timedelta(), -MOMENT, "KEY_COMPROMISED"),
    ],
)
def test_a_theft_spares_what_was_reserved_and_logged_before(
    reserved: timedelta, logged: timedelta | None, fault: str | None
) -> None:
    """Both instants lie before the theft, or it is not ours; the moment itself is the thief's."""
    at = None if logged is None else THEFT + logged

    assert fault_of_use(Key(), reserved_at=THEFT + reserved, logged_at=at) == fault


def test_without_a_theft_no_checkpoint_matters() -> None:
    """The log may be hours late; the certificate's own time is judged at the row's instant."""
    key = Key(compromised_since=None)

    assert fault_of_use(key, reserved_at=key.valid_to, logged_at=key.valid_to + timedelta(days=1)) is None
    assert fault_of_use(key, reserved_at=key.valid_to + MOMENT) == "SIGNED_OUTSIDE_VALIDITY"
    assert fault_of_use(key, reserved_at=key.valid_from - MOMENT) == "SIGNED_OUTSIDE_VALIDITY"
