"""Numbers and lists a certificate type sets for itself; read from templates/<type>/policy.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

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
        TemplateError: a key is unknown or missing, or a value is not what the field takes.
    """
    known = set(Policy.__dataclass_fields__)
    if unknown := sorted(set(table) - known):
        raise TemplateError(f"policy: unknown keys: {', '.join(unknown)}")
    if missing := sorted(known - set(table)):
        raise TemplateError(f"policy: missing keys: {', '.join(missing)}")
    if type(table["copies_per_day"]) is not int or table["copies_per_day"] != 1:
        raise TemplateError("policy: copies_per_day: only 1 is possible, the unique index allows no other")
    if table["reendorse_after_change"] is not False:
        raise TemplateError("policy: reendorse_after_change: only false is possible")
    return Policy(
        certificate_type=_words(table, "certificate_type"),
        profession=_words(table, "profession"),
        title=_words(table, "title"),
        usage_days=_count(table, "usage_days"),
        warn_below_days=_count(table, "warn_below_days"),
        copies_per_day=1,
        validity_years=_count(table, "validity_years"),
        age_limit=_count(table, "age_limit"),
        renew_ahead_days=_count(table, "renew_ahead_days"),
        specialty_cap=_cap(table),
        reendorse_after_change=False,
        registration_number_pattern=_pattern(table, "registration_number_pattern"),
        old_number_pattern=_pattern(table, "old_number_pattern"),
        specialties=_specialties(table["specialties"]),
        purpose_max=_count(table, "purpose_max"),
        name_max=_count(table, "name_max"),
        employer_max=_count(table, "employer_max"),
        offline_qr=_switch(table, "offline_qr"),
    )


def _words(table: Mapping[str, object], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise TemplateError(f"policy: {key}: must be a text that is not empty")
    return value


def _count(table: Mapping[str, object], key: str) -> int:
    value = table[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TemplateError(f"policy: {key}: must be a whole number of at least 1")
    return value


def _switch(table: Mapping[str, object], key: str) -> bool:
    value = table[key]
    if not isinstance(value, bool):
        raise TemplateError(f"policy: {key}: must be true or false")
    return value


def _cap(table: Mapping[str, object]) -> Literal["latest", "earliest"]:
    value = table["specialty_cap"]
    if value == "latest":
        return "latest"
    if value == "earliest":
        return "earliest"
    raise TemplateError('policy: specialty_cap: must be "latest" or "earliest"')


def _pattern(table: Mapping[str, object], key: str) -> str:
    pattern = _words(table, key)
    try:
        re.compile(pattern, re.ASCII)
    except re.error as error:
        raise TemplateError(f"policy: {key}: {error}") from error
    return pattern


def _specialties(rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, list) or not rows:
        raise TemplateError("policy: specialties: must be a list of tables, at least one")
    specialties = []
    for row in rows:
        if not isinstance(row, Mapping) or set(row) != {"name", "code"}:
            raise TemplateError("policy: specialties: each has exactly name and code")
        code = row["code"]
        if not isinstance(code, str) or not re.fullmatch(r"[0-9]*", code):
            raise TemplateError("policy: specialties: a code is digits, or empty where none is published")
        name = row["name"]
        if not isinstance(name, str) or not name.strip():
            raise TemplateError("policy: specialties: a name is a text that is not empty")
        specialties.append((name, code))
    names = [name for name, _ in specialties]
    if len(set(names)) != len(names):
        raise TemplateError("policy: specialties: a name stands twice")
    return tuple(specialties)
