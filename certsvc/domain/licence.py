"""The national e-licence identifier (证照标识) and its check character."""

from __future__ import annotations

import re
from typing import Final, Literal

from certsvc.domain.policy import Issuer
from certsvc.errors import DefectError

ROOT: Final = "1.2.156.3005.2"
"""Arc of e-licences among the object identifiers."""

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FORM: Final = re.compile(
    re.escape(ROOT)
    + r"\.(?P<type>[0-9A-Z]{21})\.(?P<issuer>[0-9A-Z]{18})\.(?P<serial>[0-9A-Z]+)"
    + r"\.(?P<version>[0-9]{3})\.(?P<check>[0-9A-Z])"
)


def licence_check(fields: str) -> str:
    """Return the check character, ISO 7064 MOD 37,36.

    Args:
        fields: type code, issuer, serial and version written together, without root and dots; [0-9A-Z].
    """
    product = 36
    for char in fields:
        product = ((product + _ALPHABET.index(char)) % 36 or 36) * 2 % 37
    # Without the last "% 36" a product of 1 asks for a 37th character; some public implementations trip here.
    return _ALPHABET[(37 - product) % 36]


def build_licence_id(issuer: Issuer, serial: str, version: int) -> str:
    """Return the identifier of one certificate version.

    Args:
        issuer: gives the type code (21 characters) and its credit code (18).
        serial: [0-9A-Z]+.
        version: 1 to 999.

    Raises:
        DefectError: a part is out of its form; the identifier would be malformed.
    """
    fields = (issuer.type_code, issuer.uscc, serial, f"{version:03d}")
    unchecked = ".".join((ROOT, *fields))
    if version < 1 or not _FORM.fullmatch(unchecked + ".0"):
        raise DefectError("a part of the licence id is out of its form: type code, issuer, serial or version")
    return f"{unchecked}.{licence_check(''.join(fields))}"


def judge_licence_id(text: str) -> Literal["ok", "bad_check", "malformed"]:
    """Judge an identifier, ours or another issuer's.

    Lengths are tested beside the check, which does not see a character moved from one field to the next. The
    answer is for reporting: issuers exist whose check is off by one.
    """
    match = _FORM.fullmatch(text)
    if not match:
        return "malformed"
    expected = licence_check(match["type"] + match["issuer"] + match["serial"] + match["version"])
    return "ok" if match["check"] == expected else "bad_check"
