"""``batch``: many at once, from a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.follow import Follower
from certsvc.cli.place import open_services
from certsvc.cli.register import CLI_CLIENT
from certsvc.cli.show import as_json, out_folder, print_facts, print_json, print_table
from certsvc.cli.worker import stopped_by_signals, worker_command

if TYPE_CHECKING:
    from certsvc.batch.export import Exported
    from certsvc.batch.progress import Progress
    from certsvc.registry.port_batches import Batch
    from certsvc.wiring import Services

WORKERS_MAX: Final = 16
"""More portions than this are never worked on at once."""

workers_option: Final = click.option(
    "--workers",
    type=click.IntRange(1, WORKERS_MAX),
    help="Processes; one per core, at most four, when left out.",
)


@click.group("batch")
def batch() -> None:
    """Many endorsed copies, originals or events at once (docs/batch.md)."""


@batch.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@out_folder
@workers_option
@click.option(
    "--by",
    type=click.Choice(["local", "workers"]),
    default="local",
    show_default=True,
    help="Who does it: processes of this command, or `certsvc worker` on any machine (PostgreSQL).",
)
@as_json
def run(file: Path, out: Path, workers: int | None, by: str, json_: bool) -> None:
    """Carry out every item of FILE: JSON Lines, or a JSON array of up to 16 MB.

    Issued files and results.jsonl go into the folder given. The same FILE again does only what is missing. It
    ends with 1 when items failed and with 3 when it was stopped before the end.
    """
    from certsvc.registry.port_batches import Engine

    services = open_services()
    engine = Engine.LOCAL if by == "local" else Engine.SERVICE
    with stopped_by_signals() as stop:
        with file.open("rb") as stream:
            planned = services.batches.plan(stream, client_id=CLI_CLIENT, engine=engine)
        carry_out(services, planned, stop, workers=workers, quiet=json_)
        exported = _export(services, planned.batch_id, out, quiet=json_)
    _end(services.batches.progress(planned.batch_id), exported, out, json_)


@batch.command("status")
@click.argument("batch_id", metavar="ID")
@as_json
def status(batch_id: str, json_: bool) -> None:
    """Tell how far batch ID is."""
    _end(open_services().batches.progress(batch_id), None, None, json_)


@batch.command("resume")
@click.argument("batch_id", metavar="ID")
@out_folder
@workers_option
@as_json
def resume(batch_id: str, out: Path, workers: int | None, json_: bool) -> None:
    """Go on with batch ID: what is pending, and what failed before."""
    services = open_services()
    with stopped_by_signals() as stop:
        resumed = services.batches.resume(batch_id)
        carry_out(services, resumed, stop, workers=workers, quiet=json_)
        exported = _export(services, batch_id, out, quiet=json_)
    _end(services.batches.progress(batch_id), exported, out, json_)


@batch.command("cancel")
@click.argument("batch_id", metavar="ID")
@as_json
def cancel(batch_id: str, json_: bool) -> None:
    """Cancel what nobody has begun of batch ID; what was issued stays issued."""
    _print(open_services().batches.cancel(batch_id), None, None, json_)


def carry_out(services: Services, batch: Batch, stop: Event, *, workers: int | None, quiet: bool) -> None:
    """Carry a batch out by its engine, showing how far it is; returns also when it was stopped.

    Args:
        services: where it is.
        batch: which.
        stop: ends it after the portions in hand.
        workers: processes of the local engine, None for one per core; 0 does it in this process.
        quiet: show nothing.

    Raises:
        UnavailableError: workers die again and again, or another run of it is at work here.
    """
    from certsvc.batch.crew import Crew, holding
    from certsvc.registry.port_batches import BatchState, Engine

    if batch.state is not BatchState.RUNNING:
        return
    with Follower(services.batches, batch.batch_id, quiet=quiet) as follower:
        if batch.engine is Engine.SERVICE:
            services.announcer.announce(batch)
            while not stop.is_set() and follower.look().state is BatchState.RUNNING:
                stop.wait(0.5)
            return
        with holding(services.settings.data_dir / "batches", batch.batch_id) as held:
            services.batches.release(batch.batch_id, held.is_mine)
            if workers == 0:
                services.batches.runner(held.worker_name()).work(batch.batch_id, stop)
                return
            Crew(
                lambda name: worker_command(name, "--batch", batch.batch_id),
                workers=min(4, os.cpu_count() or 1) if workers is None else workers,
                named=held.worker_name,
                inherited=[held.handle],
                died=lambda name: services.batches.release(batch.batch_id, lambda one: one == name),
                settled=lambda: _settled(follower.look()),
            ).run(stop, follower.look)


def _settled(progress: Progress) -> int:
    return progress.total - progress.left


def _export(services: Services, batch_id: str, out: Path, *, quiet: bool) -> Exported:
    total = services.batches.get(batch_id).total
    return services.batches.export(
        batch_id,
        out,
        lambda count: None if quiet else click.echo(f"handed out {count} of {total}", err=True),
    )


def _end(progress: Progress, exported: Exported | None, out: Path | None, json_: bool) -> None:
    """Print where a batch stands, and end with the code that tells it."""
    _print(progress, exported, out, json_)
    click.get_current_context().exit(exit_of(progress, 0 if exported is None else exported.missing))


def exit_of(progress: Progress, missing: int = 0) -> Exit:
    """Return the exit code of a batch: 3 while something is left, 1 when items failed."""
    if progress.left or missing:
        return Exit.CANNOT_TELL
    return Exit.REFUSED if progress.failed or progress.cancelled else Exit.OK


def _print(progress: Progress, exported: Exported | None, out: Path | None, json_: bool) -> None:
    facts = progress.body()
    handed: Mapping[str, object] = {}
    if exported is not None:
        handed = {
            "out": str(out),
            "files": exported.files,
            "files_there": exported.present,
            "files_missing": exported.missing,
        }
    if json_:
        print_json({**facts, **handed, **({"codes": exported.codes} if exported is not None else {})})
        return
    print_facts({**facts, **handed})
    if exported is not None and exported.codes:
        print_table(["code", "items"], [[code, str(count)] for code, count in sorted(exported.codes.items())])
    if progress.left:
        click.echo(f"go on with: certsvc batch resume {progress.batch_id} --out DIR", err=True)
