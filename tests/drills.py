"""Long drills: how much of one runs, and the figures it leaves in the summary of the test run.

A drill is a test with a countable subject: kill points, mutations, races. By default it takes a seeded tenth,
with DRILLS=full everything.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")
_Row: TypeAlias = tuple[str, dict[str, str], dict[str, int]]
"""Of the book: a name, figures to print, and where it is of the table of faults what that sums up."""

FULL: Final = os.environ.get("DRILLS") == "full"
"""Whether drills run whole."""
_BOOK: Final = "DRILL_BOOK"
"""Names the folder the processes of one test run write their figures into; inherited by its workers."""
HARM: Final = {
    "doubles": "doubles",
    "lost": "lost acknowledged",
    "unknown_files": "signed but unknown",
    "damaged": "damaged",
    "unsettled": "unsettled",
}
"""What a fault must never do, and how the table of faults heads it."""


def some(items: Sequence[T], seed: str, *, least: int = 1) -> list[T]:
    """Choose a tenth of *items*, the same at each run, in their order; all of them when drills run whole.

    Args:
        items: the whole subject.
        seed: what the choice depends on beside the number of items, such as the drill's name.
        least: choose so many at least, where there are so many.
    """
    count = len(items) if FULL else min(len(items), max(least, -(-len(items) // 10)))
    return [items[place] for place in sorted(random.Random(seed).sample(range(len(items)), count))]


def record(name: str, **figures: object) -> None:
    """Keep one line of figures for the end of the run: ``record("access", operations=41, refused=40)``."""
    _write(name, {key: str(value) for key, value in figures.items()}, {})


def sweep(name: str, *, tried: int, of: int, harm: Mapping[str, int], **aside: object) -> None:
    """Keep one row of the table of faults.

    Args:
        name: the drill.
        tried: points, requests or jumps at which a fault was met.
        of: how many there are when drills run whole.
        harm: what was found afterwards, by the names in HARM; what is not named was not found.
        aside: figures that tell whether the drill tested anything.
    """
    assert harm.keys() <= HARM.keys(), harm
    counts = {"tried": tried, "of": of, **{kind: harm.get(kind, 0) for kind in HARM}}
    _write(name, {key: str(value) for key, value in aside.items()}, counts)


def _write(name: str, figures: Mapping[str, str], counts: Mapping[str, int]) -> None:
    folder = os.environ.get(_BOOK)
    if folder is not None:
        with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as book:
            book.write(json.dumps([name, figures, counts]) + "\n")


def open_book(environ: MutableMapping[str, str]) -> None:
    """Begin a run: workers started after this, which inherit *environ*, write into the same book."""
    environ.setdefault(_BOOK, tempfile.mkdtemp(prefix="drills-"))


def close_book(environ: MutableMapping[str, str]) -> tuple[list[str], list[str]]:
    """End a run and forget its records; returns a line for each, by name, and the table of faults."""
    folder = Path(environ.pop(_BOOK))
    rows: list[_Row] = []
    for page in folder.iterdir():
        rows += [tuple(json.loads(line)) for line in page.read_text(encoding="utf-8").splitlines()]
        page.unlink()
    folder.rmdir()
    rows.sort(key=lambda row: row[0])
    plain = [(name, figures) for name, figures, counts in rows if not counts]
    width = max((len(name) for name, _ in plain), default=0)
    lines = [f"{name:<{width}}  {_told(figures)}" for name, figures in plain]
    return lines, _table([row for row in rows if row[2]])


def _told(figures: Mapping[str, str]) -> str:
    return "  ".join(f"{key.replace('_', ' ')} {value}" for key, value in figures.items())


def _table(rows: Sequence[_Row]) -> list[str]:
    """Lay out the rows of faults, their sum last; nothing where there are none."""
    if not rows:
        return []
    heads = {"tried": "tried", "of": "of", **HARM}
    together = {key: sum(counts[key] for _, _, counts in rows) for key in heads}
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{'':<{width}}  " + "  ".join(f"{head:>5}" for head in heads.values())]
    for name, figures, counts in (*rows, ("together", {}, together)):
        cells = "  ".join(f"{counts[key]:>{max(5, len(head))}}" for key, head in heads.items())
        lines.append(f"{name:<{width}}  {cells}  {_told(figures)}".rstrip())
    return lines
