"""``timestamps``: fetches what is wanted; and the thread in which the server does so by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_json
from certsvc.errors import SettingsError, UnavailableError

if TYPE_CHECKING:
    from certsvc.issuing.stamp_queue import StampQueue

_LOOK_S: Final = 5.0
"""Seconds between two looks for what is wanted."""
_AWAY_S: Final = 30.0
"""The same after the authority, or the register, was away."""


@click.command("timestamps")
@as_json
def timestamps(json_: bool) -> None:
    """Fetch the time stamps that issued files still want (CERTSVC_TIMESTAMP=queue); the server does so too.

    Ends with 3 when the authority is away: what is wanted stays wanted.
    """
    queue = open_services().stamp_queue
    if queue is None:
        raise SettingsError("no time-stamping authority: set CERTSVC_TSA_URL and CERTSVC_TSA_TRUST")
    told = {"held": 0, "put_off": 0}
    while True:
        counts = queue.run()
        told = {name: told[name] + count for name, count in counts.items()}
        if counts["put_off"] or not counts["held"]:
            break
    if json_:
        print_json(told)
    else:
        click.echo(f"{told['held']} fetched, {told['put_off']} put off")
    click.get_current_context().exit(Exit.CANNOT_TELL if told["put_off"] else Exit.OK)


@contextmanager
def fetching(queue: StampQueue | None) -> Iterator[None]:
    """Have wanted time stamps fetched while the block runs."""
    if queue is None:
        yield
        return
    stop = Event()
    thread = Thread(target=_fetch, args=(queue, stop), name="timestamps")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _fetch(queue: StampQueue, stop: Event) -> None:
    import structlog

    pause = 0.0
    while not stop.wait(pause):
        try:
            counts = queue.run()
        except UnavailableError as error:
            structlog.get_logger("certsvc.timestamps").warning(
                "time stamps have to wait", code=error.code, note=error.note
            )
            pause = _AWAY_S
            continue
        pause = _AWAY_S if counts["put_off"] else 0.0 if counts["held"] else _LOOK_S
