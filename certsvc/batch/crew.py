"""The local engine: worker processes of one command, watched until the batch is over.

One lock file for each batch. Its workers inherit the open lock, so that it is free only when every process of
an earlier run is gone, however it ended; portions they held are then nobody's, without waiting for a lease.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from certsvc.errors import UnavailableError

_LOOK_S: Final = 0.1
_DEATHS: Final = 5
"""Workers that may die one after the other without anything being settled, before the run is given up."""
_LOCK_S: Final = 90
"""How long to wait for the workers of an earlier run: they end after the portion in hand."""
_TOKEN_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Held:
    """The lock of one batch on this machine."""

    handle: int
    """An open file that workers inherit."""
    token: str
    """Begins the name of every worker of this batch here, now and in earlier runs."""

    def is_mine(self, worker: str) -> bool:
        """Tell whether a worker belongs to this batch here."""
        return worker.startswith(f"{self.token}.")

    def worker_name(self) -> str:
        """Make up a name for one more worker."""
        return f"{self.token}.{secrets.token_hex(4)}"


@contextmanager
def holding(folder: Path, batch_id: str, wait_s: float = _LOCK_S) -> Iterator[Held]:
    """Hold the lock of a batch while the block runs.

    Args:
        folder: where lock files lie; made when missing.
        batch_id: of which batch.
        wait_s: how long to wait for who holds it.

    Raises:
        UnavailableError: another run of this batch is still at work.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / f"{batch_id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        ends = time.monotonic() + wait_s
        while not _locked(handle):
            if time.monotonic() > ends:
                raise UnavailableError(f"another run of batch {batch_id} is at work on this machine")
            time.sleep(_LOOK_S)
        token = os.pread(handle, 2 * _TOKEN_BYTES, 0).decode("ascii")
        if len(token) != 2 * _TOKEN_BYTES:
            token = secrets.token_hex(_TOKEN_BYTES)
            os.pwrite(handle, token.encode("ascii"), 0)
        yield Held(handle, token)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Crew:
    """Worker processes, started again when they die."""

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        *,
        workers: int,
        named: Callable[[], str],
        inherited: Sequence[int] = (),
        died: Callable[[str], object] = lambda _: None,
        settled: Callable[[], int] = lambda: 0,
    ) -> None:
        """Take how a worker is started and what to do when one dies; nothing is started yet.

        Args:
            command: the command line of a worker of this name.
            workers: how many.
            named: makes up a name for one more.
            inherited: open files that workers keep open, such as a lock.
            died: called with the name of a worker that died; gives its portion back.
            settled: how many items are settled; tells whether workers that die get anything done before.
        """
        self._command = command
        self._workers = workers
        self._named = named
        self._inherited = tuple(inherited)
        self._died = died
        self._settled = settled
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._deaths = 0
        self._seen = -1

    def run(self, stop: Event, tick: Callable[[], object]) -> int:
        """Run until every worker has ended by itself.

        Args:
            stop: when it is set, workers are asked to end after the portion in hand.
            tick: called a few times a second.

        Returns:
            0, or the worst exit code a worker ended with.

        Raises:
            UnavailableError: workers die again and again.
        """
        worst, asked = 0, False
        try:
            for _ in range(self._workers):
                self._start()
            while self._running:
                if stop.is_set() and not asked:
                    asked = True
                    self._signal(signal.SIGTERM)
                for name, worker in list(self._running.items()):
                    code = worker.poll()
                    if code is None:
                        continue
                    del self._running[name]
                    if code > 0:
                        worst = max(worst, code)
                    elif code < 0:
                        self._bury(name, again=not asked)
                tick()
                stop.wait(_LOOK_S) if not asked else time.sleep(_LOOK_S)
        finally:
            self._signal(signal.SIGKILL)
            for worker in self._running.values():
                worker.wait()
        return worst

    def _start(self) -> None:
        name = self._named()
        self._running[name] = subprocess.Popen(
            self._command(name),
            stdin=subprocess.DEVNULL,
            pass_fds=self._inherited,
            # Ctrl-C reaches the whole group; we alone decide when workers are asked to end.
            process_group=0,
        )

    def _bury(self, name: str, *, again: bool) -> None:
        self._died(name)
        settled = self._settled()
        self._deaths = 1 if settled > self._seen else self._deaths + 1
        self._seen = settled
        if self._deaths > _DEATHS:
            raise UnavailableError(f"{self._deaths} workers died one after the other")
        if again:
            self._start()

    def _signal(self, number: int) -> None:
        for worker in self._running.values():
            worker.send_signal(number)
