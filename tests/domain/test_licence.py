"""The e-licence identifier: built right, judged right, and how far its check reaches."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.licence import ROOT, build_licence_id, judge_licence_id, licence_check
from certsvc.errors import DefectError
from tests import vectors
from tests.factories import an_issuer

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SERIALS = st.text(ALPHABET, min_size=1, max_size=32)
VERSIONS = st.integers(1, 999)


@pytest.mark.parametrize(
    "text", [*vectors.texts("licence_id_valid"), *vectors.texts("licence_id_valid_public_examples")]
)
def test_published_identifiers_are_ok(text: str) -> None:
    """Ours must agree with what other issuers print."""
    assert judge_licence_id(text) == "ok"


@pytest.mark.parametrize("text", vectors.texts("licence_id_bad_check"))
def test_wrong_check_is_told_from_malformed(text: str) -> None:
    """A public issuer is off by one; that is reported, not refused."""
    assert judge_licence_id(text) == "bad_check"


@pytest.mark.parametrize("text", vectors.texts("licence_id_valid"))
def test_build_gives_the_published_identifier(text: str) -> None:
    """Root, order of fields, zero-padding and check in one."""
    *_, serial, version, _ = text.split(".")
    assert build_licence_id(an_issuer(), serial, int(version)) == text


@given(SERIALS, VERSIONS)
def test_whatever_is_built_is_ok(serial: str, version: int) -> None:
    """No serial or version may give an identifier our own judge refuses."""
    assert judge_licence_id(build_licence_id(an_issuer(), serial, version)) == "ok"


@given(SERIALS, VERSIONS, st.data())
def test_any_one_wrong_character_is_noticed(serial: str, version: int, data: st.DataObject) -> None:
    """MOD 37,36 promises every single substitution."""
    text = build_licence_id(an_issuer(), serial, version)
    places = [place for place in range(len(ROOT) + 1, len(text)) if text[place] != "."]
    place = data.draw(st.sampled_from(places))
    wrong = data.draw(st.sampled_from(ALPHABET.replace(text[place], "")))
    assert judge_licence_id(text[:place] + wrong + text[place + 1 :]) != "ok"


def test_nearly_all_swapped_neighbours_are_noticed() -> None:
    """MOD 37,36 lets one pair of neighbours pass in each of its 36 states, 1 swap in 630; no more."""
    missed = [
        (before, one, other)
        for before in ALPHABET
        for one, other in combinations(ALPHABET, 2)
        if licence_check(before + one + other) == licence_check(before + other + one)
    ]
    assert len(missed) == 36
    assert len({before for before, _, _ in missed}) == 36


def test_product_of_one_gives_zero() -> None:
    """The final modulus matters: without it there is no character for this serial."""
    assert build_licence_id(an_issuer(), "20260000000389", 1).endswith(".0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.156.3005.2",
        # One character moved over a dot: the check is the same, the lengths are not.
        "1.2.156.3005.2.11990000000000019A0011.1990000000000019A.20260000000001.001.K",
        "1.2.156.3005.2.11990000000000019A001.11990000000000019A2.0260000000001.001.K",
        "1.2.156.3005.2.11990000000000019A001.11990000000000019A.202600000000010.01.K",
        "1.2.156.3005.3.11990000000000019A001.11990000000000019A.20260000000001.001.K",
        "1.2.156.3005.2.11990000000000019A001.11990000000000019A..001.K",
        "1.2.156.3005.2.11990000000000019a001.11990000000000019A.20260000000001.001.K",
        "1.2.156.3005.2.11990000000000019A001.11990000000000019A.20260000000001.001.K\n",
        " 1.2.156.3005.2.11990000000000019A001.11990000000000019A.20260000000001.001.K",
        "1.2.156.3005.2.11990000000000019A001.11990000000000019A.2026000000000１.001.K",
        "1.2.156.3005.2.11990000000000019A001.11990000000000019A.20260000000001.00A.K",
        "1x2x156x3005x2.11990000000000019A001.11990000000000019A.20260000000001.001.K",
    ],
)
def test_other_forms_are_malformed(text: str) -> None:
    """The check alone would accept fields that have shifted."""
    assert judge_licence_id(text) == "malformed"


@given(st.text(max_size=120))
def test_any_text_can_be_judged(text: str) -> None:
    """Foreign identifiers come from uploads; judging never raises."""
    assert judge_licence_id(text) in {"ok", "bad_check", "malformed"}


@pytest.mark.parametrize("version", [0, -1, 1000])
def test_versions_outside_001_to_999_are_refused(version: int) -> None:
    """A thousandth version needs a new serial, not a fourth digit."""
    with pytest.raises(DefectError):
        build_licence_id(an_issuer(), "20260000000001", version)


@pytest.mark.parametrize("version", [1, 999])
def test_first_and_last_version_are_built(version: int) -> None:
    """The other side of the border."""
    assert judge_licence_id(build_licence_id(an_issuer(), "20260000000001", version)) == "ok"


def test_parts_out_of_form_are_refused() -> None:
    """A wrong setting must not become a certificate with a malformed identifier."""
    for issuer, serial in [
        (an_issuer(), ""),
        (an_issuer(), "2026-1"),
        (an_issuer(), "2026a"),
        (replace(an_issuer(), type_code="11990000000000019A01"), "1"),
        (replace(an_issuer(), uscc="11990000000000019"), "1"),
    ]:
        with pytest.raises(DefectError):
            build_licence_id(issuer, serial, 1)
