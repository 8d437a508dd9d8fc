"""``python -m bench``: measure, print one table, write bench/results.md."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from bench.chart import chart_of
from bench.check import failures, read_wanted
from bench.machine import fsync_s, machine_facts
from bench.measure import QUICK, WHOLE, measure, pin
from bench.report import COLUMNS, Groups, cells, duration, markdown, rates_of
from bench.row import Measured
from bench.rows import Group, groups
from bench.serving import peak_bytes
from bench.stage import Stage
from bench.tally import Tally
from certsvc.cli.show import print_facts, print_table

RESULTS: Final = Path(__file__).with_name("results.md")
CHART: Final = Path(__file__).resolve().parent.parent / "docs" / "images" / "benchmark.svg"
Results = tuple[list[tuple[str, list[Measured]]], list[tuple[str, Tally]]]
"""Measured groups and tallies, each with its title."""
NOTES: Final = (
    "Per core: calls per second of processor time, the median of the turns; `openssl speed` divides by "
    "processor time as well. In all: what two processes on two cores did per second by the wall clock. "
    "p50 and p99: one call by the wall clock.",
    "× naive: times the libraries used as their documentation shows (bench/naive.py). Of floor: share of "
    "what nobody can leave out, one signature and the hash of the file. Memory: the most one process held.",
    "Not measured in this run: ofdrw 2.4.0. Measured elsewhere in 2026-11, warm, one core, a page of the "
    "same kind: 75 to 94 documents per second generated and sealed, 88 to 129 validated.",
)


@click.command()
@click.option("--quick", is_flag=True, help="Run each row for a moment: shows that it runs, not how fast.")
@click.option("--only", multiple=True, metavar="GROUP", help="Only this group; may be given again.")
@click.option("--check", is_flag=True, help="Compare with bench/floor.toml, write nothing.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the table; bench/results.md for a whole run, else nowhere.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where to work, as durable rows are as fast as its disk; a temporary folder when left out.",
)
def main(quick: bool, only: tuple[str, ...], check: bool, out: Path | None, folder: Path | None) -> None:
    """Measure certsvc on one core, and its server on two."""
    chosen = [group for group in groups() if not only or group.name in only]
    if unknown := set(only) - {group.name for group in chosen}:
        raise click.UsageError(f"no group {', '.join(sorted(unknown))}")
    core = pin()
    facts = dict(machine_facts(core))
    with TemporaryDirectory(dir=folder) as place, ExitStack() as exits:
        stage = Stage(Path(place))
        exits.enter_context(stage.exits)
        fsync = fsync_s(Path(place))
        results, tallies = _measured(chosen, stage, quick, only)
    facts["fsync of 4 KB"] = f"{duration(fsync[0])}, p99 {duration(fsync[1])}"
    facts["memory"] = f"{peak_bytes(os.getpid()) / 1e6:,.0f} MB at most in the process that measures"
    _print(facts, results, tallies, fsync[0])
    if check:
        _check(results)
        return
    whole = not quick and not only
    if out is None and whole:
        out = RESULTS
    if out is not None:
        out.write_text(markdown(facts, results, tallies, NOTES, fsync[0]), encoding="utf-8")
        click.echo(f"written to {out.name}", err=True)
    if whole:
        CHART.write_text(chart_of(facts, results), encoding="utf-8")
        click.echo(f"written to {CHART.name}", err=True)


def _measured(chosen: Sequence[Group], stage: Stage, quick: bool, only: Collection[str]) -> Results:
    results: list[tuple[str, list[Measured]]] = []
    tallies: list[tuple[str, Tally]] = []
    for group in chosen:
        if quick and group.heavy is not None and group.name not in only:
            click.echo(f"passed over in a quick run: {group.name} ({group.heavy})", err=True)
            continue
        click.echo(f"measuring: {group.title}", err=True)
        if group.rows is not None:
            results.append((group.title, measure(group.rows(stage), QUICK if quick else WHOLE)))
        if group.tally is not None:
            tallies.append((group.title, group.tally(stage, quick=quick)))
    return results, tallies


def _print(
    facts: Mapping[str, str], results: Groups, tallies: Sequence[tuple[str, Tally]], fsync: float
) -> None:
    print_facts(facts)
    rates = rates_of(results)
    if results:
        print_table(COLUMNS, (cells(one, rates, fsync) for _, rows in results for one in rows))
    for title, tally in tallies:
        click.echo(title)
        print_table(tally.columns, tally.rows)
    for note in NOTES:
        click.echo(note)


def _check(results: Groups) -> None:
    """End with 1 when a figure of floor.toml is not reached."""
    wanted = read_wanted()
    told = failures([one for _, rows in results for one in rows], wanted)
    for sentence in told:
        click.echo(f"NOT REACHED  {sentence}", err=True)
    click.echo(f"{len(wanted) - len(told)} of {len(wanted)} figures of floor.toml reached")
    if told:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
