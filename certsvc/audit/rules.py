"""The arithmetic of dates, numbers and check characters, computed here a second time.

Nothing of domain/'s functions is used: a slip in one of the two shows as a defect of every copy.
"""

from __future__ import annotations

import hashlib
import json
import re
from calendar import isleap
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from certsvc.domain.certificate import Face

CROCKFORD: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]+", re.ASCII)
_CROCKFORD_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LICENCE: Final = re.compile(
    r"1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{18})\.([0-9A-Z]+)\.([0-9]{3})\.([0-9A-Z])", re.ASCII
)
_BEIJING_AHEAD: Final = timedelta(hours=8)


def beijing(instant: datetime) -> date:
    """Return the day in Beijing, which is eight hours ahead of UTC all year."""
    return (instant.astimezone(UTC) + _BEIJING_AHEAD).date()


def beijing_text(instant: datetime) -> str:
    """Return an instant as metadata gives it: whole seconds, at +08:00."""
    return f"{instant.astimezone(UTC) + _BEIJING_AHEAD:%Y-%m-%dT%H:%M:%S}+08:00"


def utc_text(instant: datetime) -> str:
    """Return an instant as the log writes it: UTC, six digits of a second."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def birthday(born: date, age: int) -> date:
    """Return the day on which *age* is reached; who was born on a leap day has it on 28 February."""
    year = born.year + age
    return (
        date(year, 2, 28)
        if (born.month, born.day) == (2, 29) and not isleap(year)
        else date(year, born.month, born.day)
    )


def ends_by_rule(granted: date, years: int, cap: date | None) -> tuple[date, ...]:
    """Return the last days of validity that the rule allows, its own first.

    The day before the anniversary. Granted on a leap day: 28 February, and 27 is taken too.
    """
    year = granted.year + years
    if (granted.month, granted.day) != (2, 29):
        ends: tuple[date, ...] = (date(year, granted.month, granted.day) - timedelta(days=1),)
    elif isleap(year):
        ends = (date(year, 2, 28), date(year, 2, 28))
    else:
        ends = (date(year, 2, 28), date(year, 2, 27))
    return tuple(end if cap is None or end < cap else cap for end in ends)


def window(
    first: date, days: int, ends: Iterable[date], which: Literal["latest", "earliest"], cap: date
) -> tuple[date, str]:
    """Return the last day of use, and what shortened it: NONE, AGE65 or SPECIALTY."""
    whole = date.fromordinal(first.toordinal() + days)
    last_of_specialties = sorted(ends)[-1 if which == "latest" else 0]
    last = sorted((whole, last_of_specialties, cap))[0]
    if last == whole:
        return last, "NONE"
    return last, "AGE65" if last == cap else "SPECIALTY"


def is_token(text: str) -> bool:
    """Tell whether a token is 26 Crockford characters in their canonical form."""
    return len(text) == 26 and CROCKFORD.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """Tell whether a code is 12 Crockford characters of which the last is right (Luhn mod 32)."""
    if len(text) != 12 or CROCKFORD.fullmatch(text) is None:
        return False
    total = 0
    for place, char in enumerate(text[::-1]):
        doubled = _CROCKFORD_DIGITS.index(char) << (place & 1)
        total += (doubled & 31) + (doubled >> 5)
    return total & 31 == 0


def licence_fault(text: str, serial: str, version: int) -> str:
    """Say what is wrong with a licence id: its form, check, serial or version; ``""`` when nothing is."""
    match = _LICENCE.fullmatch(text)
    if match is None:
        return "form"
    if match[3] != serial:
        return "serial"
    if match[4] != f"{version:03d}":
        return "version"
    # ISO 7064 MOD 37,36 run over the check character too ends at 1.
    rest = 36
    for char in "".join(match.groups()[:4]):
        rest = (rest + int(char, 36)) % 36
        rest = (rest or 36) * 2 % 37
    return "" if (rest + int(match[5], 36)) % 36 == 1 else "check"


def licence_parts(text: str) -> tuple[str, str]:
    """Return type code and issuer of a licence id; empty when it is malformed."""
    match = _LICENCE.fullmatch(text)
    return (match[1], match[2]) if match else ("", "")


def hash_of_face(face: Face) -> str:
    """Return the hex sha256 of a face: JSON, names sorted, no spaces, days in ISO form, UTF-8."""
    return hashlib.sha256(_json(asdict(face)).encode()).hexdigest()


def _json(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_json(name)}:{_json(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    return json.dumps(value, ensure_ascii=False)
