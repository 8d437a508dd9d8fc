"""What an audit says: defects, each with a stable code and a place, and what it could not check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certsvc.domain.text import Text
from certsvc.domain.texts_audit import DEFECTS, UNCHECKED

_MOST: Final = 120
"""Characters of a name that somebody may have put there by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One thing that is not as it must be. It names rows and files by their ids, and no person."""

    code: str
    """Stable; see domain/texts_audit.py."""
    kind: str
    """What *id* is an id of: ``copy``, ``registration``, ``pack``, or the name of a table."""
    id: str
    form: str = ""
    """``pdf`` or ``ofd`` when it is about one file of a copy."""
    detail: str = ""
    """Names of fields, numbers, days; never a value that tells of a person."""

    def __post_init__(self) -> None:
        DEFECTS[self.code]

    @property
    def says(self) -> Text:
        """What it means."""
        return DEFECTS[self.code].says

    @property
    def remedy(self) -> Text:
        """What to do about it."""
        return DEFECTS[self.code].remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """Something the audit could not check; never to be read as sound, nor as a defect."""

    code: str
    detail: str = ""

    @property
    def says(self) -> Text:
        """What was not checked, and what to do so that it can be."""
        return UNCHECKED[self.code]


Finding = Defect | Unchecked


def plain(value: object) -> str:
    """Return a value of a row fit to be shown: printable, and not endless."""
    text = value.hex() if isinstance(value, bytes) else str(value)
    shown = "".join(char if char.isprintable() else "?" for char in text[:_MOST])
    return shown if len(text) <= _MOST else f"{shown}..."


def joined(names: Sequence[object]) -> str:
    """Return several names as one detail."""
    return ", ".join(str(name) for name in names)
