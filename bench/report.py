"""The table: for the terminal and for bench/results.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.baselines import FLOOR, NAIVE
from bench.row import Measured
from bench.tally import Tally

COLUMNS: Final = (
    *("row", "per core", "in all", "p50", "p99", "× naive", "ratio", "of floor", "memory", "fsync"),
    *("aim", "calls", "one call includes"),
)

Groups = Sequence[tuple[str, Sequence[Measured]]]
"""Titles with their rows."""


def cells(one: Measured, rates: Mapping[str, float], fsync_s: float | None = None) -> tuple[str, ...]:
    """Return what the table shows of one row.

    Args:
        one: the row.
        rates: the rates of all rows of the run, by name.
        fsync_s: what keeping 4 KB takes here, for rows whose work is durable.
    """
    row, name = one.row, one.row.name
    ratio = quotient(one, row.reference, rates)
    naive, floor = (quotient(one, table.get(name), rates) for table in (NAIVE, FLOOR))
    unit = f" {row.unit}" if row.unit != "/s" else "/s"
    return (
        name,
        f"{amount(one.rate)}{unit}",
        f"{amount(one.in_all)}{unit}" if one.in_all is not None else "",
        duration(one.percentile(50)),
        duration(one.percentile(99)),
        f"{amount(naive)} ×" if naive is not None else "",
        f"{ratio:.2f} × {row.reference}" if ratio is not None else "",
        f"{floor:.1%}" if floor is not None else "",
        f"{one.peak_bytes / 1e6:,.0f} MB" if one.peak_bytes is not None else "",
        duration(fsync_s) if row.durable else "",
        _aim(one, ratio),
        f"{one.calls:,}",
        row.includes,
    )


def quotient(one: Measured, reference: str | None, rates: Mapping[str, float]) -> float | None:
    """Return a row's rate divided by another's of the same run; None when there is no such row in it."""
    rate = rates.get(reference) if reference is not None else None
    return one.rate / rate if rate is not None else None


def _aim(one: Measured, ratio: float | None) -> str:
    """Tell the aim and whether it was met."""
    aim = one.row.aim
    if aim is None:
        return ""
    reached = {"ratio": ratio, "rate": one.rate, "in all": one.in_all}[aim.of]
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
    facts: Mapping[str, str],
    groups: Groups,
    tallies: Sequence[tuple[str, Tally]],
    notes: Sequence[str],
    fsync_s: float | None = None,
) -> str:
    """Return the whole document; arguments as the parts take them."""
    rates = rates_of(groups)
    lines = ["# Benchmark", "", "Written by `make bench`; docs/benchmark.md tells how to read it.", ""]
    lines += ["| machine | |", "|---|---|", *(f"| {name} | {fact} |" for name, fact in facts.items())]
    for title, rows in groups:
        lines += _table(title, COLUMNS, [cells(one, rates, fsync_s) for one in rows])
    for title, tally in tallies:
        lines += _table(title, tally.columns, tally.rows)
    lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    heads = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return ["", f"## {title}", "", *heads, *(f"| {' | '.join(row)} |" for row in rows)]
