"""``make bench-check``: a fresh run against the figures of floor.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from bench.baselines import FLOOR, NAIVE
from bench.report import amount, quotient
from bench.row import Measured

FILE: Final = Path(__file__).with_name("floor.toml")
Of = Literal["naive", "reference", "floor", "rate", "in all", "p99", "memory", "row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line of the file."""

    row: str
    of: Of
    """What of the row: its ratio to the naive way, to its reference or to another ``row``; its share of the
    floor; its rate per core or in all; its p99 in seconds, its memory in bytes."""
    at_least: float | None = None
    at_most: float | None = None
    other: str | None = None
    """The other row, with of = "row"."""


def read_wanted(path: Path = FILE) -> list[Wanted]:
    """Read the file.

    Raises:
        ValueError: a line is not as it must be.
    """
    lines = [Wanted(**line) for line in tomllib.loads(path.read_text(encoding="utf-8"))["floor"]]
    for line in lines:
        if line.of not in get_args(Of) or (line.at_least is None) == (line.at_most is None):
            raise ValueError(f"floor.toml: {line} cannot be checked")
        if (line.of == "row") != (line.other is not None):
            raise ValueError(f"floor.toml: {line} needs the other row, and only then")
    return lines


def failures(measured: Sequence[Measured], wanted: Sequence[Wanted]) -> list[str]:
    """Return a sentence for each figure that is not reached, or that the run does not have."""
    rows = {one.row.name: one for one in measured}
    rates = {name: one.rate for name, one in rows.items()}
    told = []
    for line in wanted:
        bound = f"≥ {line.at_least:g}" if line.at_least is not None else f"≤ {line.at_most:g}"
        what = f"{line.row}: {line.of}{f' of {line.other}' if line.other else ''} {bound}"
        value = _value(line, rows, rates)
        if value is None:
            told.append(f"{what}: not measured")
        elif not _holds(line, value):
            told.append(f"{what}: {amount(value)}")
    return told


def _holds(line: Wanted, value: float) -> bool:
    if line.at_least is not None:
        return value >= line.at_least
    return line.at_most is not None and value <= line.at_most


def _value(line: Wanted, rows: Mapping[str, Measured], rates: Mapping[str, float]) -> float | None:
    one = rows.get(line.row)
    if one is None:
        return None
    references: Mapping[Of, str | None] = {
        "naive": NAIVE.get(line.row),
        "floor": FLOOR.get(line.row),
        "reference": one.row.reference,
    }
    if line.of in references:
        return quotient(one, references[line.of], rates)
    if line.of == "row":
        other = rows.get(line.other or "")
        return one.in_all / other.in_all if one.in_all and other is not None and other.in_all else None
    return {"rate": one.rate, "in all": one.in_all, "p99": one.percentile(99), "memory": one.peak_bytes}[
        line.of
    ]
