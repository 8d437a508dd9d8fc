"""In which order the files of tests are handed out: the long ones first.

A worker of a run takes a whole file at a time, so that what the file needs is made once. Were a long one
begun last, the other workers would end and wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

LONG: Final = {
    "tests/flows/test_race.py": 29,
}
"""Seconds of processor time, of those above three; the rest is short, and follows as it was found."""


def put_long_ones_first(items: list[pytest.Item], root: Path) -> None:
    """Order *items* by what their files cost; the tests of a file, and the short files, stay as they are."""
    items.sort(key=lambda item: -LONG.get(str(item.path.relative_to(root)), 0))
