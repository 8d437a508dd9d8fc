"""What holds of every fold, and the status on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.events import Event, EventType
from certsvc.domain.registration import ENDED, RegistrationStatus, Standing, fold, live_on, status_on
from tests.factories import BUILDING, HIGHWAY, a_policy, a_registration, a_specialty, folded
from tests.strategies import histories, instants, later_events

POLICY = a_policy()


@given(history=histories(), when=instants(), seed=st.integers(0, 2**16))
def test_the_order_of_the_list_never_matters(history: Sequence[Event], when: datetime, seed: int) -> None:
    """Events arrive late and out of order; only effective_at and seq may count."""
    shuffled = list(history)
    Random(seed).shuffle(shuffled)

    assert fold(shuffled, when, POLICY) == fold(history, when, POLICY)


@given(history=histories(), revocation=later_events((EventType.REVOKE,), seq=99), when=instants())
def test_a_revocation_anywhere_voids_every_instant(
    history: Sequence[Event], revocation: Event, when: datetime
) -> None:
    """撤销 is void from the beginning, so no instant may be found at which it was good."""
    registration = fold([revocation, *history], when, POLICY)

    assert registration is not None
    assert registration.standing is Standing.REVOKED


@given(history=histories(), late=later_events(seq=99), when=instants())
def test_a_late_event_never_changes_what_was_before_it(
    history: Sequence[Event], late: Event, when: datetime
) -> None:
    """Only 撤销 reaches back before its own instant."""
    if late.type is EventType.REVOKE or late.effective_at <= when:
        return

    assert fold([*history, late], when, POLICY) == fold(history, when, POLICY)


@given(history=histories(), when=instants(), later=instants())
def test_an_end_is_never_left(history: Sequence[Event], when: datetime, later: datetime) -> None:
    """注销 cannot be restored, and an ended registration keeps the content it ended with."""
    first, second = sorted((when, later))
    before, after = folded(history, first), folded(history, second)

    if before.standing in ENDED:
        assert after.standing is before.standing
        if before.standing_since <= first:
            assert after == before


@pytest.mark.parametrize(
    ("offset", "status"), [(0, RegistrationStatus.ACTIVE), (1, RegistrationStatus.EXPIRED)]
)
def test_expired_the_day_after_the_last_specialty(offset: int, status: RegistrationStatus) -> None:
    """One ended specialty among two does not expire the registration."""
    registration = a_registration(
        specialties=[
            a_specialty(BUILDING, valid_to=date(2026, 1, 1)),
            a_specialty(HIGHWAY, valid_to=date(2028, 6, 1)),
        ]
    )
    day = date(2028, 6, 1) + timedelta(days=offset)

    assert status_on(registration, day) is status
    assert live_on(registration, day) is (status is RegistrationStatus.ACTIVE)


@pytest.mark.parametrize("standing", [standing for standing in Standing if standing is not Standing.ACTIVE])
def test_what_events_say_outranks_the_calendar(standing: Standing) -> None:
    """A cancelled registration that also ran out is cancelled; a suspended one that ran out is not live."""
    registration = a_registration(standing=standing)

    assert status_on(registration, date(2030, 1, 1)).value == standing.value
    assert not live_on(registration, date(2030, 1, 1))
    assert live_on(registration, date(2026, 11, 20)) is (standing is Standing.SUSPENDED)
