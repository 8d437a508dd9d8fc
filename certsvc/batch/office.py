"""Everything that can be done with batches, in one place for the command line, the server and workers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from certsvc.batch.cancel import cancel
from certsvc.batch.export import Exported, export
from certsvc.batch.item import Form
from certsvc.batch.plan import Planner
from certsvc.batch.progress import Progress, progress_of
from certsvc.batch.results import Result, all_results, results_after
from certsvc.batch.resume import resume
from certsvc.batch.run import LEASE, Runner, release
from certsvc.batch.submission import LINES_LIMIT
from certsvc.domain.clock import Clock
from certsvc.errors import NotFoundError
from certsvc.issuing.counter import Counter, Operation
from certsvc.registry.port import Registry
from certsvc.registry.port_batches import Batch, BatchState, Engine
from certsvc.storage.port import Storage


class Batches:
    """The batches of one registry; safe to share between threads."""

    def __init__(
        self,
        *,
        registry: Registry,
        storage: Storage,
        counter: Counter,
        clock: Clock,
        secret: bytes,
        public_url: str,
    ) -> None:
        """Take what batches are made of; *secret* is the registry's."""
        self._registry = registry
        self._storage = storage
        self._counter = counter
        self._clock = clock
        self._public_url = public_url
        self._planner = Planner(registry, clock, secret)

    def plan(
        self,
        stream: BinaryIO,
        *,
        client_id: str,
        engine: Engine,
        form: Form = Form.ITEMS,
        operations: Collection[Operation] = tuple(Operation),
        most_bytes: int | None = None,
        most_lines: int = LINES_LIMIT,
    ) -> Batch:
        """Make a batch of what *stream* holds; see Planner.plan."""
        return self._planner.plan(
            stream,
            client_id=client_id,
            engine=engine,
            form=form,
            operations=operations,
            most_bytes=most_bytes,
            most_lines=most_lines,
        )

    def get(self, batch_id: str, client_id: str | None = None) -> Batch:
        """Return a batch; NotFoundError when there is none, or it is not *client_id*'s."""
        with self._registry.reading() as session:
            batch = session.find_batch(batch_id)
        if batch is None or (client_id is not None and batch.client_id != client_id):
            raise NotFoundError
        return batch

    def progress(self, batch_id: str) -> Progress:
        """Tell how far a batch is; NotFoundError when there is none."""
        with self._registry.reading() as session:
            batch = session.find_batch(batch_id)
            if batch is None:
                raise NotFoundError
            chunks = session.chunks_of(batch_id)
        return progress_of(batch, chunks, self._clock.now())

    def running(self, engine: Engine) -> Sequence[Batch]:
        """List the batches that wait for somebody to carry them out, the oldest first."""
        with self._registry.reading() as session:
            return session.batches_in(engine, BatchState.RUNNING)

    def results(self, batch_id: str, line: int, limit: int) -> Sequence[Result]:
        """List what became of items behind *line*."""
        now, url = self._clock.now(), self._public_url
        return results_after(self._registry, batch_id, line, limit, public_url=url, now=now)

    def all_results(self, batch_id: str) -> Iterator[Result]:
        """List what became of every item, a page at a time."""
        now, url = self._clock.now(), self._public_url
        return all_results(self._registry, batch_id, public_url=url, now=now)

    def runner(self, worker: str, lease: timedelta = LEASE) -> Runner:
        """Return a worker of this name."""
        return Runner(self._registry, self._counter, self._clock, worker=worker, lease=lease)

    def release(self, batch_id: str, mine: Callable[[str], bool]) -> int:
        """Give back the portions of workers known to be dead; see run.release."""
        return release(self._registry, batch_id, mine)

    def resume(self, batch_id: str) -> Batch:
        """Put back what is not done; see resume.resume."""
        return resume(self._registry, self._clock, batch_id)

    def cancel(self, batch_id: str) -> Progress:
        """Cancel what nobody has begun; returns how far it was."""
        cancel(self._registry, self._clock, batch_id)
        return self.progress(batch_id)

    def export(self, batch_id: str, folder: Path, told: Callable[[int], object]) -> Exported:
        """Hand out what a batch made; see export.export."""
        return export(self.all_results(batch_id), self._storage, folder, told)
