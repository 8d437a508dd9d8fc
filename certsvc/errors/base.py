"""What every error has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field of a request, and what to do, without personal data."""

    pointer: str  # JSON pointer (RFC 6901), e.g. ``/holder/name``; empty for the whole body
    zh: str
    en: str


class CertsvcError(Exception):
    """Root of everything raised on purpose."""

    code: ClassVar[str] = "UNAVAILABLE"  # stable name for API clients

    def __init__(self, note: str = "") -> None:
        super().__init__(note or self.code)
        self.note = note
