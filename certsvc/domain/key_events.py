"""What happened to our keys: told to whoever keeps a record of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent:
    """Something that happened to one of our keys; there is nothing secret in it."""

    action: Literal["rotate", "retire", "compromise"]
    """``rotate``: it was added, and follows those before it."""
    key_id: str
    at: datetime
    """When it was done."""
    since: datetime
    """From when on it counts: it signs, it signs no more, or it is not to be trusted."""
