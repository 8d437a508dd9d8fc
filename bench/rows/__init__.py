"""The rows. A module put into this folder is a group of the table; nothing else has to know of it.

Each has TITLE, PLACE (its rank in the table), and ``rows(stage)`` to be measured or
``tally(stage, quick=...)``, which counts by itself; HEAVY says why a quick run is to pass it over.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.row import Row
from bench.stage import Stage
from bench.tally import Tally


class Count(Protocol):
    """Counts, once."""

    def __call__(self, stage: Stage, *, quick: bool) -> Tally:
        """Return the table; with *quick* of a few subjects only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that take turns with each other, or a tally."""

    name: str
    """The module's."""
    title: str
    place: int
    rows: Callable[[Stage], Sequence[Row]] | None = None
    tally: Count | None = None
    heavy: str | None = None
    """What makes it too long for a quick run; such a run passes it over unless it is named."""


def groups() -> list[Group]:
    """Return every group in the order of the table."""
    found = []
    for entry in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{entry.name}")
        found.append(
            Group(
                name=entry.name,
                title=module.TITLE,
                place=module.PLACE,
                rows=getattr(module, "rows", None),
                tally=getattr(module, "tally", None),
                heavy=getattr(module, "HEAVY", None),
            )
        )
    return sorted(found, key=lambda group: group.place)
