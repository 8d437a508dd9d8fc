"""The machine-readable vectors of the rule book, ``vectors.json``, typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

_TABLE: Final[dict[str, object]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)


def texts(key: str) -> list[str]:
    """Return a list of texts."""
    value = _TABLE[key]
    assert isinstance(value, list)
    assert value, "an empty list would test nothing"
    return [str(item) for item in value]


def text(key: str) -> str:
    """Return one text."""
    value = _TABLE[key]
    assert isinstance(value, str)
    return value


def rows(key: str) -> list[list[str | None]]:
    """Return a list of rows."""
    value = _TABLE[key]
    assert isinstance(value, list)
    assert value, "an empty list would test nothing"
    return value


def mapping(key: str) -> dict[str, str]:
    """Return a table of text to text."""
    value = _TABLE[key]
    assert isinstance(value, dict)
    return value
