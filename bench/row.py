"""A row of the benchmark: what is measured, what is included, beside what it is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn of a row took; rows of a group take turns, so that noise hits all of them."""

    calls: int
    cpu_s: float
    """Processor time of all calls together: what ``openssl speed`` divides by too."""
    walls_s: tuple[float, ...] = ()
    """Each call by the wall clock; empty for a program that tells only its sum."""
    wall_s: float | None = None
    """The whole turn by the wall clock, where several processes work at once."""
    peak_bytes: int | None = None
    """The most memory one of those processes held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a figure was meant to reach."""

    at_least: float
    of: Literal["rate", "ratio", "in all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row before it is measured."""

    name: str
    includes: str
    """What one call does, in words."""
    turn: Callable[[float], Turn]
    """Runs it for about so many seconds."""
    reference: str | None = None
    """Name of the row its rate is divided by."""
    aim: Aim | None = None
    durable: bool = False
    """What a call made is on the disk when it ends: how long the disk takes stands beside it."""
    most_turns: int | None = None
    """Turns of a row that takes minutes; None for as many as others."""
    unit: str = "/s"
    amount: float = 1.0
    """Units one call makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row with its turns."""

    row: Row
    turns: Sequence[Turn]

    @property
    def rate(self) -> float:
        """Units per second of one core: the median of the turns, which one disturbed turn does not move."""
        return self.row.amount * median(turn.calls / turn.cpu_s for turn in self.turns)

    @property
    def in_all(self) -> float | None:
        """Units per second of all processes together, by the wall clock; None where one does everything."""
        walls = [turn.calls / turn.wall_s for turn in self.turns if turn.wall_s is not None]
        return self.row.amount * median(walls) if walls else None

    @property
    def peak_bytes(self) -> int | None:
        """The most memory one of several processes held."""
        return max((turn.peak_bytes for turn in self.turns if turn.peak_bytes is not None), default=None)

    @property
    def calls(self) -> int:
        """Calls measured."""
        return sum(turn.calls for turn in self.turns)

    def percentile(self, percent: float) -> float | None:
        """Return the nearest-rank percentile of a call's wall time in seconds; None when it is not known."""
        walls = sorted(wall for turn in self.turns for wall in turn.walls_s)
        return walls[max(math.ceil(len(walls) * percent / 100), 1) - 1] if walls else None
