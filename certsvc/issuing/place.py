"""Which registration an event belongs to: the one it begins, or the one its number meant at its instant."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Event, EventType, HolderFields, HolderId, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.recording import check_event
from certsvc.domain.registration import fold, live_on
from certsvc.errors import (
    CertsvcError,
    Fault,
    InvalidFieldError,
    NoRegistrationForRenewalError,
    NotFoundError,
    PersonalDataErasedError,
    RegistrationExistsError,
)
from certsvc.issuing.draft import checked_holder
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, WriteSession

STARTS: Final = frozenset({EventType.INITIAL, EventType.RE_REGISTER})
"""Events that begin a registration of their own."""

Place = tuple[RegistrationId, Event, Sequence[Event]]
"""The registration, the event with its holder's document in canonical form, the events before it."""


def numbers_named(event: Event) -> list[str]:
    """List every number an event names, the one the registration goes by from now on last."""
    new = event.new_registration_number
    return [*event.former_numbers, event.registration_number, *([new] if new is not None else [])]


def numbers_of(event: Event) -> list[str]:
    """List the numbers an event gives to its registration, the one it goes by from now on last.

    重新注册 under a new number names the old one only to say what it follows.
    """
    if event.type is EventType.RE_REGISTER and event.new_registration_number is not None:
        return [*event.former_numbers, event.new_registration_number]
    return numbers_named(event)


def begin(session: WriteSession, event: Event, policy: Policy) -> Place:
    """Begin a registration: an initial one, or a new one after an old one ended.

    Raises:
        RuleError, InputError: coded; see check_event().
    """
    event = replace(event, holder=checked_holder(event.holder, None, beijing_day(event.recorded_at)))
    holder = event.holder
    assert holder is not None and holder.id_type is not None and holder.id_number is not None
    old: RegistrationId | None = None
    if event.type is EventType.RE_REGISTER:
        old = registration_at(session, event.registration_number, event.effective_at)
        if old is None:
            raise NotFoundError
        session.lock_registration(old)
    holder_id = session.lock_holder(holder.id_type, holder.id_number, event.recorded_at)
    if old is not None and session.holder_of(old) != holder_id:
        raise InvalidFieldError(
            Fault(
                "/holder/id_number",
                "证件与原注册人不一致，请核对注册编号和证件。",
                "The document is not that of the holder of this number; please check both.",
            )
        )
    live = _live_elsewhere(session, holder_id, old, event, policy)
    earlier = events_of(session, old) if old is not None else ()
    _check_kept(earlier)
    if earlier and earlier[0].certificate_type != event.certificate_type:
        raise NotFoundError
    check_event(earlier, event, policy, live_elsewhere=live)
    return session.add_registration(holder_id, event.certificate_type, event.recorded_at), event, ()


def follow(session: WriteSession, event: Event, policy: Policy) -> Place:
    """Continue the registration that had the event's number at the event's instant.

    Raises:
        RuleError, InputError: coded; see check_event().
    """
    registration_id = registration_at(session, event.registration_number, event.effective_at)
    if registration_id is None:
        raise NoRegistrationForRenewalError if event.type is EventType.RENEW else NotFoundError
    session.lock_registration(registration_id)
    before = events_of(session, registration_id)
    _check_kept(before)
    if before[0].certificate_type != event.certificate_type:
        raise NotFoundError
    # Another registration of the same holder may begin or revive at this moment.
    holder_id = session.lock_holder_of(registration_id)
    if event.holder is not None:
        # Every later change counts too: the document must agree with what it will stand beside.
        known = fold(before, max(event.recorded_at, event.effective_at), policy)
        event = replace(
            event,
            holder=checked_holder(
                event.holder, known.holder if known else None, beijing_day(event.recorded_at)
            ),
        )
    live = _live_elsewhere(session, holder_id, registration_id, event, policy)
    check_event(before, event, policy, live_elsewhere=live)
    return registration_id, event, before


def _check_kept(events: Sequence[Event]) -> None:
    """Refuse whatever would go on from a registration whose holder was erased."""
    if events and events[0].holder is not None and events[0].holder.erased:
        raise PersonalDataErasedError


def hold_all(session: WriteSession, events: Sequence[Event]) -> None:
    """Hold every registration and holder that is there and that these events are about, in one order.

    Who records the second of several events must not wait for what somebody else holds, who may himself wait
    for what the first one left held.
    """
    registrations: set[RegistrationId] = set()
    holders: set[HolderId] = set()
    for event in events:
        # What is wrong with an event, or with the rows it leads to, is met and told when its turn comes.
        with suppress(CertsvcError):
            if event.type is not EventType.INITIAL:
                named = registration_at(session, event.registration_number, event.effective_at)
                if named is not None:
                    registrations.add(named)
                    holders.add(session.holder_of(named))
        with suppress(CertsvcError):
            known = _known_holder(session, event)
            if known is not None:
                holders.add(known)
    session.lock_known(registrations, holders)


def _known_holder(session: ReadSession, event: Event) -> HolderId | None:
    """Return who has the document an event brings, where it brings a whole one."""
    holder = checked_holder(event.holder, None, beijing_day(event.recorded_at))
    if holder is None or holder.id_type is None or holder.id_number is None:
        return None
    return session.find_holder(holder.id_type, holder.id_number)


def events_of(session: ReadSession, registration_id: RegistrationId) -> Sequence[Event]:
    """List the events of one registration in the order of recording."""
    return [item.event for item in session.history(registration_id)]


def keep_document(session: WriteSession, registration_id: RegistrationId, holder: HolderFields) -> None:
    """Let the holder be found by the document now in force, which a late event may not have brought."""
    assert holder.id_type is not None and holder.id_number is not None
    session.set_holder_document(session.holder_of(registration_id), holder.id_type, holder.id_number)


def check_only_live(
    session: ReadSession, registration_id: RegistrationId, policy: Policy, now: datetime
) -> None:
    """Refuse an event after which its holder would have two live registrations of one type.

    Raises:
        RegistrationExistsError: another one, the one before a 重新注册 too, lives now.
    """
    holder_id = session.holder_of(registration_id)
    for other in session.registrations_of(holder_id, policy.certificate_type):
        if other != registration_id and _lives(session, other, policy, now):
            raise RegistrationExistsError


def check_numbers_free(
    session: ReadSession, own: RegistrationId, numbers: Sequence[str], policy: Policy
) -> None:
    """Refuse a number of somebody else or of another certificate type; a holder's own old numbers may return.

    Raises:
        InvalidFieldError: naming the field.
    """
    holder_id = session.holder_of(own)
    for number in numbers:
        other = session.find_registration(number)
        if other is not None and session.holder_of(other) != holder_id:
            raise InvalidFieldError(
                Fault(
                    "/registration_number" if number == numbers[-1] else "/former_numbers",
                    "该注册编号已属于其他人员，请核对。",
                    "This number belongs to another holder; please check it.",
                )
            )
        # Types may share a form of numbers; who looks one up must meet one registration, never either of two.
        if other not in (None, own) and _type_of(session, other) != policy.certificate_type:
            raise InvalidFieldError(
                Fault(
                    "/registration_number" if number == numbers[-1] else "/former_numbers",
                    "该注册编号已用于该持证人的另一类证书，请核对。",
                    "This holder has this number for another type of certificate; please check it.",
                )
            )


def _type_of(session: ReadSession, registration_id: RegistrationId) -> str:
    return events_of(session, registration_id)[0].certificate_type


def _live_elsewhere(
    session: ReadSession, holder_id: HolderId, own: RegistrationId | None, event: Event, policy: Policy
) -> bool:
    """Tell whether the holder has another live registration of the type, at the event's instant or at ours.

    A backdated beginning must not stand beside one that lives now.
    """
    instants = {event.effective_at, event.recorded_at}
    return any(
        _lives(session, other, policy, instant)
        for other in session.registrations_of(holder_id, event.certificate_type)
        if other != own
        for instant in instants
    )


def _lives(session: ReadSession, registration_id: RegistrationId, policy: Policy, instant: datetime) -> bool:
    events = events_of(session, registration_id)
    # Empty only for the registration that is being begun in this very transaction.
    state = fold(events, instant, policy)
    return state is not None and live_on(state, beijing_day(instant))
