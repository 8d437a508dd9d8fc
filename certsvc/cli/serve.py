"""``serve``: the web server."""

from __future__ import annotations

import os
import socket
from tempfile import TemporaryDirectory
from typing import Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.place import load_place
from certsvc.cli.runner import batch_workers_option, carrying_out
from certsvc.cli.timestamps import fetching
from certsvc.errors import SettingsError, UnavailableError

TARGET: Final = "certsvc.__main__:create_worker"
"""The factory each worker calls; named, not imported, as it stands above the command line."""
THREADS: Final = 64
"""Per worker. A few threads would let a few slow clients stop the whole service (docs/decisions)."""

host_option: Final = click.option("--host", default="127.0.0.1", show_default=True)
port_option: Final = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
workers_option: Final = click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes; one per core, at most four, when left out."
)


@click.command("serve")
@host_option
@port_option
@workers_option
@batch_workers_option
def serve(host: str, port: int, workers: int | None, batch_workers: int) -> None:
    """Serve the API and the public pages until interrupted."""
    from certsvc.wiring import build

    check_free(host, port)
    # Built once here, so that a missing key is one sentence now, not a worker dying again and again.
    services = build(load_place())
    try:
        # A register put back from a backup must not show whom it was told to forget.
        services.eraser.complete_all()
    except UnavailableError as error:
        click.echo(f"erasures not completed ({error.code}): run certsvc recover", err=True)
    with carrying_out(services, batch_workers), fetching(services.stamp_queue):
        run_server(host, port, workers)


def check_free(host: str, port: int) -> None:
    """End the command when something listens there.

    The server binds with SO_REUSEPORT: on a taken port it would start all the same and share the traffic.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise SettingsError(f"--host {host}: {error.strerror}") from error
    family, _, _, _, address = found[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            click.echo(
                f"cannot listen on {host}:{port}: {error.strerror}. Stop what listens there, "
                f"or choose another port: make run PORT={port % 65535 + 1}",
                err=True,
            )
            click.get_current_context().exit(Exit.REFUSED)


def run_server(host: str, port: int, workers: int | None) -> None:
    """Run Granian until it is told to stop."""
    from granian import Granian
    from granian.constants import Interfaces

    from certsvc.cli.logs import configure_logs, log_config

    configure_logs("INFO")
    with TemporaryDirectory(prefix="certsvc-metrics-") as counts:
        # The workers count into files of one folder, so that /metrics tells of all of them.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        Granian(
            TARGET,
            factory=True,
            interface=Interfaces.WSGI,
            address=host,
            port=port,
            workers=workers or min(4, os.cpu_count() or 1),
            blocking_threads=THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=10,
            log_dictconfig=log_config("INFO"),
        ).serve()
