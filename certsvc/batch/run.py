"""Carrying a batch out, portion by portion: claim, hand the orders in at the counter, settle.

A portion is claimed for a while only. Whoever dies leaves it to the next one, who hands the same orders in
again: under the same keys they give the same answers, so that nothing is done twice (docs/batch.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from threading import Event, Thread
from typing import Final

import structlog

from certsvc.batch.claim import choose
from certsvc.batch.item import order_of
from certsvc.batch.settle import Verdict, judged
from certsvc.domain.clock import Clock
from certsvc.errors import (
    CertsvcError,
    PersonalDataErasedError,
    RecordDamagedError,
    StorageFullError,
    UnavailableError,
)
from certsvc.issuing.counter import Counter, Outcome
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_batches import (
    Batch,
    BatchState,
    Chunk,
    ChunkState,
    Item,
    ItemState,
)

LEASE: Final = timedelta(seconds=30)
"""How long a portion stays with a worker that gives no sign; one at work renews it."""
PUT_OFF: Final = timedelta(seconds=5)
_BEATS: Final = 4
"""Renewals within one lease."""
_LOOKED_AT: Final = 100
"""Portions looked at to find one that may be taken; the first of each lane are nearly always among them."""
_AWAY_TRIES: Final = 30
_AWAY_PAUSE_S: Final = 2.0
"""How often, and after which pause, a worker tries again while the register is away."""
_WAIT_S: Final = 0.25
"""Pause of a worker that has to wait for others."""

_log = structlog.get_logger("certsvc.batch")


class Step(Enum):
    """What one step of a worker came to."""

    WORKED = "worked"
    WAIT = "wait"
    """Nothing can be taken now; others are at it, or it is too early."""
    OVER = "over"
    """The batch is not running any more."""


@dataclass(frozen=True, slots=True)
class _Portion:
    """What was claimed."""

    batch: Batch
    chunk: Chunk
    items: Sequence[Item]
    """Those pending."""
    bodies: Sequence[bytes | None]


class Runner:
    """One worker; any number of them may share a batch."""

    def __init__(
        self,
        registry: Registry,
        counter: Counter,
        clock: Clock,
        *,
        worker: str,
        lease: timedelta = LEASE,
    ) -> None:
        """Take what is worked with.

        Args:
            registry: holds the batch.
            counter: takes the orders.
            clock: of leases.
            worker: a name nobody else has; who is started again under it takes its old portion first.
            lease: how long to claim a portion for at a time.
        """
        self._registry = registry
        self._counter = counter
        self._clock = clock
        self._worker = worker
        self._lease = lease

    def work(self, batch_id: str, stop: Event) -> BatchState:
        """Work until the batch is over or *stop* is set; the portion in hand is finished first.

        Raises:
            NotFoundError: there is no such batch.
            UnavailableError: the register was away for a minute, or (StorageFullError) is full; what was not
                settled is found again.
        """
        away = 0
        while not stop.is_set():
            try:
                step = self.step(batch_id)
                away = 0
            except StorageFullError:
                raise
            except UnavailableError as error:
                away += 1
                if away == _AWAY_TRIES:
                    raise
                _log.warning("the register is away", code=error.code, note=error.note, batch=batch_id)
                stop.wait(_AWAY_PAUSE_S)
                continue
            if step is Step.OVER:
                break
            if step is Step.WAIT:
                stop.wait(_WAIT_S)
        with self._registry.reading() as session:
            batch = session.find_batch(batch_id)
        return batch.state if batch is not None else BatchState.CANCELLED

    def step(self, batch_id: str) -> Step:
        """Carry one portion out, if there is one to be had."""
        portion = self._claim(batch_id)
        if isinstance(portion, Step):
            return portion
        with self._beating(batch_id, portion.chunk):
            outcomes = self._take(portion)
        self._settle(portion, outcomes)
        return Step.WORKED

    def _claim(self, batch_id: str) -> _Portion | Step:
        with self._registry.reading() as session:
            batch = session.find_batch(batch_id)
            if batch is None or batch.state is not BatchState.RUNNING:
                return Step.OVER
            if self._choice(session.unclosed_chunks, batch_id) is None:
                return Step.WAIT
        with self._registry.writing() as session:
            batch = session.hold_batch(batch_id)
            if batch.state is not BatchState.RUNNING:
                return Step.OVER
            chunk = self._choice(session.unclosed_chunks, batch_id)
            if chunk is None:
                return Step.WAIT
            claimed = replace(
                chunk,
                state=ChunkState.RUNNING,
                worker=self._worker,
                lease_until=self._clock.now() + self._lease,
            )
            session.put_chunk(batch_id, claimed)
            items = [
                item for item in session.items_in(batch_id, chunk.number) if item.state is ItemState.PENDING
            ]
            bodies = [session.find_body(batch_id, item.line) for item in items]
        return _Portion(batch, claimed, items, bodies)

    def _choice(self, unclosed: Callable[[str, int], Sequence[Chunk]], batch_id: str) -> Chunk | None:
        now = self._clock.now()
        chunks = unclosed(batch_id, _LOOKED_AT)
        chunk = choose(chunks, self._worker, now)
        if chunk is None and len(chunks) == _LOOKED_AT:
            chunk = choose(unclosed(batch_id, 2**31 - 1), self._worker, now)
        return chunk

    def _take(self, portion: _Portion) -> Sequence[Outcome]:
        """Hand the orders in; what an item says that is gone is the record's fault, not the caller's."""
        batch = portion.batch
        lost = Outcome(error=RecordDamagedError("what an item says is gone"))
        orders = [
            order_of(
                batch.batch_id, batch.client_id, item.op or "", item.registration_number, item.item_key, body
            )
            for item, body in zip(portion.items, portion.bodies, strict=True)
            if body is not None
        ]
        outcomes = iter(self._counter.take(orders))
        return [lost if body is None else next(outcomes) for body in portion.bodies]

    def _settle(self, portion: _Portion, outcomes: Sequence[Outcome]) -> None:
        """Write what became of each item, in one transaction; nothing where the portion is another's."""
        batch_id = portion.batch.batch_id
        with self._registry.writing() as session:
            batch = session.hold_batch(batch_id)
            chunk = session.get_chunk(batch_id, portion.chunk.number)
            if chunk.state is not ChunkState.RUNNING or chunk.worker != self._worker:
                return
            now = self._clock.now()
            verdicts = [
                judged(batch, chunk, item, outcome, now)
                for item, outcome in zip(portion.items, outcomes, strict=True)
            ]
            _write(session, batch, chunk, verdicts, now)
        for verdict in verdicts:
            if verdict.defect is not None:
                _log.error("item", code=verdict.defect.code, note=verdict.defect.note, batch=batch_id)

    @contextmanager
    def _beating(self, batch_id: str, chunk: Chunk) -> Iterator[None]:
        """Renew the lease while the block runs."""
        over = Event()

        def beat() -> None:
            while not over.wait(self._lease.total_seconds() / _BEATS):
                try:
                    self._renew(batch_id, chunk.number)
                except CertsvcError as error:
                    # Who loses the portion by that settles nothing; the next one gets the same answers.
                    _log.warning("no renewal", code=error.code, note=error.note, batch=batch_id)

        thread = Thread(target=beat, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _renew(self, batch_id: str, number: int) -> None:
        with self._registry.writing() as session:
            session.hold_batch(batch_id)
            chunk = session.get_chunk(batch_id, number)
            if chunk.state is ChunkState.RUNNING and chunk.worker == self._worker:
                session.put_chunk(batch_id, replace(chunk, lease_until=self._clock.now() + self._lease))


def release(registry: Registry, batch_id: str, mine: Callable[[str], bool]) -> int:
    """Give back the portions of workers that are known to be dead; returns how many.

    Args:
        registry: holds the batch.
        batch_id: of which batch.
        mine: tells by its name whether a worker is one of them.
    """
    with registry.writing() as session:
        session.hold_batch(batch_id)
        held = [
            chunk
            for chunk in session.unclosed_chunks(batch_id, 2**31 - 1)
            if chunk.state is ChunkState.RUNNING and mine(chunk.worker)
        ]
        for chunk in held:
            session.put_chunk(batch_id, replace(chunk, state=ChunkState.OPEN, worker=""))
    return len(held)


def _write(
    session: WriteSession, batch: Batch, chunk: Chunk, verdicts: Sequence[Verdict], now: datetime
) -> None:
    batch_id = batch.batch_id
    settled = [verdict.item for verdict in verdicts if verdict.item.state is not ItemState.PENDING]
    session.change_items(batch_id, settled)
    for item in settled:
        # Nothing is tried again for a holder who was erased, and nothing is kept of one.
        if item.state in (ItemState.DONE, ItemState.CANCELLED) or item.code == PersonalDataErasedError.code:
            session.drop_body(batch_id, item.line)
    count = {state: sum(item.state is state for item in settled) for state in ItemState}
    after = replace(
        chunk,
        done=chunk.done + count[ItemState.DONE],
        failed=chunk.failed + count[ItemState.FAILED],
        cancelled=chunk.cancelled + count[ItemState.CANCELLED],
        settled=len(settled),
        settled_at=now,
        worker="",
    )
    # What is busy or away holds its lane up: what comes later there may build on it.
    busy = any(verdict.wait for verdict in verdicts)
    put_off = len(settled) < len(verdicts)
    session.put_chunk(
        batch_id,
        replace(
            after,
            state=ChunkState.OPEN if after.pending else ChunkState.CLOSED,
            round=chunk.round + (put_off and not busy),
            tries=chunk.tries + 1 if busy and not settled else 0,
            not_before=now + PUT_OFF if busy else now,
        ),
    )
    reason = next((verdict.stop for verdict in verdicts if verdict.stop is not None), None)
    if reason is not None and batch.state is BatchState.RUNNING:
        session.change_batch(replace(batch, state=BatchState.STOPPED, reason=reason, changed_at=now))
    elif batch.state is BatchState.RUNNING and not session.unclosed_chunks(batch_id, 1):
        session.change_batch(replace(batch, state=BatchState.DONE, changed_at=now))
