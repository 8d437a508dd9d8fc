"""Every threat is held by tests that exist, and the page for readers says the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.qr import test_payload
from tests.threats.table import PAGE, Threat, page, read_table

ROWS = [row for rows in read_table().values() for row in rows]
LOOKALIKES_ASKED_FOR = 40


def _tests_in(file: str) -> Iterator[str]:
    """Yield the tests a file defines, as pytest collects them: functions of the module named so."""
    for node in ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.attempt[:40])
def test_row_is_held_by_tests_that_exist(row: Threat) -> None:
    """A test that was renamed or removed takes its promise with it."""
    assert row.held_by
    for name in row.held_by:
        file, _, test = name.partition("::")
        assert test in set(_tests_in(file)), f"{name} is gone"


def test_no_row_is_told_twice() -> None:
    """Two rows of one attempt would drift apart."""
    assert len({row.attempt for row in ROWS}) == len(ROWS) > 20


def test_page_for_readers_is_the_table() -> None:
    """Whoever reads it relies on it; ``python -m tests.threats.table`` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_enough_addresses_are_tried() -> None:
    """Each is a way somebody registered a host that people took for another."""
    assert len(set(test_payload.FOREIGN)) + len(set(test_payload.LOOKALIKE)) >= LOOKALIKES_ASKED_FOR
