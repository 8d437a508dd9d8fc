"""A table of counts: what cannot be put as calls per second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counted things under column names of their own."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
