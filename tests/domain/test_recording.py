"""Which event may follow which; every refusal with its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from certsvc.domain.events import Event, EventType, HolderFields
from certsvc.domain.recording import AHEAD, check_event
from certsvc.errors import (
    EffectiveInFutureError,
    InvalidFieldError,
    NoQualificationError,
    NoRegistrationForRenewalError,
    NotFoundError,
    RegistrationEndedError,
    RegistrationExistsError,
)
from tests.factories import (
    NOW,
    STARTED,
    a_grant_of,
    a_policy,
    a_whole_event,
    an_event,
    an_initial,
    at,
)
from tests.strategies import LATER

POLICY = a_policy()
INSTANT = timedelta(microseconds=1)
TODAY = date(2026, 11, 20)
INITIAL = an_initial()
ENDS = (EventType.CANCEL, EventType.REVOKE, EventType.REVOKE_PENALTY)


def follow(earlier: Sequence[Event], event: Event, *, live_elsewhere: bool = False) -> None:
    """Check *event* after *earlier* under the default policy."""
    check_event(earlier, event, POLICY, live_elsewhere=live_elsewhere)


def pointers(refused: pytest.ExceptionInfo[InvalidFieldError]) -> set[str]:
    """Return the fields a refusal names."""
    return {fault.pointer for fault in refused.value.faults}


@pytest.mark.parametrize("type", [type for type in LATER if type is not EventType.RESUME])
def test_every_type_may_follow_an_initial(type: EventType) -> None:
    """The plain life of a registration is never in the way of a rule."""
    follow([INITIAL], a_whole_event(type))


@pytest.mark.parametrize("type", LATER)
def test_nothing_is_registered_under_an_unknown_number(type: EventType) -> None:
    """Renewal has an official sentence of its own, the others are not found."""
    expected = NoRegistrationForRenewalError if type is EventType.RENEW else NotFoundError

    with pytest.raises(expected):
        follow([], a_whole_event(type))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("type", list(LATER))
def test_after_an_end_only_a_revocation_follows(end: EventType, type: EventType) -> None:
    """注销 cannot be restored; 撤销 may still be recorded, once."""
    ended = an_event(end, seq=2, effective_at=NOW - INSTANT)

    if type is EventType.REVOKE and end is not EventType.REVOKE:
        follow([INITIAL, ended], a_whole_event(type))
        return
    renews = type is EventType.RENEW
    with pytest.raises(NoRegistrationForRenewalError if renews else RegistrationEndedError):
        follow([INITIAL, ended], a_whole_event(type))


@pytest.mark.parametrize("type", [type for type in LATER if type is not EventType.RESUME])
def test_a_late_event_from_before_a_cancellation_is_taken(type: EventType) -> None:
    """It is judged where it took effect, not where it was written down."""
    cancelled = an_event(EventType.CANCEL, seq=2, effective_at=NOW + INSTANT)

    follow([INITIAL, cancelled], a_whole_event(type))


def test_nothing_is_taken_from_before_a_revocation() -> None:
    """撤销 voids the registration from its beginning, so there is no earlier place either."""
    revoked = an_event(EventType.REVOKE, seq=2, effective_at=NOW + timedelta(days=1))

    with pytest.raises(RegistrationEndedError):
        follow([INITIAL, revoked], a_whole_event(EventType.REISSUE))


def test_nothing_takes_effect_before_the_registration() -> None:
    """A date typed wrongly must not vanish into a time that has no state."""
    event = replace(a_whole_event(EventType.REISSUE), effective_at=STARTED - INSTANT)

    with pytest.raises(InvalidFieldError) as refused:
        follow([INITIAL], event)

    assert pointers(refused) == {"/effective_at"}
    follow([INITIAL], replace(event, effective_at=STARTED))


@pytest.mark.parametrize("ahead", [AHEAD, AHEAD + INSTANT])
def test_five_minutes_ahead_is_the_limit(ahead: timedelta) -> None:
    """Clocks differ a little; a date next year is a mistake."""
    event = replace(a_whole_event(EventType.REISSUE), effective_at=NOW + ahead, recorded_at=NOW)

    if ahead == AHEAD:
        follow([INITIAL], event)
    else:
        with pytest.raises(EffectiveInFutureError):
            follow([INITIAL], event)


def test_suspend_and_resume_alternate() -> None:
    """Doing either twice is a mistake the caller hears of."""
    suspended = an_event(EventType.SUSPEND, seq=2, effective_at=NOW - INSTANT)

    with pytest.raises(InvalidFieldError) as twice:
        follow([INITIAL, suspended], a_whole_event(EventType.SUSPEND))
    with pytest.raises(InvalidFieldError) as never:
        follow([INITIAL], a_whole_event(EventType.RESUME))

    assert pointers(twice) == pointers(never) == {"/type"}
    follow([INITIAL, suspended], a_whole_event(EventType.RESUME))


def test_an_initial_needs_its_holder_free() -> None:
    """One live registration per holder and certificate type."""
    follow([], INITIAL)

    with pytest.raises(RegistrationExistsError):
        follow([], INITIAL, live_elsewhere=True)
    with pytest.raises(RegistrationExistsError):
        follow([INITIAL], a_whole_event(EventType.INITIAL))


@pytest.mark.parametrize("type", [EventType.INITIAL, EventType.RE_REGISTER])
@pytest.mark.parametrize("number", [None, ""])
def test_a_beginning_needs_a_qualification(type: EventType, number: str | None) -> None:
    """Its absence has an official sentence, not a pointer."""
    with pytest.raises(NoQualificationError):
        follow([], an_initial(type=type, qualification_number=number))


@pytest.mark.parametrize("end", ENDS)
def test_re_register_follows_an_end(end: EventType) -> None:
    """重新注册 is the only way back, and not while another registration lives."""
    earlier = [INITIAL, an_event(end, seq=2, effective_at=NOW - INSTANT)]
    again = a_whole_event(EventType.RE_REGISTER)

    follow(earlier, again)
    with pytest.raises(RegistrationExistsError):
        follow(earlier, again, live_elsewhere=True)


@pytest.mark.parametrize("suspended", [False, True])
def test_re_register_follows_the_last_day_of_the_last_specialty(suspended: bool) -> None:
    """On the last valid day the old registration still lives; the day after it has ended."""
    earlier = [INITIAL]
    if suspended:
        earlier.append(an_event(EventType.SUSPEND, seq=2))
    last_moment = at("2028-06-01T23:59:59+08:00")
    too_soon = an_initial(type=EventType.RE_REGISTER, seq=3, effective_at=last_moment)

    with pytest.raises(RegistrationExistsError):
        follow(earlier, too_soon)

    follow(
        earlier,
        an_initial(type=EventType.RE_REGISTER, seq=3, effective_at=last_moment + timedelta(seconds=1)),
    )


@pytest.mark.parametrize("type", [EventType.RENEW, EventType.ADD_SPECIALTY])
def test_an_expired_registration_may_be_revived_unless_another_lives(type: EventType) -> None:
    """A late renewal is the registry's decision, but there is never more than one live registration."""
    day = date(2028, 6, 2)
    late = replace(
        a_whole_event(type),
        effective_at=at("2028-06-02T10:00+08:00"),
        recorded_at=at("2028-06-02T10:00+08:00"),
        specialties=(a_grant_of(granted_on=day),),
    )

    follow([INITIAL], late)
    with pytest.raises(RegistrationExistsError):
        follow([INITIAL], late, live_elsewhere=True)


@pytest.mark.parametrize(
    ("birth_date", "accepted"),
    [
        (date(1899, 12, 31), False),
        (date(1900, 1, 1), True),
        (TODAY, True),
        (TODAY + timedelta(days=1), False),
    ],
)
def test_a_birth_date_must_be_possible(birth_date: date, accepted: bool) -> None:
    """Passports carry no birth date to compare with, so a slip would reach the age limit unseen."""
    event = an_event(EventType.AMEND_HOLDER, seq=2, holder=HolderFields(birth_date=birth_date))

    if accepted:
        follow([INITIAL], event)
    else:
        with pytest.raises(InvalidFieldError, match="/holder/birth_date"):
            follow([INITIAL], event)
