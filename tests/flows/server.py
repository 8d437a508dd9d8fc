"""A real server with several processes, as ``certsvc serve`` starts it, for tests that need rivals."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conftest import ROOT

START_S = 60
STARTED = b'"Started worker-'
"""What the server prints for each of its processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where it listens."""

    port: int

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Message, bytes]:
        """Send one request on a connection of its own; returns status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            content = None if body is None else json.dumps(body).encode()
            kind = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, content, {**kind, **(headers or {})})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Send one request and read the answer as JSON."""
        status, _, content = self.call(method, path, body, headers)
        return status, json.loads(content)


def free_port() -> int:
    """Ask the kernel for a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(settings: Mapping[str, str], *, workers: int, log: Path | None = None) -> Iterator[Server]:
    """Serve with these CERTSVC_* settings until the block ends; *log* keeps what it prints."""
    server = Server(port=free_port())
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CERTSVC_")}
    public_url = {"CERTSVC_PUBLIC_URL": f"http://127.0.0.1:{server.port}"}
    with (
        TemporaryDirectory() as folder,
        (log := log or Path(folder) / "log").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "certsvc", "serve", "--port", str(server.port), "--workers", str(workers)],
            cwd=ROOT,
            env={**environ, **public_url, **settings},
            stdout=said,
            stderr=said,
        ) as process,
    ):
        try:
            _wait(server, process, log, workers)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path, workers: int) -> None:
    """Return as soon as the server answers that it is ready, and all its processes have started.

    One that is told to end while it starts does not hear it, and is killed ten seconds later.
    """
    for _ in range(START_S * 10):
        assert process.poll() is None, "the server ended instead of starting"
        try:
            if log.read_bytes().count(STARTED) == workers and server.call("GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not start in time")


def settings_of(data: Path, keys: Path) -> dict[str, str]:
    """Name the places of one instance as the server reads them."""
    return {"CERTSVC_DATA_DIR": str(data), "CERTSVC_KEYS_DIR": str(keys)}
