"""What happened to our keys: told to whoever keeps a record of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeyEventType(StrEnum):
    """What happened."""

    ADDED = "added"
    """It is known from now on, and signs from ``effective_at`` on."""
    RETIRED = "retired"
    """It signs nothing more from ``effective_at`` on; what it signed stays good."""
    COMPROMISED = "compromised"
    """It signs nothing more, and what it signed from ``effective_at`` on is not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent:
    """One change of one key; there is nothing secret in it."""

    type: KeyEventType
    key_id: str
    use: str
    """``seal``, ``offline``, ``receipt``, ``trust`` or ``log``."""
    certificate_sha256: str
    """Hex."""
    recorded_at: datetime
    effective_at: datetime
