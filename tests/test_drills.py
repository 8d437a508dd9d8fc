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
    program = "from tests.drills import record, sweep; {0}"
    for call in (
        "record('races', rounds=7, both_won=0)",
        "record('access', refused=41)",
        "sweep('kill in b', tried=10, of=100, harm={'lost': 2, 'unsettled': 1}, heard_before=3)",
        "sweep('a full disk', tried=4, of=4, harm={'unknown_files': 1})",
    ):
        subprocess.run(
            [sys.executable, "-c", program.format(call)], env=book, cwd=ROOT, check=True, timeout=60
        )

    lines, table = drills.close_book(book)

    assert lines == ["access  refused 41", "races   rounds 7  both won 0"]
    assert table == [
        "             tried     of  doubles  lost acknowledged  signed but unknown  damaged  unsettled",
        "a full disk      4      4        0                  0                   1        0          0",
        "kill in b       10    100        0                  2                   0        0          1"
        "  heard before 3",
        "together        14    104        0                  2                   1        0          1",
    ]
    assert "DRILL_BOOK" not in book


def test_harm_of_another_name_is_not_left_out_of_the_table() -> None:
    """A count that no column shows would be a loss nobody reads of."""
    with pytest.raises(AssertionError):
        drills.sweep("a drill", tried=1, of=1, harm={"forgotten": 1})


def test_without_drills_of_faults_there_is_no_table() -> None:
    """A run of other tests prints no empty one."""
    book = dict(os.environ)
    book.pop("DRILL_BOOK", None)
    drills.open_book(book)

    assert drills.close_book(book) == ([], [])
