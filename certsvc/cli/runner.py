"""The server's own runner: batch workers, started when there is a batch, ended when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.worker import worker_command, worker_name
from certsvc.errors import UnavailableError

if TYPE_CHECKING:
    from certsvc.wiring import Services

_LOOK_S: Final = 1.0
_IDLE_S: Final = 30
"""Seconds without a batch after which workers end: each holds 260 MB, most of it fonts."""
_AGAIN_S: Final = 10.0
"""Pause after workers that could not go on."""

batch_workers_option: Final = click.option(
    "--batch-workers",
    type=click.IntRange(0, 16),
    default=1,
    show_default=True,
    help="Processes that carry out batches; 0 leaves them to `certsvc worker`.",
)


@contextmanager
def carrying_out(services: Services, workers: int) -> Iterator[None]:
    """Have batches carried out while the block runs, by up to *workers* processes; 0 for none."""
    stop = Event()
    thread = Thread(target=_run, args=(services, workers, stop), name="batches")
    if workers:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if workers:
            thread.join()


def _run(services: Services, workers: int, stop: Event) -> None:
    import structlog

    from certsvc.batch.crew import Crew

    log = structlog.get_logger("certsvc.batch")
    crew = Crew(
        lambda name: worker_command(name, "--idle-s", str(_IDLE_S)), workers=workers, named=worker_name
    )
    while not stop.wait(_LOOK_S):
        if not services.bell.is_rung():
            continue
        try:
            failed = crew.run(stop, lambda: None) != 0
        except UnavailableError as error:
            log.warning("batches have to wait", code=error.code, note=error.note)
            failed = True
        if failed:
            stop.wait(_AGAIN_S)
