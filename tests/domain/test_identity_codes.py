"""Credit codes and registration numbers: which pass, and which mistakes are noticed."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certsvc.domain.identity import (
    check_registration_number,
    check_uscc,
    is_lookup_number,
    is_uscc,
    uscc_check,
)
from certsvc.errors import InvalidFieldError
from tests import vectors
from tests.factories import a_policy

POLICY = a_policy()
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@st.composite
def usccs(draw: st.DrawFn) -> str:
    """Draw a credit code with a right check."""
    body = draw(st.text(USCC_ALPHABET, min_size=17, max_size=17))
    return body + uscc_check(body)


@pytest.mark.parametrize("code", vectors.texts("uscc_ok"))
def test_published_credit_codes_pass(code: str) -> None:
    """Letters in the first eight places among them; small letters are written large."""
    assert check_uscc(code, pointer="") == code
    assert check_uscc(code.lower(), pointer="") == code


@pytest.mark.parametrize(
    "code",
    [*vectors.texts("uscc_bad"), "", "91990000MA0000015", "91990000MA0000015Q\n", "９1990000MA0000015Q"],
)
def test_wrong_credit_codes_are_refused(code: str) -> None:
    """With the pointer of the caller's field."""
    with pytest.raises(InvalidFieldError) as caught:
        check_uscc(code, pointer="/employer/uscc")
    assert [fault.pointer for fault in caught.value.faults] == ["/employer/uscc"]
    assert not is_uscc(code)


@given(usccs(), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_any_one_wrong_place_of_a_credit_code_is_noticed(code: str, place: int, wrong: str) -> None:
    """Weights 3^i modulo the prime 31 promise every single substitution."""
    assert is_uscc(code)
    assume(code[place] != wrong)
    assert not is_uscc(code[:place] + wrong + code[place + 1 :])


@given(usccs(), st.integers(0, 16))
def test_any_swapped_neighbours_of_a_credit_code_are_noticed(code: str, place: int) -> None:
    """And every adjacent transposition."""
    one, other = code[place], code[place + 1]
    assume(one != other)
    assert not is_uscc(code[:place] + other + one + code[place + 2 :])


@pytest.mark.parametrize("number", vectors.texts("reg_no_ok"))
def test_registration_numbers_pass(number: str) -> None:
    """The form of the electronic certificate."""
    assert check_registration_number(number, POLICY, pointer="") == number
    assert is_lookup_number(number, POLICY)


@pytest.mark.parametrize("number", vectors.texts("reg_no_old"))
def test_old_numbers_are_for_look_up_only(number: str) -> None:
    """Paper certificates still lie in drawers."""
    assert is_lookup_number(number, POLICY)
    with pytest.raises(InvalidFieldError):
        check_registration_number(number, POLICY, pointer="")


@pytest.mark.parametrize(
    "number",
    [
        *vectors.texts("reg_no_level2"),
        *("", "京111200620080000", "京11120062008000011", "台1112006200800001", "京1112106200800001"),
        *("京1112006200800001\n", " 京1112006200800001", "京111200620080000１", "京111200620080000٣"),
        "京11105070000",
    ],
)
def test_other_numbers_are_refused(number: str) -> None:
    """Second-class constructors, digits of other scripts, one place too few or too many."""
    with pytest.raises(InvalidFieldError) as caught:
        check_registration_number(number, POLICY, pointer="/registration_number")
    assert [fault.pointer for fault in caught.value.faults] == ["/registration_number"]
    assert not is_lookup_number(number, POLICY)
