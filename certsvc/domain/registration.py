"""A registration (注册): the fold of its events at an instant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Employer, Event, EventType, HolderFields, Reason, SpecialtyGrant
from certsvc.domain.policy import Policy
from certsvc.domain.specialty import accepted_ends


class Standing(StrEnum):
    """What events alone say; whether time has run out is RegistrationStatus."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"
    REVOKED_PENALTY = "REVOKED_PENALTY"


class RegistrationStatus(StrEnum):
    """Status on a day, as the API shows it."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"
    REVOKED_PENALTY = "REVOKED_PENALTY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialty:
    """One specialty with its validity."""

    name: str
    valid_from: date
    """Day of granting; that day counts."""
    valid_to: date
    """Last valid day; that day counts. Already capped at the age limit unless overridden."""
    override_reason: str | None = None
    """Why valid_to differs from the rule, when it does."""

    def status_on(self, day: date) -> str:
        """Say NOT_YET, VALID or EXPIRED; both ends are valid days."""
        if day < self.valid_from:
            return "NOT_YET"
        return "VALID" if day <= self.valid_to else "EXPIRED"

    def valid_on(self, day: date) -> bool:
        """Tell whether *day* lies within the validity, both ends included."""
        return self.valid_from <= day <= self.valid_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """State of one registration at one instant."""

    certificate_type: str
    registration_number: str
    """The number in force at the instant."""
    numbers: tuple[str, ...]
    """Every number it has had up to the instant, oldest first, the one in force included."""
    holder: HolderFields
    """name, sex, birth_date, id_type and id_number are never None here, unless the holder was erased."""
    employer: Employer
    specialties: tuple[Specialty, ...]
    """In the order of the policy's list; ended ones included."""
    qualification_number: str | None
    standing: Standing
    standing_since: datetime
    """Effective instant of the event that set the standing."""
    standing_reason: Reason | None
    reissues: int
    """How many 证书更换 events took effect; each allows a fresh original."""


ENDED: Final = frozenset({Standing.CANCELLED, Standing.REVOKED, Standing.REVOKED_PENALTY})
"""Standings nothing leads back from."""

_STANDING_AFTER: Final = {
    EventType.CANCEL: Standing.CANCELLED,
    EventType.REVOKE: Standing.REVOKED,
    EventType.REVOKE_PENALTY: Standing.REVOKED_PENALTY,
    EventType.SUSPEND: Standing.SUSPENDED,
    EventType.RESUME: Standing.ACTIVE,
}


def fold(events: Collection[Event], at: datetime, policy: Policy) -> Registration | None:
    """Return the state of one registration at an instant, None before it exists.

    Total: an event that makes no sense at its place (after an end, a resume without suspension, a second
    initial) has no effect. A revocation (撤销) voids the registration from its beginning, so it counts at
    every instant, also before its own.

    Args:
        events: events of this one registration, in any order; ``seq`` 0 means recorded last.
        at: events effective at or before this instant count.
        policy: rules of the certificate type.
    """
    in_order = sorted(events, key=_place) if len(events) > 1 else events
    draft: _Draft | None = None
    for event in in_order:
        if event.effective_at > at or (draft is not None and draft.standing in ENDED):
            break
        if draft is None:
            draft = _begin(event, policy)
        else:
            draft.take(event, policy)
    if draft is None:
        return None
    for event in in_order:
        if event.type is EventType.REVOKE:
            draft.stand(event)
            break
    return draft.finished(policy)


def status_on(registration: Registration, day: date) -> RegistrationStatus:
    """Return the status on *day*: what the events say, or EXPIRED when no specialty is valid then."""
    if registration.standing is not Standing.ACTIVE:
        return RegistrationStatus(registration.standing.value)
    valid = any(specialty.valid_on(day) for specialty in registration.specialties)
    return RegistrationStatus.ACTIVE if valid else RegistrationStatus.EXPIRED


def live_on(registration: Registration, day: date) -> bool:
    """Tell whether the registration keeps its holder from another one: not ended and not run out by *day*."""
    if registration.standing in ENDED:
        return False
    return any(specialty.valid_to >= day for specialty in registration.specialties)


def merged_holder(before: HolderFields, said: HolderFields) -> HolderFields:
    """Return *before* with every field that *said* names replaced."""
    named = {entry.name: getattr(said, entry.name) for entry in fields(said)}
    return replace(before, **{name: value for name, value in named.items() if value is not None})


def specialty_from(
    grant: SpecialtyGrant, birth_date: date | None, policy: Policy, override_reason: str | None
) -> Specialty:
    """Return the specialty a grant gives: the stated end where the rule or an override lets it stand."""
    stated = grant.stated_to
    if birth_date is None and stated is not None:
        # Only erasing leaves no birth date; it wrote the end down that the rule had given.
        return Specialty(name=grant.name, valid_from=grant.granted_on, valid_to=stated)
    ends = accepted_ends(grant.granted_on, birth_date, policy)
    overridden = stated is not None and stated not in ends and override_reason is not None
    return Specialty(
        name=grant.name,
        valid_from=grant.granted_on,
        valid_to=stated if stated is not None and (overridden or stated in ends) else ends[0],
        override_reason=override_reason if overridden else None,
    )


def _place(event: Event) -> tuple[datetime, bool, int, str]:
    # An event about to be recorded has no seq yet; it comes after all that have one.
    return (event.effective_at, event.seq == 0, event.seq, event.event_id)


@dataclass(slots=True)
class _Draft:
    """A registration while its events are gone through.

    Grants are kept as they were said, not as dates: a corrected birth date moves every age cap, in both
    directions, so the rule is applied again at the end.
    """

    first: Event
    number: str
    numbers: list[str]
    holder: HolderFields
    employer: Employer
    standing: Standing
    since: datetime
    reason: Reason | None = None
    reissues: int = 0
    grants: dict[str, tuple[SpecialtyGrant, date | None, Specialty]] = field(default_factory=dict)
    """By name: the grant in force, and what it gave a holder born on the day that was known then."""

    def take(self, event: Event, policy: Policy) -> None:
        """Let one event have its effect."""
        match event.type:
            case EventType.ADD_SPECIALTY | EventType.RENEW:
                self._take_specialties(event, policy)
            case EventType.CHANGE_EMPLOYER | EventType.AMEND_EMPLOYER:
                self.employer = event.employer or self.employer
                if event.type is EventType.CHANGE_EMPLOYER and event.new_registration_number:
                    self._renumber(event.new_registration_number)
            case EventType.AMEND_HOLDER:
                self.holder = merged_holder(self.holder, event.holder or HolderFields())
            case EventType.CANCEL | EventType.REVOKE | EventType.REVOKE_PENALTY:
                self.stand(event)
            case EventType.SUSPEND | EventType.RESUME:
                if self.standing is not _STANDING_AFTER[event.type]:
                    self.stand(event)
            case EventType.REISSUE:
                self.reissues += 1
            case EventType.INITIAL | EventType.RE_REGISTER:
                pass  # Only the first event begins a registration.

    def grant(self, granted: SpecialtyGrant, override_reason: str | None, policy: Policy) -> None:
        """Put one specialty into force, deciding now whether its stated end is an override."""
        born = self.holder.birth_date
        self.grants[granted.name] = (granted, born, specialty_from(granted, born, policy, override_reason))

    def stand(self, event: Event) -> None:
        """Take the standing the event brings."""
        self.standing = _STANDING_AFTER[event.type]
        self.since = event.effective_at
        self.reason = event.reason

    def finished(self, policy: Policy) -> Registration:
        """Return the frozen state."""
        return Registration(
            certificate_type=self.first.certificate_type,
            registration_number=self.number,
            numbers=tuple(self.numbers),
            holder=self.holder,
            employer=self.employer,
            specialties=tuple(self._specialties(policy)),
            qualification_number=self.first.qualification_number,
            standing=self.standing,
            standing_since=self.since,
            standing_reason=self.reason,
            reissues=self.reissues,
        )

    def _take_specialties(self, event: Event, policy: Policy) -> None:
        day = beijing_day(event.effective_at)
        held = {specialty.name: specialty for specialty in self._specialties(policy)}
        for granted in event.specialties:
            before = held.get(granted.name)
            renews = event.type is EventType.RENEW and before is not None
            adds = event.type is EventType.ADD_SPECIALTY and (before is None or before.valid_to < day)
            if renews or adds:
                self.grant(granted, event.override_reason, policy)

    def _specialties(self, policy: Policy) -> list[Specialty]:
        born = self.holder.birth_date
        held = [
            given if born == known else specialty_from(granted, born, policy, given.override_reason)
            for granted, known, given in self.grants.values()
        ]
        if len(held) > 1:
            order = _order(policy.specialties)
            held.sort(key=lambda one: (order.get(one.name, len(order)), one.name))
        return held

    def _renumber(self, number: str) -> None:
        self.number = number
        if number not in self.numbers:
            self.numbers.append(number)


@lru_cache(maxsize=16)
def _order(specialties: tuple[tuple[str, str], ...]) -> Mapping[str, int]:
    """Return the places of a policy's specialties by name."""
    return {name: place for place, (name, _) in enumerate(specialties)}


def _begin(event: Event, policy: Policy) -> _Draft | None:
    """Begin a registration; None for an event that cannot."""
    if event.type not in (EventType.INITIAL, EventType.RE_REGISTER):
        return None
    if event.holder is None or event.employer is None:
        return None
    whole = None not in (event.holder.name, event.holder.sex, event.holder.birth_date)
    if not whole and not event.holder.erased:
        return None
    number = event.new_registration_number or event.registration_number
    draft = _Draft(
        first=event,
        number=number,
        numbers=list(dict.fromkeys((*event.former_numbers, number))),
        holder=event.holder,
        employer=event.employer,
        standing=Standing.ACTIVE,
        since=event.effective_at,
    )
    for granted in event.specialties:
        draft.grant(granted, event.override_reason, policy)
    return draft
