"""Granting specialties (注册专业): which an event may name, from which day and to which."""

from __future__ import annotations

from datetime import date

from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Event, EventType, SpecialtyGrant
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration
from certsvc.domain.specialty import accepted_ends, turns
from certsvc.errors import Fault, InvalidFieldError, OverAgeError, ValidityMismatchError


def check_granted(state: Registration | None, event: Event, birth_date: date | None, policy: Policy) -> None:
    """Refuse an event whose specialties the rules do not let be granted.

    Names are judged before days, so each fault is told with its own code.

    Args:
        state: the registration as the event meets it; a beginning grants into a new one, so what an old
            one held does not matter to it.
        event: any event; without specialties it passes.
        birth_date: of the holder, None when no age caps anything.
        policy: the list of specialties, years of validity and age limit.

    Raises:
        InvalidFieldError: a name unknown, doubled, not held or still valid; a day that cannot be.
        OverAgeError: granted after the birthday at the age limit.
        ValidityMismatchError: a stated end that differs from the rule, without ``override_reason``.
    """
    names = [
        fault
        for place in range(len(event.specialties))
        for fault in _name_faults(state, event, place, policy)
    ]
    if names:
        raise InvalidFieldError(*names)
    last_granted = beijing_day(event.effective_at)
    days: list[Fault] = []
    over_age: list[Fault] = []
    mismatch: list[Fault] = []
    for place, granted in enumerate(event.specialties):
        pointer = f"/specialties/{place}"
        if granted.granted_on > last_granted or (birth_date and granted.granted_on < birth_date):
            days.append(
                Fault(
                    f"{pointer}/granted_on",
                    "批准日期不得晚于生效日期，也不得早于出生日期。",
                    "It may not lie after the day the event takes effect, nor before the birth date.",
                )
            )
        elif birth_date is not None and granted.granted_on > turns(birth_date, policy.age_limit):
            over_age.append(
                Fault(
                    f"{pointer}/granted_on",
                    f"批准日期晚于持证人满{policy.age_limit}周岁之日。",
                    f"The holder is past the age limit of {policy.age_limit} on this day.",
                )
            )
        elif granted.stated_to is not None:
            faults = _end_faults(granted, birth_date, policy, f"{pointer}/valid_to", event.override_reason)
            (days if event.override_reason else mismatch).extend(faults)
    for error, faults in (
        (InvalidFieldError, days),
        (OverAgeError, over_age),
        (ValidityMismatchError, mismatch),
    ):
        if faults:
            raise error(*faults)


def _name_faults(state: Registration | None, event: Event, place: int, policy: Policy) -> list[Fault]:
    name = event.specialties[place].name
    pointer = f"/specialties/{place}/name"
    if name not in policy.specialty_names:
        return [
            Fault(
                pointer,
                "没有这个注册专业，请按名录填写。",
                "There is no such specialty; use the list's name.",
            )
        ]
    if any(before.name == name for before in event.specialties[:place]):
        return [Fault(pointer, "同一注册专业重复出现。", "This specialty is named twice.")]
    held = next((one for one in state.specialties if one.name == name), None) if state else None
    if event.type is EventType.RENEW and held is None:
        return [
            Fault(
                pointer, "未注册该专业，不能延续；请办理增项。", "It is not held; add it instead of renewing."
            )
        ]
    if event.type is EventType.ADD_SPECIALTY and held and held.valid_to >= beijing_day(event.effective_at):
        return [
            Fault(pointer, "该专业仍在有效期内；请办理延续。", "It is held and in date; renew it instead.")
        ]
    return []


def _end_faults(
    granted: SpecialtyGrant,
    birth_date: date | None,
    policy: Policy,
    pointer: str,
    override_reason: str | None,
) -> list[Fault]:
    """Compare the stated end with the rule; an override lets through any other not before the start."""
    if granted.stated_to is None:
        return []
    if override_reason is not None:
        if granted.stated_to >= granted.granted_on:
            return []
        return [Fault(pointer, "有效期截止日期早于批准日期。", "It ends before the day it is granted.")]
    ends = accepted_ends(granted.granted_on, birth_date, policy)
    if granted.stated_to in ends:
        return []
    rule = ends[0].isoformat()
    return [
        Fault(
            pointer,
            f"按规则应为 {rule}；如有特殊情况请填写 override_reason。",
            f"By the rule it is {rule}; give override_reason if this one is meant.",
        )
    ]
