"""What is printed to be looked up: the token inside the QR and the short code beside it.

Both are Crockford base 32, come from the operating system's random source and are not derived from any number
of the holder. Source of the alphabet: https://www.crockford.com/base32.html.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base 32: no I, L, O or U."""
TOKEN_LENGTH: Final = 26
"""130 bits."""
CODE_LENGTH: Final = 12
"""11 random characters (55 bits) and one check character."""

_TOKEN: Final = re.compile(f"[{ALPHABET}]{{{TOKEN_LENGTH}}}")
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
# str.upper() would also turn U+0131 and U+017F into I and S, so the lower case letters are listed.
_READ: Final = str.maketrans("abcdefghijklmnopqrstuvwxyzOIL", "ABCDEFGH1JK1MN0PQRSTUVWXYZ011")
# A code is typed by hand, often with a Chinese input method on: full-width characters and every kind of dash.
_TYPED: Final = str.maketrans(
    {0xFF01 + offset: 0x21 + offset for offset in range(94)}
    | dict.fromkeys([0x20, 0x2D, 0xA0, 0x3000, 0xFF0D, 0x2212, *range(0x2010, 0x2016)])
)


def new_token() -> str:
    """Return 130 fresh random bits as 26 characters."""
    bits = secrets.randbits(5 * TOKEN_LENGTH)
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(TOKEN_LENGTH))


def new_code() -> str:
    """Return 11 fresh random characters and their check character, without dashes."""
    bits = secrets.randbits(5 * (CODE_LENGTH - 1))
    body = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(CODE_LENGTH - 1))
    return body + check_character(body)


def canonical_token(text: str) -> str | None:
    """Return the canonical form of a token in any case, or None: no space or dash belongs in one."""
    token = text if _TOKEN.fullmatch(text) else text.translate(_READ)
    return token if _TOKEN.fullmatch(token) else None


def canonical_code(text: str) -> str | None:
    """Return the twelve canonical characters of a typed code, or None when it cannot be one of ours.

    Case, spaces, dashes and full-width characters do not matter; the check character must be right.
    """
    code = text.translate(_TYPED).translate(_READ)
    if len(code) != CODE_LENGTH or not _VALUE.keys() >= set(code):
        return None
    return code if check_character(code[:-1]) == code[-1] else None


def show_code(code: str) -> str:
    """Return a canonical code as it is printed: XXXX-XXXX-XXXX."""
    return "-".join((code[:4], code[4:8], code[8:]))


def check_character(body: str) -> str:
    """Return the Luhn mod 32 check character of canonical characters.

    It shows every single wrong character and every swap of neighbours but 0 with Z.
    Source: https://en.wikipedia.org/wiki/Luhn_mod_N_algorithm.
    """
    total = 0
    for place, character in enumerate(reversed(body)):
        addend = _VALUE[character] * (2 if place % 2 == 0 else 1)
        total += addend // 32 + addend % 32
    return ALPHABET[-total % 32]
