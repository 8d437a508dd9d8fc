"""The benchmark as it is run, each row for a moment: nothing is asserted about speed."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from bench.baselines import FLOOR, NAIVE
from bench.photographs import CLASSES, STRENGTHS
from bench.report import COLUMNS
from bench.rows import groups

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results.md"

Rows = dict[str, dict[str, str]]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run every row; a process of its own, since the benchmark keeps to one core."""
    out = tmp_path_factory.mktemp("bench") / "results.md"
    ended = _run("--quick", "--out", str(out))
    assert ended.returncode == 0, ended.stderr
    for group in groups():
        # What is left out is said, with the reason.
        assert (f"passed over in a quick run: {group.name} ({group.heavy})" in ended.stderr) == bool(
            group.heavy
        )
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows(document: str) -> Rows:
    """Read the tables of the document: by row, the cells by column."""
    found: Rows = {}
    columns: list[str] = []
    for line in document.splitlines():
        if line.startswith("## "):
            columns = []
        if not line.startswith("| "):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "row":
            columns = cells
            assert columns == list(COLUMNS)
        elif columns:
            assert cells[0] not in found
            found[cells[0]] = dict(zip(columns, cells, strict=True))
    return found


def _rate(cell: str) -> float:
    return float(cell.partition("/")[0].split()[0].replace(",", ""))


def test_every_row_has_figures_and_says_what_they_include(rows: Rows) -> None:
    """A rate without what is in it says nothing."""
    assert len(rows) >= 15
    for row in rows.values():
        assert _rate(row["per core"]) > 0
        assert int(row["calls"].replace(",", "")) >= 1
        assert len(row["one call includes"]) > 10


def test_ratios_are_quotients_of_rows_of_the_same_run(rows: Rows) -> None:
    """Figures of another day or machine are no reference."""
    compared = {name: row["ratio"].split(" × ") for name, row in rows.items() if row["ratio"]}

    assert len(compared) >= 5
    for name, (ratio, reference) in compared.items():
        quotient = _rate(rows[name]["per core"]) / _rate(rows[reference]["per core"])
        # Both are shown rounded to three digits.
        assert float(ratio) == pytest.approx(quotient, rel=0.02, abs=0.006)


def test_every_row_of_a_sealed_pdf_stands_beside_the_naive_way(rows: Rows) -> None:
    """Whoever renames a row must not lose its ratio without noticing."""
    naive = {name: row for name, row in rows.items() if row["× naive"]}

    assert set(naive) == {name for name in NAIVE if name in rows} and len(naive) >= 3
    for name, row in naive.items():
        quotient = _rate(row["per core"]) / _rate(rows[NAIVE[name]]["per core"])
        assert _rate(row["× naive"]) == pytest.approx(quotient, rel=0.02, abs=0.006)
    assert all(bool(row["of floor"]) == (FLOOR.get(name) in rows) for name, row in rows.items())


def test_aims_of_the_issue_stand_beside_their_figures(rows: Rows) -> None:
    """What was promised is checked where it is measured."""
    aims = {name: row["aim"] for name, row in rows.items() if row["aim"]}

    assert aims["SM2 sign, unchecked"].startswith("≥ 2 ×: ")
    assert aims["OFD generate + seal"].startswith("≥ 1,000/s: ")
    assert aims["PDF verify, as issued"].startswith("≥ 20 ×: ")
    assert aims["PDF check"].startswith("≥ 20 ×: ")


def test_photographs_are_counted_class_by_class_the_bad_ones_too(document: str) -> None:
    """A rate over all classes hides the one that is never read; a wrong payload is worse than none."""
    lines = document.partition("## Photographs")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    columns, *found = cells
    told = {row[0]: dict(zip(columns, row, strict=True)) for row in found}

    assert list(told) == [*CLASSES, "all"]
    assert {row["wrong payload"] for row in told.values()} == {"0"}
    assert sum(row["read"].startswith("1 of 1 ") for row in told.values()) >= 9
    assert told["all"]["strength"].startswith("aim ≥ 90%: ")
    assert all(told[kind]["strength"] == STRENGTHS[kind] for kind in CLASSES)


def test_document_tells_the_machine_but_not_its_name(document: str) -> None:
    """Figures need their machine; nobody needs to know whose it is."""
    for fact in ("processor", "Python", "OpenSSL", "load before"):
        assert f"| {fact} | " in document
    assert "Not measured in this run: ofdrw" in document
    assert platform.node() not in document


def test_a_quick_run_keeps_the_results_of_a_whole_one() -> None:
    """Figures of a moment must not take the place of measured ones."""
    before = RESULTS.read_bytes() if RESULTS.exists() else None

    ended = _run("--quick", "--only", "hashes")

    assert ended.returncode == 0, ended.stderr
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before


def test_unknown_group_is_refused() -> None:
    """A misspelt name must not measure nothing and look like a result."""
    ended = _run("--quick", "--only", "nothing")

    assert ended.returncode == 2
    assert "no group nothing" in ended.stderr
