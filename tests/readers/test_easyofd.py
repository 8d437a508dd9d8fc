"""PyPI's easyofd opens our OFD files and finds the text of every field."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.readers.cases import HOLDINGS, Certificate

READS = Path(__file__).with_name("easyofd_reads.py")


@pytest.fixture(scope="module")
def found(
    certificates: dict[str, Certificate], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """Let easyofd read all files in one process of its own: it takes seconds to start and warns of fonts."""
    folder = tmp_path_factory.mktemp("easyofd")
    subprocess.run(
        [sys.executable, "-W", "ignore", READS, "found.json", *(each.ofd for each in certificates.values())],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=120,
    )
    return dict(zip(certificates, json.loads((folder / "found.json").read_text("utf-8")), strict=True))


@pytest.mark.parametrize("case", HOLDINGS)
def test_every_field_is_found(
    case: str, found: dict[str, dict[str, Any]], certificates: dict[str, Certificate]
) -> None:
    """A platform that reads OFD with this package gets what the register holds."""
    rows = certificates[case].rows
    labels = {label for label, _ in rows}
    # It sorts what it finds by height, and a label beside a wrapped value stands between its lines.
    pieces = ["".join(piece.split()) for piece in found[case]["texts"] if piece not in labels]
    text = "".join(pieces)

    assert [mark for mark in certificates[case].marks if mark not in text] == []
    assert [value for _, value in rows if value not in text] == []


@pytest.mark.parametrize("case", HOLDINGS)
def test_page_pictures_and_seal_are_found(case: str, found: dict[str, dict[str, Any]]) -> None:
    """It goes another way through the package than ofd.js: by the names of files."""
    read = found[case]

    assert read["size"] == [0, 0, 210, 297]
    assert read["pictures"] == 2
    assert read["fonts"] >= 2
    ((boundary, has_value),) = read["seals"]
    assert boundary.split()[2:] == ["38", "38"]
    assert has_value
