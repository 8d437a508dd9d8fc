"""What ``doctor`` says of one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing looked at."""

    part: str
    state: Literal["ok", "warn", "fail"]
    fact: str
    remedy: str = ""
