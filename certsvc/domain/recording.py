"""Recording an event: which parts each type takes, and whether it may follow what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final

from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Event, EventType, HolderFields
from certsvc.domain.granting import check_granted
from certsvc.domain.policy import Policy
from certsvc.domain.registration import ENDED, Registration, Standing, fold, live_on
from certsvc.errors import (
    EffectiveInFutureError,
    Fault,
    InvalidFieldError,
    NoQualificationError,
    NoRegistrationForRenewalError,
    NotFoundError,
    RegistrationEndedError,
    RegistrationExistsError,
)

AHEAD: Final = timedelta(minutes=5)
"""How far before our clock a caller's may run."""

OLDEST_BIRTH: Final = date(1900, 1, 1)
"""Nobody registered was born before; keeps every date of the rules inside the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    needs: frozenset[str] = frozenset()
    may_have: frozenset[str] = frozenset()


_BEGINS: Final = frozenset({"holder", "employer", "specialties"})
_BEGINS_WITH: Final = frozenset({"qualification", "former_numbers", "override_reason"})
# The qualification is not among the needs: its absence has a code and an official sentence of its own.
_PARTS: Final[Mapping[EventType, _Parts]] = {
    EventType.INITIAL: _Parts(needs=_BEGINS, may_have=_BEGINS_WITH),
    EventType.RE_REGISTER: _Parts(needs=_BEGINS, may_have=_BEGINS_WITH | {"new_registration_number"}),
    EventType.ADD_SPECIALTY: _Parts(
        needs=frozenset({"specialties"}), may_have=frozenset({"override_reason"})
    ),
    EventType.RENEW: _Parts(needs=frozenset({"specialties"}), may_have=frozenset({"override_reason"})),
    EventType.CHANGE_EMPLOYER: _Parts(
        needs=frozenset({"employer"}), may_have=frozenset({"new_registration_number"})
    ),
    EventType.AMEND_EMPLOYER: _Parts(needs=frozenset({"employer"})),
    EventType.AMEND_HOLDER: _Parts(needs=frozenset({"holder"})),
    EventType.CANCEL: _Parts(needs=frozenset({"reason"})),
    EventType.REVOKE: _Parts(needs=frozenset({"reason"})),
    EventType.REVOKE_PENALTY: _Parts(needs=frozenset({"reason"})),
    EventType.SUSPEND: _Parts(needs=frozenset({"reason"})),
    EventType.RESUME: _Parts(),
    EventType.REISSUE: _Parts(),
}
_BEGINNINGS: Final = (EventType.INITIAL, EventType.RE_REGISTER)
_HOLDER_NEEDS: Final = ("name", "sex", "birth_date", "id_type", "id_number")


def check_parts(event: Event) -> None:
    """Refuse an event that brings parts its type does not take, or lacks one it needs.

    Raises:
        InvalidFieldError: with one fault for every such part.
    """
    parts = _PARTS[event.type]
    brought = _brought(event)
    faults = [
        Fault(
            f"/{name}", "这类事件需要此项内容，请补充。", "This type of event needs this part; please add it."
        )
        for name in sorted(parts.needs - brought)
    ]
    faults += [
        Fault(f"/{name}", "这类事件不接受此项内容，请删去。", "This type of event does not take this part.")
        for name in sorted(brought - parts.needs - parts.may_have)
    ]
    if event.type in _BEGINNINGS and event.holder is not None:
        faults += [
            Fault(f"/holder/{name}", "首次登记持证人时此项必填。", "A new registration needs this field.")
            for name in _HOLDER_NEEDS
            if getattr(event.holder, name) is None
        ]
    if event.reason is not None and not event.reason.text.strip():
        faults.append(Fault("/reason/text", "请写明原因。", "Please say why."))
    if event.override_reason is not None and not event.override_reason.strip():
        faults.append(
            Fault("/override_reason", "请写明例外的原因。", "Please say why the rule does not hold.")
        )
    if faults:
        raise InvalidFieldError(*faults)


def check_event(earlier: Sequence[Event], event: Event, policy: Policy, *, live_elsewhere: bool) -> None:
    """Refuse an event that may not follow what came before it.

    It is judged against the state at its own ``effective_at``, so a late one that took effect before an end
    is still taken.

    Args:
        earlier: events of the registration that *event* names; none for ``initial``. For ``re_register``
            those of the old registration, or none when the caller found it ended.
        event: with its ``recorded_at``; ``seq`` may be 0.
        policy: rules of the certificate type.
        live_elsewhere: the holder has another live registration of this type (``live_on``).

    Raises:
        InvalidFieldError: parts, specialties, type or days do not fit; its subclasses OverAgeError,
            ValidityMismatchError and EffectiveInFutureError.
        NotFoundError: nothing is registered under the number.
        NoRegistrationForRenewalError: a renewal of nothing, or of an ended registration.
        NoQualificationError: a beginning without qualification certificate.
        RegistrationExistsError: the holder has a live registration.
        RegistrationEndedError: after an end only ``re_register`` and one ``revoke`` may follow.
    """
    check_parts(event)
    if event.effective_at > event.recorded_at + AHEAD:
        raise EffectiveInFutureError(
            Fault(
                "/effective_at",
                "生效时间晚于现在，请核对。",
                "This instant has not come yet; please check it.",
            )
        )
    state = fold(earlier, event.effective_at, policy)
    if event.type in _BEGINNINGS:
        _check_beginning(earlier, state, event, live_elsewhere=live_elsewhere)
    else:
        state = _check_following(earlier, state, event, policy, live_elsewhere=live_elsewhere)
    birth_date = _birth_date(state, event)
    _check_birth_date(event, birth_date)
    check_granted(state, event, birth_date, policy)
    if event.type is EventType.ADD_SPECIALTY:
        _check_not_added_later(earlier, event, policy)


def _check_not_added_later(earlier: Sequence[Event], event: Event, policy: Policy) -> None:
    """Refuse a late addition of what a later event has added: folded first, it would undo the later grant."""
    final = fold(earlier, max(before.effective_at for before in earlier), policy)
    granted = {one.name: one.valid_from for one in final.specialties} if final is not None else {}
    faults = [
        Fault(
            f"/specialties/{place}/name",
            "之后的事件已增项该专业；请核对生效时间。",
            "A later event has added it already; please check the instant.",
        )
        for place, one in enumerate(event.specialties)
        if granted.get(one.name, one.granted_on) > one.granted_on
    ]
    if faults:
        raise InvalidFieldError(*faults)


def _brought(event: Event) -> frozenset[str]:
    """Name the parts an event brings, as the API calls them."""
    holder_said = event.holder is not None and any(
        getattr(event.holder, entry.name) is not None for entry in fields(HolderFields)
    )
    parts = {
        "holder": holder_said,
        "employer": event.employer is not None,
        "specialties": bool(event.specialties),
        "qualification": event.qualification_number is not None,
        "reason": event.reason is not None,
        "new_registration_number": event.new_registration_number is not None,
        "former_numbers": bool(event.former_numbers),
        "override_reason": event.override_reason is not None,
    }
    return frozenset(name for name, brought in parts.items() if brought)


def _check_beginning(
    earlier: Sequence[Event], old: Registration | None, event: Event, *, live_elsewhere: bool
) -> None:
    ended = old is not None and not live_on(old, beijing_day(event.effective_at))
    follows_an_end = event.type is EventType.RE_REGISTER and ended
    if live_elsewhere or (earlier and not follows_an_end):
        raise RegistrationExistsError
    if not event.qualification_number:
        raise NoQualificationError


def _check_following(
    earlier: Sequence[Event],
    state: Registration | None,
    event: Event,
    policy: Policy,
    *,
    live_elsewhere: bool,
) -> Registration:
    """Return the state the event meets."""
    renews = event.type is EventType.RENEW
    if not earlier:
        raise NoRegistrationForRenewalError if renews else NotFoundError
    if state is None:
        raise InvalidFieldError(
            Fault(
                "/effective_at",
                "生效时间早于注册的开始，请核对。",
                "This instant lies before the registration began; please check it.",
            )
        )
    if state.standing in ENDED:
        again = any(before.type is EventType.REVOKE for before in earlier)
        if event.type is not EventType.REVOKE or again:
            raise NoRegistrationForRenewalError if renews else RegistrationEndedError
    revives = renews or event.type is EventType.ADD_SPECIALTY
    if revives and live_elsewhere and not live_on(state, beijing_day(event.effective_at)):
        raise RegistrationExistsError
    suspended = state.standing is Standing.SUSPENDED
    if event.type is EventType.SUSPEND and suspended:
        raise InvalidFieldError(
            Fault("/type", "注册在该时点已处于暂停状态。", "It is already suspended at that instant.")
        )
    if event.type is EventType.RESUME and not suspended:
        raise InvalidFieldError(
            Fault("/type", "注册在该时点未处于暂停状态。", "It is not suspended at that instant.")
        )
    return state


def _birth_date(state: Registration | None, event: Event) -> date | None:
    said = event.holder.birth_date if event.holder is not None else None
    return said or (state.holder.birth_date if state is not None else None)


def _check_birth_date(event: Event, birth_date: date | None) -> None:
    if birth_date is not None and not OLDEST_BIRTH <= birth_date <= beijing_day(event.recorded_at):
        raise InvalidFieldError(
            Fault(
                "/holder/birth_date",
                "出生日期不合理，请核对。",
                "This birth date cannot be; please check it.",
            )
        )
