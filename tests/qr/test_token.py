"""Tokens cannot be guessed; codes survive being typed by hand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.qr.token import (
    ALPHABET,
    canonical_code,
    canonical_token,
    check_character,
    new_code,
    new_token,
    show_code,
)

bodies = st.text(ALPHABET, min_size=11, max_size=11)
codes = bodies.map(lambda body: body + check_character(body))
tokens = st.text(ALPHABET, min_size=26, max_size=26)


def test_new_tokens_are_canonical_and_use_every_bit() -> None:
    """130 random bits: over 400 tokens each of the 26 places takes nearly all of the 32 characters."""
    made = [new_token() for _ in range(400)]

    assert all(canonical_token(token) == token for token in made)
    assert len(set(made)) == 400
    assert all(len({token[place] for token in made}) > 28 for place in range(26))


def test_new_codes_are_canonical_and_random() -> None:
    """A code's eleven random characters are all used, and its check character is right."""
    made = [new_code() for _ in range(400)]

    assert all(canonical_code(code) == code for code in made)
    assert all(len({code[place] for code in made}) > 28 for place in range(12))


@given(tokens)
def test_a_token_is_read_in_any_case_with_letters_taken_for_digits(token: str) -> None:
    """Crockford's promise: a person may read 0 as O and 1 as I or L."""
    assert canonical_token(token.lower()) == token
    assert canonical_token(token.replace("0", "O").replace("1", "I")) == token
    assert canonical_token(token.replace("0", "o").replace("1", "l")) == token


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 25,
        "0" * 27,
        "0" * 25 + "U",
        "0" * 25 + "u",
        "0" * 13 + "-" + "0" * 13,
        "0" * 25 + " ",
        " " + "0" * 26,
        "0" * 26 + "\n",
        "0" * 25 + "\u0660",
        "0" * 25 + "\uff10",
        "0" * 25 + "\u0131",
        "0" * 25 + "\u017f",
        "0" * 25 + "\U00010400",
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """A token comes from a link, so nothing is guessed: no dash, blank, U or letter that folds to ASCII."""
    assert canonical_token(text) is None


@given(codes)
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    """People type dashes or none, lower case, blanks, and full-width characters of a Chinese keyboard."""
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in code)
    for typed in (
        code,
        code.lower(),
        show_code(code),
        show_code(code).lower().replace("-", " "),
        f"  {show_code(code)} ",
        show_code(code).replace("-", "\u2014"),
        full_width,
        show_code(code).replace("-", "\uff0d"),
        code.replace("0", "o").replace("1", "l"),
    ):
        assert canonical_code(typed) == code


def test_a_code_is_shown_in_three_groups() -> None:
    """The printed form is fixed by the contract: XXXX-XXXX-XXXX."""
    assert show_code("0123456789AB") == "0123-4567-89AB"
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", show_code(new_code()))


@given(codes, st.integers(0, 11))
def test_every_single_wrong_character_is_seen(code: str, place: int) -> None:
    """All 31 other characters at each place must fail, or a slip shows somebody else's record."""
    for wrong in set(ALPHABET) - {code[place]}:
        assert canonical_code(code[:place] + wrong + code[place + 1 :]) is None


@given(codes, st.integers(0, 10))
def test_every_swap_of_neighbours_is_seen_but_0_with_z(code: str, place: int) -> None:
    """Luhn mod N promises all swaps but that of its first and last digit; the exception is exact."""
    pair = code[place : place + 2]
    swapped = canonical_code(code[:place] + pair[::-1] + code[place + 2 :])

    assert (swapped is None) == (pair[0] != pair[1] and set(pair) != {"0", "Z"})


@pytest.mark.parametrize("text", ["", "0" * 11, "0" * 13, "00000000000U", "0000_0000_0000", "0000/0000/0000"])
def test_what_is_no_code_is_refused(text: str) -> None:
    """Wrong lengths and characters never reach the registry."""
    assert canonical_code(text) is None


def test_the_check_character_is_luhn_mod_32() -> None:
    """One value worked by hand: A (10) doubled is 20, 32 - 20 = 12 is C; Z (31) doubled is 62 = 1 + 30."""
    assert check_character("0000000000A") == "C"
    assert check_character("0000000000Z") == "1"
    assert check_character("000000000A0") == "P"
