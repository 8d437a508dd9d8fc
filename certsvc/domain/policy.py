"""Numbers and lists a certificate type sets for itself; read from templates/<type>/policy.toml."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

from certsvc.errors import TemplateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of one certificate type as data. domain.md sections 1, 2 and 5 name each source."""

    certificate_type: str
    """Name used in the API, e.g. ``constructor-1``."""
    title: str
    """证照名称 as printed on top."""
    usage_days: int
    """use_until = use_from + usage_days."""
    warn_below_days: int
    """A specialty with 0 <= days_left < warn_below_days is warned of."""
    copies_per_day: Literal[1]
    """The unique index allows exactly one; another number needs another index."""
    validity_years: int
    age_limit: int
    """Nothing is valid after this birthday; the birthday itself is a valid day."""
    renew_ahead_days: int
    specialty_cap: Literal["latest", "earliest"]
    """Which specialty end caps the usage window."""
    reendorse_after_change: Literal[False]
    registration_number_pattern: str
    old_number_pattern: str
    """Old paper form, accepted for look-up only."""
    specialties: tuple[tuple[str, str], ...]
    """(name, national code or empty), in the order of the certificate's list."""
    purpose_max: int
    name_max: int
    employer_max: int
    profession: str = ""
    """What the holder is registered as, e.g. 一级建造师."""
    offline_qr: bool = False
    """Endorsed copies carry a second symbol, which can be checked without a connection."""
    type_code: str = ""
    """证照类型代码 of this type, 21 characters; empty: the issuer's own."""

    def issuer(self, issuer: Issuer) -> Issuer:
        """Return *issuer* as the one who issues certificates of this type, under its type code."""
        return replace(issuer, type_code=self.type_code) if self.type_code else issuer

    @property
    def specialty_names(self) -> tuple[str, ...]:
        """The names alone, in order."""
        return tuple(name for name, _ in self.specialties)

    def specialty_code(self, name: str) -> str:
        """Return the national code of *name*, empty where none is published."""
        return dict(self.specialties).get(name, "")

    @property
    def usage(self) -> timedelta:
        """How long after its first day a copy may be used."""
        return timedelta(days=self.usage_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues (颁发机构), from the settings."""

    name: str
    uscc: str
    type_code: str
    """证照类型代码, 21 characters."""


def policy_from(table: Mapping[str, object]) -> Policy:
    """Read a policy out of a parsed policy.toml.

    Args:
        table: exactly the fields of Policy; ``specialties`` is a list of tables with ``name`` and ``code``.

    Raises:
        TemplateError: names every key that is unknown or missing, or whose value is not what it takes.
    """
    if faults := policy_faults(table):
        raise TemplateError("policy: " + "; ".join(f"{key}: {says}" for key, says in faults))
    return Policy(**{key: read(table[key]) for key, read in _READERS.items()})


_MOST_YEARS: Final = 150
_MOST_DAYS: Final = 36_525
"""More than any rule book says, and few enough that no day computed from them lies beyond the calendar."""


def policy_faults(table: Mapping[str, object]) -> list[tuple[str, str]]:
    """List what is wrong with a parsed policy.toml, by key."""
    faults = [(key, "unknown key") for key in sorted(table.keys() - _READERS.keys())]
    for key, read in _READERS.items():
        if key not in table:
            faults.append((key, "missing key"))
            continue
        try:
            read(table[key])
        except ValueError as fault:
            faults.append((key, str(fault)))
    return faults


def _words(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("must be a whole number of at least 1")
    return value


def _years(value: object) -> int:
    years = _count(value)
    if years > _MOST_YEARS:
        raise ValueError(f"at most {_MOST_YEARS}")
    return years


def _days(value: object) -> int:
    days = _count(value)
    if days > _MOST_DAYS:
        raise ValueError(f"at most {_MOST_DAYS}")
    return days


def _type_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", value):
        raise ValueError("must be 1 to 40 characters of a-z, 0-9 and -, the first one no -")
    return value


def _one(value: object) -> int:
    if type(value) is not int or value != 1:
        raise ValueError("only 1 is possible, the unique index allows no other")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _off(value: object) -> bool:
    if value is not False:
        raise ValueError("only false is possible")
    return value


def _type_code(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"([0-9A-Z]{21})?", value):
        raise ValueError("must be 21 characters of 0-9 and A-Z, or empty")
    return value


def _cap(value: object) -> str:
    if value not in ("latest", "earliest"):
        raise ValueError('must be "latest" or "earliest"')
    return str(value)


def _pattern(value: object) -> str:
    pattern = _words(value)
    try:
        re.compile(pattern, re.ASCII)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def _specialties(rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, list) or not rows:
        raise ValueError("must be a list of tables, at least one")
    specialties = []
    for row in rows:
        if not isinstance(row, Mapping) or set(row) != {"name", "code"}:
            raise ValueError("each has exactly name and code")
        code = row["code"]
        if not isinstance(code, str) or not re.fullmatch(r"[0-9]*", code):
            raise ValueError("a code is digits, or empty where none is published")
        name = row["name"]
        if not isinstance(name, str) or not name.strip():
            raise ValueError("a name is a text that is not empty")
        specialties.append((name, code))
    names = [name for name, _ in specialties]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return tuple(specialties)


_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "certificate_type": _type_name,
    "profession": _words,
    "title": _words,
    "type_code": _type_code,
    "usage_days": _days,
    "warn_below_days": _days,
    "copies_per_day": _one,
    "validity_years": _years,
    "age_limit": _years,
    "renew_ahead_days": _days,
    "specialty_cap": _cap,
    "reendorse_after_change": _off,
    "offline_qr": _switch,
    "registration_number_pattern": _pattern,
    "old_number_pattern": _pattern,
    "specialties": _specialties,
    "purpose_max": _count,
    "name_max": _count,
    "employer_max": _count,
}
"""What reads each key of policy.toml; ValueError when its value is not what the key takes."""
