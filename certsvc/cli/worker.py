"""``worker``: carries batches out until it is told to end."""

from __future__ import annotations

import math
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import click

from certsvc.cli.exits import Exit
from certsvc.cli.memory import get_ready
from certsvc.cli.parent import die_with_parent
from certsvc.cli.place import open_services

if TYPE_CHECKING:
    from types import FrameType

    from certsvc.wiring import Services


@click.command("worker")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes, each with one portion of a batch at a time; one per core is right.",
)
@click.option("--batch", "batch_id", hidden=True, help="One batch of the local engine, then the end.")
@click.option(
    "--idle-s", type=float, hidden=True, help="Look for work in the register; end when idle so long."
)
@click.option("--name", hidden=True)
@click.option("--parent", type=int, hidden=True, help="End with this process.")
def worker(
    concurrency: int, batch_id: str | None, idle_s: float | None, name: str | None, parent: int | None
) -> None:
    """Carry out the batches that come over HTTP, here beside the server or on another machine.

    On PostgreSQL any number of workers on any number of machines share them; issued files go to one folder
    that all of them see. SIGTERM and Ctrl-C end it after the portion in hand.
    """
    if parent is not None:
        die_with_parent(parent)
    with stopped_by_signals() as stop:
        if concurrency > 1:
            _many(concurrency, stop)
            return
        services = open_services()
        services.log_chore.start()
        get_ready(services)
        name = name or worker_name()
        if batch_id is not None:
            services.batches.runner(name).work(batch_id, stop)
        elif idle_s is not None or services.queue is None:
            _poll(services, name, stop, math.inf if idle_s is None else idle_s)
        else:
            services.queue.work(services.batches.runner(name).work, stop, name=name)


def worker_command(name: str, *options: str) -> Sequence[str]:
    """Return the command line of a worker that ends with this process."""
    return [
        *(sys.executable, "-m", "certsvc", "worker"),
        *("--name", name, "--parent", str(os.getpid())),
        *options,
    ]


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """Give an event that the first SIGTERM or Ctrl-C sets while the block runs; a second one ends at once."""
    stop = Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(Exit.CANNOT_TELL)
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _poll(services: Services, name: str, stop: Event, idle_s: float) -> None:
    from certsvc.batch.watch import watch
    from certsvc.registry.port_batches import Engine

    runner = services.batches.runner(name)
    watch(
        lambda: services.batches.running(Engine.SERVICE),
        runner,
        stop,
        idle_s=idle_s,
        silence=services.bell.silence,
    )


def _many(concurrency: int, stop: Event) -> None:
    from certsvc.batch.crew import Crew

    crew = Crew(worker_command, workers=concurrency, named=worker_name)
    click.get_current_context().exit(crew.run(stop, lambda: None))


def worker_name() -> str:
    """Make up a name nobody else has."""
    return f"{socket.gethostname()}.{secrets.token_hex(4)}"
