"""``python -m bench``: measure, print one table, write bench/results.md."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from bench.machine import machine_facts
from bench.measure import QUICK, WHOLE, measure, pin
from bench.report import COLUMNS, cells, markdown, rates_of
from bench.row import Measured
from bench.rows import groups
from bench.stage import Stage
from bench.tally import Tally
from certsvc.cli.show import print_facts, print_table

RESULTS: Final = Path(__file__).with_name("results.md")
NOTES: Final = (
    "Per core: calls per second of processor time, the median of the turns; `openssl speed` divides by "
    "processor time as well. p50 and p99: one call by the wall clock.",
    "Not measured in this run: ofdrw 2.4.0. Measured elsewhere in 2026-11, warm, one core, a page of the "
    "same kind: 75 to 94 documents per second generated and sealed, 88 to 129 validated.",
)


@click.command()
@click.option("--quick", is_flag=True, help="Run each row for a moment: shows that it runs, not how fast.")
@click.option("--only", multiple=True, metavar="GROUP", help="Only this group; may be given again.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the table; bench/results.md for a whole run, else nowhere.",
)
def main(quick: bool, only: tuple[str, ...], out: Path | None) -> None:
    """Measure certsvc on one core."""
    chosen = [group for group in groups() if not only or group.name in only]
    if unknown := set(only) - {group.name for group in chosen}:
        raise click.UsageError(f"no group {', '.join(sorted(unknown))}")
    core = pin()
    facts = machine_facts(core)
    results: list[tuple[str, list[Measured]]] = []
    tallies: list[tuple[str, Tally]] = []
    with TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        for group in chosen:
            click.echo(f"measuring: {group.title}", err=True)
            if group.rows is not None:
                results.append((group.title, measure(group.rows(stage), QUICK if quick else WHOLE)))
            if group.tally is not None:
                tallies.append((group.title, group.tally(stage, quick=quick)))
    print_facts(facts)
    rates = rates_of(results)
    if results:
        print_table(COLUMNS, (cells(one, rates) for _, rows in results for one in rows))
    for title, tally in tallies:
        click.echo(title)
        print_table(tally.columns, tally.rows)
    for note in NOTES:
        click.echo(note)
    if out is None and not quick and not only:
        out = RESULTS
    if out is not None:
        out.write_text(markdown(facts, results, tallies, NOTES), encoding="utf-8")
        click.echo(f"written to {out.name}", err=True)


if __name__ == "__main__":
    main()
