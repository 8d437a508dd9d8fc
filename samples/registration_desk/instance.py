"""A certsvc of the story's own: a real server process in a folder of its own, on a free port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

START_S: Final = 90
"""Seconds in which it must answer that it is ready."""


class StartError(Exception):
    """The service did not come up; the message names its log."""


class Instance:
    """One place to work and the server on it, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        """Make the place: folders, schema, test keys."""
        self.folder = folder
        self.log = folder / "service.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self._run("init", "--dev")

    def add_client(self, name: str, scopes: str) -> str:
        """Return a new API key with these scopes."""
        told = json.loads(self._run("client", "add", name, "--scope", scopes, "--json"))
        return str(told["api_key"])

    def launch(self) -> None:
        """Start the server without waiting for it."""
        with self.log.open("ab") as said:
            # A group of its own: a kill must reach its workers too, and nobody else.
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "certsvc", "serve", "--port", str(self.port)),
                    *("--workers", "1", "--batch-workers", "0"),
                ],
                env=self._environ(),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        """Return when the server says that it is ready.

        Raises:
            StartError: it ended, or says so not soon enough.
        """
        process = self._process
        assert process is not None
        give_up = time.monotonic() + START_S
        while not _is_ready(self.url):
            if process.poll() is not None or time.monotonic() > give_up:
                self.kill()
                raise StartError(f"the service did not start; see {self.log}")
            time.sleep(0.05)

    def start(self) -> None:
        """Start the server; returns when it says that it is ready."""
        self.launch()
        self.await_ready()

    def kill(self) -> None:
        """Kill the server and its workers, without a word of warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end; kill what does not."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _signal(process.pid, how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            _signal(process.pid, signal.SIGKILL)
            process.wait()

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "certsvc", *arguments],
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StartError(f"certsvc {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def _environ(self) -> dict[str, str]:
        # The settings of whoever plays the story are about another instance.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CERTSVC_")}
        # Four processes start here; compiling everything anew in each would be most of the tale's time.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return kept | {
            "CERTSVC_ENV": "dev",
            "CERTSVC_DATA_DIR": str(self.folder / "data"),
            "CERTSVC_KEYS_DIR": str(self.folder / "keys"),
            "CERTSVC_PUBLIC_URL": self.url,
        }


@contextmanager
def running(folder: Path) -> Iterator[Instance]:
    """Launch a fresh instance in *folder*, and end it with the block."""
    instance = Instance(folder)
    try:
        instance.launch()
        yield instance
    finally:
        instance.stop()


def _signal(group: int, how: signal.Signals) -> None:
    try:
        os.killpg(group, how)
    except ProcessLookupError:
        return


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
