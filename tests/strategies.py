"""Hypothesis strategies over the values of the register; dates stay where a living holder's lie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from certsvc.domain.certificate import Face, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.events import Event, EventType, HolderFields, SpecialtyGrant
from certsvc.domain.registration import Registration, Specialty, Standing
from certsvc.domain.report import (
    Check,
    Clue,
    FileCheck,
    FileOutcome,
    Finding,
    Kind,
    RegistryAnswer,
    Result,
)
from tests.factories import (
    OTHER_NUMBER,
    STARTED,
    a_holder,
    a_policy,
    a_registration,
    an_employer,
    an_event,
    an_initial,
    folded,
)

NAMES: Final = a_policy().specialty_names
LATER: Final = tuple(type for type in EventType if type not in (EventType.INITIAL, EventType.RE_REGISTER))
"""Types that follow a beginning."""

days = st.dates(date(2019, 1, 1), date(2031, 12, 31))
birth_dates = st.dates(date(1950, 1, 1), date(2000, 12, 31))


def instants(
    first: datetime = STARTED, span: timedelta = timedelta(days=1500)
) -> st.SearchStrategy[datetime]:
    """Draw instants from *first* on, whole minutes, so that two often coincide with a boundary."""
    return st.integers(0, int(span.total_seconds()) // 60).map(
        lambda minutes: first + timedelta(minutes=minutes)
    )


@st.composite
def grants_of(draw: st.DrawFn, granted: st.SearchStrategy[date] = days) -> SpecialtyGrant:
    """Draw one specialty an event grants, with or without a stated end that may be wrong."""
    granted_on = draw(granted)
    stated_to = draw(st.none() | days)
    return SpecialtyGrant(name=draw(st.sampled_from(NAMES)), granted_on=granted_on, stated_to=stated_to)


@st.composite
def later_events(
    draw: st.DrawFn,
    types: Sequence[EventType] = LATER,
    seq: int = 2,
) -> Event:
    """Draw one event after a beginning, whole for its type, sensible at its place or not."""
    kind = draw(st.sampled_from(types))
    effective_at = draw(instants())
    grants: list[SpecialtyGrant] = []
    if kind in (EventType.ADD_SPECIALTY, EventType.RENEW):
        granted = st.just(beijing_day(effective_at)) | days
        grants = draw(st.lists(grants_of(granted), min_size=1, max_size=2))
    employer = None
    if kind in (EventType.CHANGE_EMPLOYER, EventType.AMEND_EMPLOYER):
        employer = an_employer(name=draw(st.sampled_from(["示例甲公司", "示例乙公司"])))
    holder = None
    if kind is EventType.AMEND_HOLDER:
        holder = draw(st.builds(HolderFields, birth_date=birth_dates | st.none(), name=st.just("李示例")))
    moves = kind is EventType.CHANGE_EMPLOYER and draw(st.booleans())
    return an_event(
        kind,
        effective_at=effective_at,
        recorded_at=effective_at + timedelta(days=draw(st.integers(0, 90))),
        seq=seq,
        new_registration_number=OTHER_NUMBER if moves else None,
        holder=holder,
        employer=employer,
        specialties=grants,
        override_reason=draw(st.none() | st.just("法院裁定")) if grants else None,
    )


@st.composite
def histories(draw: st.DrawFn, types: Sequence[EventType] = LATER, most: int = 6) -> list[Event]:
    """Draw the events of one registration in the order of recording; nothing keeps them sensible."""
    birth_date = draw(st.just(date(1991, 1, 1)) | birth_dates)
    granted = draw(st.lists(grants_of(), min_size=1, max_size=3, unique_by=lambda grant: grant.name))
    events = [an_initial(holder=a_holder(birth_date=birth_date), specialties=granted)]
    for place in range(draw(st.integers(0, most))):
        events.append(draw(later_events(types=types, seq=place + 2)))
    return events


@st.composite
def registrations(draw: st.DrawFn, standings: Sequence[Standing] = (Standing.ACTIVE,)) -> Registration:
    """Draw one registration with one to ten specialties, some possibly overridden past the age limit."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=10, unique=True))
    specialties = []
    for name in sorted(names, key=NAMES.index):
        first = draw(days)
        last = first + timedelta(days=draw(st.integers(0, 1100)))
        specialties.append(Specialty(name=name, valid_from=first, valid_to=last))
    return a_registration(
        holder=a_holder(birth_date=draw(birth_dates)),
        specialties=specialties,
        standing=draw(st.sampled_from(standings)),
    )


@st.composite
def faces(draw: st.DrawFn) -> Face:
    """Draw what some history prints at its end."""
    events = draw(histories())
    return face_of(folded(events, max(event.effective_at for event in events)))


findings = st.builds(
    Finding,
    check=st.sampled_from(Check),
    result=st.sampled_from(Result),
    code=st.sampled_from(["OK", "FOREIGN_DOMAIN", "MALFORMED_CODE", "NOT_IN_CODE", "KEY_COMPROMISED"]),
)

clues = st.builds(
    Clue,
    kind=st.sampled_from(Kind),
    known_file=st.booleans(),
    file=st.none()
    | st.builds(
        FileCheck,
        outcome=st.sampled_from(FileOutcome),
        findings=st.lists(findings, max_size=2).map(tuple),
    ),
    findings=st.lists(findings, max_size=2).map(tuple),
    specialty=st.none() | st.sampled_from(NAMES),
)
"""Everything that could be handed in, contradictions included."""

answers = st.sampled_from(RegistryAnswer)
