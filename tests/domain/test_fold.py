"""The fold: state at an instant from events in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from certsvc.domain.events import EventType, HolderFields
from certsvc.domain.registration import (
    Registration,
    Standing,
    fold,
)
from tests.factories import (
    BUILDING,
    HIGHWAY,
    MECHANICAL,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    STARTED,
    a_grant_of,
    a_holder,
    a_policy,
    an_employer,
    an_event,
    an_initial,
    at,
    folded,
)
from tests.strategies import LATER

POLICY = a_policy()
INSTANT = timedelta(microseconds=1)


def ends(registration: Registration) -> dict[str, date]:
    """Return each specialty's last valid day."""
    return {one.name: one.valid_to for one in registration.specialties}


def test_nothing_exists_before_the_first_event() -> None:
    """The instant of the event itself counts, the one before it does not."""
    events = [an_initial()]

    assert fold(events, STARTED - INSTANT, POLICY) is None
    assert fold(events, STARTED, POLICY) is not None


@pytest.mark.parametrize("type", list(LATER))
def test_no_registration_without_a_beginning(type: EventType) -> None:
    """A history whose first event is lost must not invent a registration."""
    assert fold([an_event(type)], NOW, POLICY) is None


def test_re_register_begins_one_with_its_new_number() -> None:
    """A re-registration is a registration of its own, under the number it brings."""
    registration = folded([an_initial(type=EventType.RE_REGISTER, new_registration_number=OTHER_NUMBER)])

    assert registration.registration_number == OTHER_NUMBER
    assert registration.numbers == (OTHER_NUMBER,)


def test_a_second_initial_has_no_effect() -> None:
    """The fold is total: it neither raises nor starts again."""
    first = an_initial()
    second = an_initial(seq=2, effective_at=NOW, employer=an_employer(name="示例乙公司"))

    assert folded([first, second]) == folded([first])


def test_add_specialty_leaves_the_others_alone() -> None:
    """增项: one more, in the order of the certificate's list."""
    events = [
        an_initial(specialties=[a_grant_of(MECHANICAL, date(2025, 6, 2))]),
        an_event(EventType.ADD_SPECIALTY, seq=2, specialties=[a_grant_of(HIGHWAY, date(2026, 11, 20))]),
    ]

    registration = folded(events)

    assert list(ends(registration).items()) == [
        (HIGHWAY, date(2029, 11, 19)),
        (MECHANICAL, date(2028, 6, 1)),
    ]


def test_renewal_restarts_only_what_it_lists() -> None:
    """延续: the remaining old days of the renewed one are lost, the other is untouched."""
    events = [
        an_initial(specialties=[a_grant_of(BUILDING), a_grant_of(HIGHWAY)]),
        an_event(EventType.RENEW, seq=2, specialties=[a_grant_of(BUILDING, date(2026, 11, 20))]),
    ]

    assert ends(folded(events)) == {BUILDING: date(2029, 11, 19), HIGHWAY: date(2028, 6, 1)}


def test_renewing_what_is_not_held_has_no_effect() -> None:
    """A specialty is only ever gained by a beginning or by 增项."""
    renewal = an_event(EventType.RENEW, seq=2, specialties=[a_grant_of(HIGHWAY, date(2026, 11, 20))])

    assert ends(folded([an_initial(), renewal])) == {BUILDING: date(2028, 6, 1)}


def test_change_employer_keeps_validity_and_every_number() -> None:
    """变更: the old number still leads to the registration."""
    moved = an_event(
        EventType.CHANGE_EMPLOYER,
        seq=2,
        employer=an_employer(name="示例乙公司"),
        new_registration_number=OTHER_NUMBER,
    )
    back = an_event(
        EventType.CHANGE_EMPLOYER,
        seq=3,
        effective_at=NOW + INSTANT,
        employer=an_employer(),
        new_registration_number=NUMBER,
    )

    registration = folded([an_initial(former_numbers=("京111050700001",)), moved])
    returned = folded([an_initial(), moved, back], NOW + INSTANT)

    assert registration.employer.name == "示例乙公司"
    assert registration.registration_number == OTHER_NUMBER
    assert registration.numbers == ("京111050700001", NUMBER, OTHER_NUMBER)
    assert ends(registration) == {BUILDING: date(2028, 6, 1)}
    assert (returned.registration_number, returned.numbers) == (NUMBER, (NUMBER, OTHER_NUMBER))


def test_amend_holder_changes_only_what_it_says() -> None:
    """None means "not said", so a new name leaves the photo where it is."""
    amended = an_event(EventType.AMEND_HOLDER, seq=2, holder=HolderFields(name="李示例", name_raw="李示例"))

    assert folded([an_initial(), amended]).holder == a_holder(name="李示例")


def test_a_corrected_birth_date_moves_the_age_cap_both_ways() -> None:
    """The cap is a consequence of the birth date, never a stored fact."""
    born = date(1961, 6, 30)
    initial = an_initial(
        holder=a_holder(birth_date=born), specialties=[a_grant_of(granted_on=date(2025, 6, 2))]
    )
    younger = an_event(EventType.AMEND_HOLDER, seq=2, holder=HolderFields(birth_date=date(1971, 6, 30)))
    older = an_event(
        EventType.AMEND_HOLDER, seq=3, effective_at=NOW + INSTANT, holder=HolderFields(birth_date=born)
    )

    assert ends(folded([initial])) == {BUILDING: date(2026, 6, 30)}
    assert ends(folded([initial, younger])) == {BUILDING: date(2028, 6, 1)}
    assert ends(folded([initial, younger, older], NOW + INSTANT)) == {BUILDING: date(2026, 6, 30)}


def test_an_overridden_end_stays_as_it_was_granted() -> None:
    """A stated end with a reason is the registry's decision; a birth date does not undo it."""
    stated = date(2027, 1, 1)
    initial = an_initial(specialties=[a_grant_of(stated_to=stated)], override_reason="法院裁定")
    amended = an_event(EventType.AMEND_HOLDER, seq=2, holder=HolderFields(birth_date=date(1961, 6, 30)))

    held = folded([initial, amended]).specialties[0]

    assert (held.valid_to, held.override_reason) == (stated, "法院裁定")


def test_a_stated_end_that_is_the_rule_is_no_override() -> None:
    """An override_reason sent along for another specialty must not freeze this one's age cap."""
    capped = a_grant_of(BUILDING, date(2025, 6, 2), stated_to=date(2026, 6, 30))
    initial = an_initial(
        holder=a_holder(birth_date=date(1961, 6, 30)), specialties=[capped], override_reason="法院裁定"
    )
    younger = an_event(EventType.AMEND_HOLDER, seq=2, holder=HolderFields(birth_date=date(1971, 6, 30)))

    assert folded([initial]).specialties[0].override_reason is None
    assert ends(folded([initial, younger])) == {BUILDING: date(2028, 6, 1)}


@pytest.mark.parametrize("stated", [date(2027, 2, 27), date(2027, 2, 28)])
def test_a_leap_day_grant_keeps_the_end_it_came_with(stated: date) -> None:
    """Both are printed by real systems; ours prints what the registry said."""
    grant = a_grant_of(granted_on=date(2024, 2, 29), stated_to=stated)

    assert ends(folded([an_initial(specialties=[grant])])) == {BUILDING: stated}


@pytest.mark.parametrize(
    ("type", "standing"),
    [
        (EventType.CANCEL, Standing.CANCELLED),
        (EventType.REVOKE_PENALTY, Standing.REVOKED_PENALTY),
        (EventType.SUSPEND, Standing.SUSPENDED),
    ],
)
def test_an_end_or_suspension_counts_from_its_instant(type: EventType, standing: Standing) -> None:
    """One microsecond earlier the registration stood as before."""
    events = [an_initial(), an_event(type, seq=2)]

    assert folded(events, NOW - INSTANT).standing is Standing.ACTIVE
    ended = folded(events, NOW)
    assert (ended.standing, ended.standing_since) == (standing, NOW)
    assert ended.standing_reason is not None


def test_resume_lifts_a_suspension() -> None:
    """暂停 is an overlay: afterwards everything is as before."""
    events = [
        an_initial(),
        an_event(EventType.SUSPEND, seq=2),
        an_event(EventType.RESUME, seq=3, effective_at=NOW + INSTANT),
    ]

    resumed = folded(events, NOW + INSTANT)

    assert resumed.standing is Standing.ACTIVE
    assert resumed.standing_reason is None
    assert resumed.specialties == folded(events, STARTED).specialties


@pytest.mark.parametrize("type", [EventType.SUSPEND, EventType.RESUME])
def test_what_already_holds_has_no_effect_again(type: EventType) -> None:
    """A second suspension must not move the day since when, nor the reason given for it."""
    events = [an_initial(), an_event(EventType.SUSPEND, seq=2, effective_at=STARTED + INSTANT)]
    if type is EventType.RESUME:
        events.append(an_event(type, seq=3, effective_at=STARTED + 2 * INSTANT))

    again = an_event(type, seq=4, effective_at=NOW, reason=None)

    assert folded([*events, again]) == folded(events)


def test_a_late_event_before_an_end_has_its_effect() -> None:
    """Recorded after the cancellation, effective before it: it belongs to the frozen content."""
    cancelled = an_event(EventType.CANCEL, seq=2, effective_at=NOW)
    late = an_event(
        EventType.AMEND_EMPLOYER,
        seq=3,
        effective_at=NOW - INSTANT,
        recorded_at=NOW + timedelta(days=9),
        employer=an_employer(name="示例乙公司"),
    )
    after = replace(late, effective_at=NOW + INSTANT)

    assert folded([an_initial(), cancelled, late]).employer.name == "示例乙公司"
    assert folded([an_initial(), cancelled, after], NOW + INSTANT).employer == an_employer()


def test_an_event_about_to_be_recorded_comes_last_at_its_instant() -> None:
    """Its seq is still 0, yet at the same instant it follows what is written down."""
    events = [
        an_event(EventType.AMEND_EMPLOYER, seq=0, effective_at=STARTED, employer=an_employer("示例乙公司")),
        an_initial(seq=7),
    ]

    assert folded(events).employer.name == "示例乙公司"


def test_reissues_are_counted() -> None:
    """Each 证书更换 allows a fresh original of unchanged content."""
    events = [an_initial(), an_event(seq=2), an_event(seq=3, effective_at=NOW + INSTANT)]

    assert [folded(events, when).reissues for when in (STARTED, NOW, NOW + INSTANT)] == [0, 1, 2]


def test_the_beijing_day_decides_whether_a_specialty_has_ended() -> None:
    """At 16:00 UTC the day turns in Beijing; a specialty that ended may be added again from then on."""
    initial = an_initial(specialties=[a_grant_of(granted_on=date(2023, 6, 2))])
    again = a_grant_of(granted_on=date(2026, 6, 1))

    def added(instant: datetime) -> date:
        event = an_event(EventType.ADD_SPECIALTY, seq=2, effective_at=instant, specialties=[again])
        return ends(folded([initial, event]))[BUILDING]

    initial_at = at("2026-06-01T15:59:59Z")
    assert added(initial_at) == date(2026, 6, 1)
    assert added(initial_at + timedelta(seconds=1)) == date(2029, 5, 31)
