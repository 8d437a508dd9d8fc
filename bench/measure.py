"""Measuring: one core, warmed up, garbage collector on, the rows of a group in turns."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Final, TypeVar

from bench.row import Measured, Row, Turn

T = TypeVar("T")

_BATCH_S: Final = 0.01
"""Calls timed between two looks at the processor clock, whose own cost must not show."""
_LARGEST_BATCH: Final = 256
_WITH_SUBJECTS: Final = 1.5
"""A turn ends after this many times its length even if making the subjects left less to measure: where a call
takes a tenth of what its subject takes, hundreds of calls are still in it."""
_WARM_UP: Final = 0.2
"""Share of a turn that warms up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure."""

    turns: int
    turn_s: float
    warm_up: bool = True
    """Whether each row has a turn before that does not count."""


WHOLE: Final = Effort(turns=9, turn_s=0.5)
QUICK: Final = Effort(turns=1, turn_s=0.01, warm_up=False)


def pin() -> int | None:
    """Keep this process, and the programs it starts, on its last core; None where that cannot be done."""
    try:
        core = max(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
    except (AttributeError, OSError):
        return None
    return core


def timed(prepare: Callable[[], T], call: Callable[[T], object]) -> Callable[[float], Turn]:
    """Return what times *call*, each time on something *prepare* made freshly and outside the time.

    A document is thus never measured on what an earlier document left in a cache, except for what all
    documents share.
    """

    def turn(seconds: float) -> Turn:
        walls: list[float] = []
        cpu, batch = 0.0, 1
        begun = perf_counter()
        while not walls or (sum(walls) < seconds and perf_counter() - begun < _WITH_SUBJECTS * seconds):
            subjects = [prepare() for _ in range(batch)]
            started = process_time()
            for subject in subjects:
                before = perf_counter()
                call(subject)
                walls.append(perf_counter() - before)
            cpu += process_time() - started
            batch = min(max(round(_BATCH_S * len(walls) / sum(walls)), 1), _LARGEST_BATCH)
        return Turn(calls=len(walls), cpu_s=cpu, walls_s=tuple(walls))

    return turn


def measure(rows: Sequence[Row], effort: Effort) -> list[Measured]:
    """Measure the rows of a group in turns."""
    turns: dict[str, list[Turn]] = {row.name: [] for row in rows}
    for row in rows if effort.warm_up else ():
        if row.most_turns is None:
            row.turn(_WARM_UP * effort.turn_s)
    for number in range(effort.turns):
        # Every other time backwards: no row always follows the same one.
        for row in rows if number % 2 == 0 else reversed(rows):
            if row.most_turns is not None and number >= row.most_turns:
                continue
            # What the row before left is not this row's to clear away.
            gc.collect()
            turns[row.name].append(row.turn(effort.turn_s))
    return [Measured(row=row, turns=turns[row.name]) for row in rows]
