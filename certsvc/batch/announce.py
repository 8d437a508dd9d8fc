"""Telling those who carry batches out of one: the server beside us by a bell, workers by the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from certsvc.batch.queue import Queue
from certsvc.errors import UnavailableError
from certsvc.registry.port_batches import Batch, BatchState

JOBS: Final = 16
"""Workers told of one batch; more of its portions are never worked on at once."""


class Bell:
    """A file that is there while somebody may be waiting.

    The main process of the server looks at it and at nothing else: it forks, and a database that was opened
    before a fork must not be used, or closed, after it.
    """

    def __init__(self, file: Path) -> None:
        """Take the file."""
        self._file = file

    def ring(self) -> None:
        """Say that there is a batch; it has to be committed before."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
        except OSError as error:
            raise UnavailableError(f"the runner cannot be told: {error.strerror}") from error

    def is_rung(self) -> bool:
        """Tell whether somebody rang."""
        return self._file.exists()

    def silence(self) -> None:
        """Forget it; who does so looks for batches afterwards, or one that rang just now would wait."""
        self._file.unlink(missing_ok=True)


class Announcer:
    """Announces batches of the service."""

    def __init__(self, bell: Bell, queue: Queue | None) -> None:
        """Take the bell of this machine's server, and the queue where there is one."""
        self._bell = bell
        self._queue = queue

    def announce(self, batch: Batch) -> None:
        """Say that *batch* is to be carried out; to say it again is harmless.

        Raises:
            UnavailableError: it could not be said; the batch waits, and the same submission says it again.
        """
        if batch.state is not BatchState.RUNNING:
            return
        self._bell.ring()
        if self._queue is not None:
            self._queue.defer(batch.batch_id, min(JOBS, batch.total))
