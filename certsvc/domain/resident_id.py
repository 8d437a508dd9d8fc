"""Resident identity numbers (公民身份号码): 18 places, the last a check. Source: GB 11643."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from certsvc.domain.events import Sex

SHAPE: Final = re.compile(r"[0-9]{17}[0-9X]")
_IN_TEXT: Final = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def resident_id_check(digits: str) -> str:
    """Return the check character of the first 17 digits (ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


def birth_date_in(number: str) -> date | None:
    """Read the birth date out of places 7 to 14; None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_in(number: str) -> Sex:
    """Read the sex out of place 17: odd is male."""
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def holds_resident_id(text: str) -> bool:
    """Tell whether a number that can only be a resident's stands somewhere in *text*."""
    for match in _IN_TEXT.finditer(text):
        number = match[0].upper()
        born = birth_date_in(number)
        if born and 1900 <= born.year < 2100 and resident_id_check(number[:17]) == number[17]:
            return True
    return False
