"""The drills' own rules: what a part is, and that no worker's figures are lost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import drills
from tests.conftest import ROOT


def test_a_part_is_a_tenth_and_the_same_at_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure seen once must be met again by the next run."""
    monkeypatch.setattr(drills, "FULL", False)
    items = list(range(200))
    part = drills.some(items, "seed")

    assert len(part) == 20
    assert part == sorted(part) == drills.some(items, "seed")
    assert part != drills.some(items, "another seed")
    assert len(drills.some(items, "seed", least=30)) == 30
    assert drills.some([7], "seed", least=30) == [7]
    assert drills.some([], "seed") == []


def test_whole_means_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make test-full` must not choose."""
    monkeypatch.setattr(drills, "FULL", True)

    assert drills.some(list(range(200)), "seed") == list(range(200))


def test_figures_of_other_processes_reach_the_summary() -> None:
    """Workers of a run are processes; what they count is printed by the first one."""
    book = dict(os.environ)
    book.pop("DRILL_BOOK", None)
    drills.open_book(book)
    program = "from tests.drills import record; record({0!r}, points={1}, lost=0)"
    for name, points in (("kill b", 7), ("kill a", 41)):
        subprocess.run(
            [sys.executable, "-c", program.format(name, points)], env=book, cwd=ROOT, check=True, timeout=60
        )

    assert drills.close_book(book) == ["kill a  points 41  lost 0", "kill b  points 7  lost 0"]
    assert "DRILL_BOOK" not in book
