"""What events make of a registration, worked out here a second time from docs/glossary.md's rules.

domain/registration.py folds events into drafts; this goes over them as a ledger: first what counts at the
instant, then one value after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from certsvc.audit.rules import beijing, birthday, ends_by_rule
from certsvc.domain.certificate import Face
from certsvc.domain.events import Employer, Event, EventType, HolderFields, IdType, SpecialtyGrant
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Specialty

_BEGIN = (EventType.INITIAL, EventType.RE_REGISTER)
_END = (EventType.CANCEL, EventType.REVOKE, EventType.REVOKE_PENALTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A registration at one instant."""

    face: Face
    number: str
    id_type: IdType | None
    ended: bool
    suspended: bool
    reissues: int
    specialties: tuple[Specialty, ...]
    """With the reasons of overridden ends, which no face shows."""


@dataclass(frozen=True, slots=True)
class _Held:
    """One specialty as it was granted last."""

    grant: SpecialtyGrant
    reason: str | None
    """Why its stated end may differ from the rule; None when it may not."""


def state_at(events: Iterable[Event], at: datetime, policy: Policy) -> State | None:
    """Return the state at an instant of a registration with these events; None before it began."""
    ordered = sorted(events, key=lambda event: (event.effective_at, event.seq, event.event_id))
    counting = _counting([event for event in ordered if event.effective_at <= at])
    if not counting:
        return None
    first = counting[0]
    holder = _holder(counting)
    if first.employer is None or holder.name is None or not _is_known(holder):
        return None
    number = first.new_registration_number or first.registration_number
    employer: Employer = first.employer
    suspended = False
    for event in counting[1:]:
        if event.type in (EventType.CHANGE_EMPLOYER, EventType.AMEND_EMPLOYER) and event.employer:
            employer = event.employer
        if event.type is EventType.CHANGE_EMPLOYER and event.new_registration_number:
            number = event.new_registration_number
        if event.type in (EventType.SUSPEND, EventType.RESUME):
            suspended = event.type is EventType.SUSPEND
    specialties = _specialties(counting, holder.birth_date, policy)
    return State(
        face=Face(
            certificate_type=first.certificate_type,
            registration_number=number,
            name=holder.name,
            sex=holder.sex,
            birth_date=holder.birth_date,
            employer=employer,
            specialties=tuple(
                Specialty(name=one.name, valid_from=one.valid_from, valid_to=one.valid_to)
                for one in specialties
            ),
            qualification_number=first.qualification_number,
            photo_sha256=holder.photo_sha256,
            signature_sha256=holder.signature_sha256,
        ),
        number=number,
        id_type=holder.id_type,
        # A revocation voids from the beginning: it counts at every instant, whenever it took effect.
        ended=any(event.type is EventType.REVOKE for event in ordered)
        or any(event.type in _END for event in counting),
        suspended=suspended,
        reissues=sum(event.type is EventType.REISSUE for event in counting),
        specialties=specialties,
    )


def _counting(events: Sequence[Event]) -> list[Event]:
    """Return the events from that which began the registration to that which ended it."""
    begun: list[Event] = []
    for event in events:
        if not begun:
            if event.type in _BEGIN and _begins(event):
                begun.append(event)
            continue
        begun.append(event)
        if event.type in _END:
            break
    return begun


def _begins(event: Event) -> bool:
    holder = event.holder
    return holder is not None and event.employer is not None and _is_known(holder)


def _is_known(holder: HolderFields) -> bool:
    """Tell whether all is said of a holder that must be; of an erased one that is nothing but a stand-in."""
    return None not in (holder.name, holder.sex, holder.birth_date) or holder.erased


def _holder(counting: Sequence[Event]) -> HolderFields:
    """Return the holder's data, each field as it was said last."""
    said = [counting[0].holder] + [
        event.holder for event in counting[1:] if event.type is EventType.AMEND_HOLDER
    ]
    known: dict[str, object] = {}
    for holder in said:
        if holder is not None:
            known |= {
                name: getattr(holder, name)
                for name in HolderFields.__dataclass_fields__
                if getattr(holder, name) is not None
            }
    return HolderFields(**known)  # type: ignore[arg-type]  # the values of those very fields


def _specialties(counting: Sequence[Event], born: date | None, policy: Policy) -> tuple[Specialty, ...]:
    held: dict[str, _Held] = {}
    for place, event in enumerate(counting):
        begins = place == 0
        if not begins and event.type not in (EventType.ADD_SPECIALTY, EventType.RENEW):
            continue
        # Whether an end is overridden is decided by the birth date known at that event.
        known = _holder(counting[: place + 1]).birth_date or born
        before = {one.name: one for one in _dated(held, known, policy)}
        for grant in event.specialties:
            had = before.get(grant.name)
            added = event.type is EventType.ADD_SPECIALTY and (
                had is None or had.valid_to < beijing(event.effective_at)
            )
            if begins or added or (event.type is EventType.RENEW and had is not None):
                against = grant.stated_to not in (None, *_ends(grant, known, policy))
                held[grant.name] = _Held(grant, event.override_reason if against else None)
    return _dated(held, born, policy)


def _dated(held: dict[str, _Held], born: date | None, policy: Policy) -> tuple[Specialty, ...]:
    """Return specialties with their dates, in the order of the certificate's list."""
    listed = list(policy.specialty_names)
    names = sorted(held, key=lambda name: (listed.index(name) if name in listed else len(listed), name))
    return tuple(_date(held[name], born, policy) for name in names)


def _date(one: _Held, born: date | None, policy: Policy) -> Specialty:
    grant, stated = one.grant, one.grant.stated_to
    if born is None and stated is not None:
        # Erased with the birth date, by which alone the rule could be applied: the end it gave is stated.
        return Specialty(name=grant.name, valid_from=grant.granted_on, valid_to=stated)
    ends = _ends(grant, born, policy)
    against = stated is not None and stated not in ends and one.reason is not None
    return Specialty(
        name=grant.name,
        valid_from=grant.granted_on,
        valid_to=stated if stated is not None and (against or stated in ends) else ends[0],
        override_reason=one.reason if against else None,
    )


def _ends(grant: SpecialtyGrant, born: date | None, policy: Policy) -> tuple[date, ...]:
    cap = None if born is None else birthday(born, policy.age_limit)
    return ends_by_rule(grant.granted_on, policy.validity_years, cap)
