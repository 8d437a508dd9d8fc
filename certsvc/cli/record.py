"""``record``: registration events from files, a few as they come, many through the batch runner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from certsvc.cli.batch import WORKERS_MAX, carry_out, exit_of
from certsvc.cli.exits import Exit, tell, worst
from certsvc.cli.place import open_services
from certsvc.cli.register import CLI_CLIENT
from certsvc.cli.requests import read_events
from certsvc.cli.show import as_json, print_json, print_stream, print_warnings
from certsvc.cli.worker import stopped_by_signals

if TYPE_CHECKING:
    from certsvc.batch.results import Result
    from certsvc.wiring import Services


@click.command("record")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--jsonl",
    "line_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with one event a line, carried out as a batch; may be given again.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, WORKERS_MAX),
    help="Processes for --jsonl; when left out this one does it.",
)
@as_json
def record(files: tuple[Path, ...], line_files: tuple[Path, ...], workers: int | None, json_: bool) -> None:
    """Record registration events from FILES, each one event or a list of them (docs/api.md).

    A later event is tried also when one before it was refused; the exit code tells that one was. Of a file of
    lines that was begun before, only what is missing is done.
    """
    if not files and not line_files:
        raise click.UsageError("name at least one file, or --jsonl FILE")
    services = open_services()
    ends: list[Exit] = []
    with stopped_by_signals() as stop:
        answers = chain(
            _record_files(services, files, ends, quiet=json_),
            *(_record_lines(services, file, stop, ends, workers, quiet=json_) for file in line_files),
        )
        if json_:
            _print_answers(answers, ends)
        else:
            for _ in answers:
                pass
    click.get_current_context().exit(worst(ends))


def _record_files(
    services: Services, files: Sequence[Path], ends: list[Exit], *, quiet: bool
) -> Iterator[Mapping[str, object]]:
    """Record event by event; yields the answers."""
    from certsvc.errors import CertsvcError

    for place, body in chain(*(read_events(file) for file in files)):
        try:
            answer = services.recorder.record(body)
        except CertsvcError as error:
            click.echo(place, err=True)
            ends.append(tell(error))
            continue
        if not quiet:
            _print_recorded(place, answer.body, created=answer.created)
        yield answer.body


def _record_lines(
    services: Services, file: Path, stop: Event, ends: list[Exit], workers: int | None, *, quiet: bool
) -> Iterator[Mapping[str, object]]:
    """Record a file of lines as a batch; yields the answers in its order."""
    from certsvc.batch.item import Form
    from certsvc.registry.port_batches import Engine

    batches, began = services.batches, services.clock.now()
    with file.open("rb") as stream:
        planned = batches.plan(stream, client_id=CLI_CLIENT, engine=Engine.LOCAL, form=Form.EVENTS)
    carry_out(services, planned, stop, workers=workers or 0, quiet=quiet)
    for result in batches.all_results(planned.batch_id):
        place = f"{file}:{result.item.line}"
        if result.answer is None:
            _tell_refused(place, result)
            continue
        if not quiet:
            at = result.item.settled_at
            fresh = result.item.created is True and at is not None and at >= began
            _print_recorded(place, result.answer, created=fresh)
        yield result.answer
    ends.append(exit_of(batches.progress(planned.batch_id)))


def _print_answers(answers: Iterator[Mapping[str, object]], ends: list[Exit]) -> None:
    """Print the one answer there is as it is, several in a list, holding one at a time."""
    first, second = next(answers, None), next(answers, None)
    if first is not None and second is None and all(end is Exit.OK for end in ends):
        print_json(first)
    else:
        print_stream("recorded", chain((one for one in (first, second) if one is not None), answers))


def _print_recorded(place: str, body: Mapping[str, object], *, created: bool) -> None:
    certificate = body["certificate"]
    assert isinstance(certificate, Mapping)
    click.echo(
        f"{place}: {'recorded' if created else 'already recorded'}, "
        f"version {certificate['version']}, {certificate['licence_id']}"
    )
    print_warnings(body)


def _tell_refused(place: str, result: Result) -> None:
    """Print why an event was not recorded, as for a single one."""
    from certsvc.batch.reason import faults_of
    from certsvc.domain.wording import error_text

    click.echo(place, err=True)
    code = result.item.code
    if code is None:
        click.echo(f"  {result.state}", err=True)
        return
    text = error_text(code)
    click.echo(f"{code}: {text.zh}\n  {text.en}", err=True)
    for fault in faults_of(result.item.problem):
        click.echo(f"  {fault.pointer or '/'}: {fault.zh} ({fault.en})", err=True)
