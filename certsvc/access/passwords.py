"""Passwords: argon2id, a policy of length, and the same work whether there is somebody or not."""

from __future__ import annotations

import secrets
import unicodedata
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from certsvc.errors import Fault, InvalidFieldError, RecordDamagedError

SHORTEST: Final = 12
LONGEST: Final = 200
"""Characters. No rule asks for kinds of characters: length is what counts (NIST SP 800-63B, 5.1.1.2)."""
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=65_536, parallelism=1, type=Type.ID)
"""64 MiB and two passes for each try; docs/decisions/doors.md has the measured times."""
_AT_ONCE: Final = BoundedSemaphore(2)
"""Tries of one process that are worked at together: each takes 64 MiB, and strangers may send many."""
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of one-time passwords, which people read aloud: nothing that looks like something else."""


class Passwords:
    """Hashes and compares; safe between threads."""

    def __init__(self) -> None:
        """Make the hash that is compared with where there is nobody."""
        self._nobody = _hash(secrets.token_urlsafe(32))

    def hashed(self, password: str) -> str:
        """Return *password* as it is kept."""
        return _hash(password)

    def holds(self, password: str, kept: str | None) -> bool:
        """Tell whether *password* is the one kept; None, for nobody, costs the same and is never right.

        Raises:
            RecordDamagedError: what is kept is no such hash.
        """
        # What is too long would make another amount of work: it is cut, and is never right.
        right = _compare(_normal(password)[:LONGEST], self._nobody if kept is None else kept)
        return right and kept is not None and len(_normal(password)) <= LONGEST


def one_time() -> str:
    """Return a fresh password to be told somebody once: 16 characters, 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def check_password(password: str, name: str) -> None:
    """Refuse what is guessed first.

    Raises:
        InvalidFieldError: it is shorter than SHORTEST, longer than LONGEST, one or two characters over and
            over, or holds the *name* of who has it.
    """
    normal = _normal(password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise InvalidFieldError(
            Fault(
                "/password",
                f"密码须为 {SHORTEST} 至 {LONGEST} 个字符",
                f"a password has {SHORTEST} to {LONGEST} characters",
            )
        )
    if len(set(normal)) <= 3 or name.casefold() in normal.casefold():
        raise InvalidFieldError(
            Fault(
                "/password",
                "密码过于简单：请勿包含登录名或反复使用同几个字符",
                "too simple: leave your name out and use more than three different characters",
            )
        )


def _normal(password: str) -> str:
    """Return *password* as every keyboard gives it: some write one character as two."""
    return unicodedata.normalize("NFC", password)


def _hash(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def _compare(password: str, kept: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept, password)
        except VerifyMismatchError:
            return False
        except InvalidHashError as error:
            raise RecordDamagedError("a password is not kept as argon2 writes it") from error
