"""Long files of tests come first, and nothing else is moved."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from tests import schedule
from tests.conftest import ROOT


class _Item:
    """As much of a test as is looked at."""

    def __init__(self, file: str, name: str) -> None:
        self.path = ROOT / file
        self.name = name


def test_long_files_come_first_and_the_rest_stays_in_its_order() -> None:
    """What a file's tests make for one another would be made twice, were they torn apart."""
    longest, long, *_ = sorted(schedule.LONG, key=lambda file: -schedule.LONG[file])
    short = ["tests/test_config.py", "tests/domain/test_clock.py"]
    given = [_Item(file, name) for file in (*short, long, longest) for name in ("b", "a")]

    schedule.put_long_ones_first(cast(list[pytest.Item], given), ROOT)

    order = [(str(item.path.relative_to(ROOT)), item.name) for item in given]
    assert order == [(file, name) for file in (longest, long, *short) for name in ("b", "a")]


def test_every_long_file_is_there() -> None:
    """A file that was renamed would be begun last again."""
    assert [file for file in schedule.LONG if not Path(ROOT / file).is_file()] == []


def test_the_workers_scheduler_keeps_the_order() -> None:
    """By itself it would begin the files with few tests last, and those are the long ones."""
    assert "--dist loadfile --no-loadscope-reorder" in (ROOT / "Makefile").read_text("utf-8")
