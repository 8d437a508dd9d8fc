"""What the audit computes for itself and what the service computes agree, on whatever comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certsvc.audit import rules
from certsvc.audit.replay import state_at
from certsvc.domain.certificate import Face, face_hash, face_of
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import grant
from certsvc.domain.events import Event
from certsvc.domain.licence import build_licence_id
from certsvc.domain.registration import ENDED, Registration, Standing, fold
from certsvc.domain.specialty import accepted_ends, turns
from certsvc.errors import ExpiredError
from certsvc.qr.token import ALPHABET, check_character, new_code, new_token
from tests.factories import a_policy, an_issuer
from tests.strategies import faces, histories, instants, registrations

POLICY = a_policy()
FEW = 40
"""Examples of what has no corners that were not given as examples."""
days = st.dates(date(1950, 1, 1), date(2060, 12, 31))


@given(history=histories(most=8), when=instants())
def test_both_make_the_same_of_a_history(history: Sequence[Event], when: datetime) -> None:
    """Two ways to go over the events: a slip in one shows here, and in the audit of any store."""
    folded = fold(history, when, POLICY)
    replayed = state_at(history, when, POLICY)

    if folded is None:
        assert replayed is None
        return
    assert replayed is not None
    assert replayed.face == face_of(folded)
    assert replayed.specialties == folded.specialties
    assert (replayed.number, replayed.reissues) == (folded.registration_number, folded.reissues)
    assert replayed.ended == (folded.standing in ENDED)
    assert replayed.ended or replayed.suspended == (folded.standing is Standing.SUSPENDED)
    assert replayed.id_type == folded.holder.id_type


@given(granted=days, born=days, years=st.integers(1, 8))
@example(granted=date(2024, 2, 29), born=date(1980, 1, 1), years=3)
@example(granted=date(2024, 2, 29), born=date(1980, 1, 1), years=4)
@example(granted=date(2021, 5, 14), born=date(1956, 2, 29), years=3)
def test_both_know_the_same_ends(granted: date, born: date, years: int) -> None:
    """Leap days on either side, and the age cap."""
    cap = rules.birthday(born, POLICY.age_limit)

    assert cap == turns(born, POLICY.age_limit)
    due = accepted_ends(granted, born, replace(POLICY, validity_years=years))
    assert tuple(dict.fromkeys(rules.ends_by_rule(granted, years, cap))) == tuple(dict.fromkeys(due))


@given(registration=registrations(), today=days, which=st.sampled_from(["latest", "earliest"]))
def test_both_allow_the_same_window(
    registration: Registration, today: date, which: Literal["latest", "earliest"]
) -> None:
    """The last day and what shortened it, on every day there may be."""
    policy = replace(POLICY, specialty_cap=which)
    try:
        due = grant(registration, today, policy)
    except ExpiredError:
        return
    born = registration.holder.birth_date
    assert born is not None
    ends = [one.valid_to for one in registration.specialties if one.valid_from <= today <= one.valid_to]
    until = rules.window(today, policy.usage_days, ends, which, rules.birthday(born, policy.age_limit))

    assert until == (due.use_until, str(due.cap_reason))


@settings(max_examples=FEW)
@given(moment=instants(span=timedelta(days=20_000)), ahead=st.integers(-720, 840))
def test_both_know_the_same_day(moment: datetime, ahead: int) -> None:
    """In whatever zone an instant is written."""
    instant = moment.astimezone(timezone(timedelta(minutes=ahead)))

    assert rules.beijing(instant) == beijing_day(instant)


@settings(max_examples=FEW)
@given(face=faces())
def test_both_hash_a_face_alike(face: Face) -> None:
    """The canonical form is written a second time."""
    assert rules.hash_of_face(face) == face_hash(face)


@settings(max_examples=FEW)
@given(serial=st.integers(0, 10**20).map(str), version=st.integers(1, 999), at=st.integers(0, 200))
def test_a_licence_id_of_ours_is_right_and_no_other(serial: str, version: int, at: int) -> None:
    """One changed character is always seen, wherever it is."""
    licence = build_licence_id(an_issuer(), serial, version)

    assert rules.licence_fault(licence, serial, version) == ""
    place = at % len(licence)
    other = licence[:place] + ("0" if licence[place] != "0" else "1") + licence[place + 1 :]
    assert rules.licence_fault(other, serial, version) != ""
    assert rules.licence_fault(licence, f"{serial}0", version) == "serial"


@settings(max_examples=FEW)
@given(at=st.integers(0, 11), char=st.sampled_from(ALPHABET))
def test_codes_and_tokens_of_ours_are_right_and_no_others(at: int, char: str) -> None:
    """One changed character of a code is always seen; a token has no check character, only a form."""
    code, token = new_code(), new_token()

    assert rules.is_code(code)
    assert rules.is_token(token)
    assert rules.is_code(code[:at] + char + code[at + 1 :]) == (char == code[at])
    assert check_character(code[:-1]) == code[-1]
    assert not rules.is_token(token[:-1])
    assert not rules.is_token(f"{token[:-1]}U")


@pytest.mark.parametrize("text", ["", "1.2.156.3005.2", "2.16.840.1"])
def test_what_is_no_licence_id_has_no_form(text: str) -> None:
    """Foreign identifiers are not ours."""
    assert rules.licence_fault(text, "1", 1) == "form"


def test_a_grant_before_a_birthday_is_capped_on_that_day() -> None:
    """The 65th birthday is itself a valid day."""
    today = date(2026, 11, 20)

    assert rules.window(today, 180, [date(2028, 1, 1)], "latest", today + timedelta(days=179)) == (
        today + timedelta(days=179),
        "AGE65",
    )
    assert rules.window(today, 180, [date(2028, 1, 1)], "latest", today + timedelta(days=180)) == (
        today + timedelta(days=180),
        "NONE",
    )
