"""Long drills: how much of one runs, and the figures it leaves in the summary of the test run.

A drill is a test with a countable subject: kill points, mutations, races. By default it takes a seeded tenth,
with DRILLS=full everything.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

FULL: Final = os.environ.get("DRILLS") == "full"
"""Whether drills run whole."""
_BOOK: Final = "DRILL_BOOK"
"""Names the folder the processes of one test run write their figures into; inherited by its workers."""


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
    """Keep one line of figures for the end of the run: ``record("kill endorse", points=41, doubles=0)``."""
    folder = os.environ.get(_BOOK)
    if folder is not None:
        with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as book:
            book.write(json.dumps([name, {key: str(value) for key, value in figures.items()}]) + "\n")


def open_book(environ: MutableMapping[str, str]) -> None:
    """Begin a run: workers started after this, which inherit *environ*, write into the same book."""
    environ.setdefault(_BOOK, tempfile.mkdtemp(prefix="drills-"))


def close_book(environ: MutableMapping[str, str]) -> list[str]:
    """End a run; returns one line for each record, by name, and forgets them."""
    folder = Path(environ.pop(_BOOK))
    rows: list[tuple[str, dict[str, str]]] = []
    for page in folder.iterdir():
        rows += [tuple(json.loads(line)) for line in page.read_text(encoding="utf-8").splitlines()]
        page.unlink()
    folder.rmdir()
    width = max((len(name) for name, _ in rows), default=0)
    return [
        f"{name:<{width}}  " + "  ".join(f"{key.replace('_', ' ')} {value}" for key, value in figures.items())
        for name, figures in sorted(rows, key=lambda row: row[0])
    ]
