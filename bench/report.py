"""The table: for the terminal and for bench/results.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.row import Measured
from bench.tally import Tally

COLUMNS: Final = ("row", "per core", "p50", "p99", "ratio", "aim", "calls", "one call includes")

Groups = Sequence[tuple[str, Sequence[Measured]]]
"""Titles with their rows."""


def cells(one: Measured, rates: Mapping[str, float]) -> tuple[str, ...]:
    """Return what the table shows of one row.

    Args:
        one: the row.
        rates: the rates of all rows of the run, by name.
    """
    row = one.row
    reference = rates.get(row.reference) if row.reference is not None else None
    ratio = one.rate / reference if reference is not None else None
    return (
        row.name,
        f"{amount(one.rate)} {row.unit}" if row.unit != "/s" else f"{amount(one.rate)}/s",
        duration(one.percentile(50)),
        duration(one.percentile(99)),
        f"{ratio:.2f} × {row.reference}" if ratio is not None else "",
        _aim(one, ratio),
        f"{one.calls:,}",
        row.includes,
    )


def _aim(one: Measured, ratio: float | None) -> str:
    """Tell the aim and whether it was met."""
    aim = one.row.aim
    if aim is None:
        return ""
    reached = ratio if aim.of == "ratio" else one.rate
    if reached is None:
        return "not measured"
    wanted = f"{aim.at_least:g} ×" if aim.of == "ratio" else f"{aim.at_least:,.0f}/s"
    return f"≥ {wanted}: {'met' if reached >= aim.at_least else 'NOT MET'}"


def amount(value: float) -> str:
    """Return a figure with three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(seconds: float | None) -> str:
    """Return a time in µs, ms or s."""
    if seconds is None:
        return "–"
    micros = seconds * 1e6
    if micros < 1000:
        return f"{micros:.3g} µs"
    return f"{micros / 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def rates_of(groups: Groups) -> dict[str, float]:
    """Return the rate of each row by its name."""
    return {one.row.name: one.rate for _, rows in groups for one in rows}


def markdown(
    facts: Mapping[str, str], groups: Groups, tallies: Sequence[tuple[str, Tally]], notes: Sequence[str]
) -> str:
    """Return the whole document."""
    rates = rates_of(groups)
    lines = ["# Benchmark", "", "Written by `make bench`; docs/benchmark.md tells how to read it.", ""]
    lines += ["| machine | |", "|---|---|", *(f"| {name} | {fact} |" for name, fact in facts.items())]
    for title, rows in groups:
        lines += _table(title, COLUMNS, [cells(one, rates) for one in rows])
    for title, tally in tallies:
        lines += _table(title, tally.columns, tally.rows)
    lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    heads = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return ["", f"## {title}", "", *heads, *(f"| {' | '.join(row)} |" for row in rows)]
