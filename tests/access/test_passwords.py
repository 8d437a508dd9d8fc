"""Passwords: what is taken, what is kept, and what a try costs."""

from __future__ import annotations

import pytest

from certsvc.access.passwords import LONGEST, Passwords, check_password, one_time
from certsvc.errors import InvalidFieldError, RecordDamagedError


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    """Make one; each makes a hash of its own first."""
    return Passwords()


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("x1y2z3a4b5c", False),
        ("x1y2z3a4b5c6", True),
        ("一二三四五六七八九十甲乙", True),
        ("abcabcabcabcabc", False),
        ("abcdabcdabcd", True),
        ("i am Wang and long", False),
        ("ab1" + "x" * (LONGEST - 2), False),
        ("ab12" * (LONGEST // 4), True),
    ],
)
def test_length_counts_and_what_is_guessed_first_does_not(password: str, taken: bool) -> None:
    """Both sides of each border."""
    if taken:
        check_password(password, "wang")
    else:
        with pytest.raises(InvalidFieldError):
            check_password(password, "wang")


def test_a_password_is_kept_as_argon2id_and_recognised(passwords: Passwords) -> None:
    """However a keyboard writes its letters."""
    kept = passwords.hashed("caf\u00e9 caf\u00e9 caf\u00e9")
    assert kept.startswith("$argon2id$v=19$m=65536,t=2,p=1$")
    assert passwords.holds("cafe\u0301 cafe\u0301 cafe\u0301", kept)
    assert not passwords.holds("cafe cafe cafe", kept)
    assert passwords.hashed("x") != passwords.hashed("x")


def test_nobody_s_password_is_never_right_and_costs_a_hash(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time would tell which names there are."""
    compared: list[str] = []
    real = passwords.holds

    def compare(_: str, kept: str) -> bool:
        compared.append(kept)
        return True

    monkeypatch.setattr("certsvc.access.passwords._compare", compare)
    assert not real("anything", None)
    assert not real("x" * (LONGEST + 1), "$argon2id$")
    assert len(compared) == 2 and compared[0].startswith("$argon2id$v=19$m=65536,t=2,p=1$")


def test_what_is_no_hash_is_damage(passwords: Passwords) -> None:
    """Nobody is let in by it, and nobody is told that the password was wrong."""
    with pytest.raises(RecordDamagedError):
        passwords.holds("x", "plain text")


def test_one_time_passwords_pass_the_policy_and_differ() -> None:
    """Somebody types them once."""
    made = {one_time() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        check_password(password, "wang")
