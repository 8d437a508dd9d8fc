"""Specialties and warnings as JSON values and text, in one form only, because the row's MAC covers it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Final, TypedDict

from certsvc.domain.endorsement import Warning
from certsvc.domain.registration import Specialty

_read: Final = json.JSONDecoder().raw_decode
"""Reads one of the texts below: each was written by text_of(), so nothing stands around it."""


class SpecialtyJSON(TypedDict):
    """Specialty."""

    name: str
    valid_from: str
    valid_to: str
    override_reason: str | None


class WarningJSON(TypedDict):
    """Warning."""

    code: str
    specialty: str
    days_left: int


def text_of(value: object) -> str:
    """Return the canonical JSON text of *value* (JSON values only)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def specialty_items(specialties: Sequence[Specialty]) -> list[SpecialtyJSON]:
    """Return specialties as JSON values."""
    return [
        SpecialtyJSON(
            name=specialty.name,
            valid_from=specialty.valid_from.isoformat(),
            valid_to=specialty.valid_to.isoformat(),
            override_reason=specialty.override_reason,
        )
        for specialty in specialties
    ]


def specialties_from(items: Sequence[SpecialtyJSON]) -> tuple[Specialty, ...]:
    """Return the specialties that JSON values tell."""
    return tuple(
        [
            Specialty(
                name=item["name"],
                valid_from=date.fromisoformat(item["valid_from"]),
                valid_to=date.fromisoformat(item["valid_to"]),
                override_reason=item["override_reason"],
            )
            for item in items
        ]
    )


def specialties_text(specialties: Sequence[Specialty]) -> str:
    """Return the specialties column of a copy."""
    return text_of(specialty_items(specialties))


def read_specialties(text: str) -> tuple[Specialty, ...]:
    """Return the specialties a copy was granted for."""
    items: list[SpecialtyJSON] = _read(text)[0]
    return specialties_from(items)


def warnings_text(warnings: Sequence[Warning]) -> str:
    """Return the warnings column of a copy."""
    return text_of(
        [
            WarningJSON(code=warning.code, specialty=warning.specialty, days_left=warning.days_left)
            for warning in warnings
        ]
    )


def read_warnings(text: str) -> tuple[Warning, ...]:
    """Return the warnings that came with a copy."""
    items: list[WarningJSON] = _read(text)[0]
    return tuple(Warning(**item) for item in items)
