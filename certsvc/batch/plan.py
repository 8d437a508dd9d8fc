"""Planning: a submission becomes rows, read as a stream and written in portions of bounded size.

Which item goes into which portion depends on nothing but the submission, so that a planner that takes over
from one that was killed writes the same rows again, and only those that are missing.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Final

from certsvc.batch.item import Asked, Form, read_item
from certsvc.batch.reason import problem_of
from certsvc.batch.resume import put_back
from certsvc.batch.submission import (
    LINES_LIMIT,
    Line,
    Measure,
    Measured,
    read_array,
    read_lines,
)
from certsvc.domain import texts_batches as texts
from certsvc.domain.clock import Clock
from certsvc.errors import CertsvcError, Fault, ForbiddenError, InvalidFieldError, MalformedError
from certsvc.issuing.counter import CHUNK, Operation
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_batches import (
    Batch,
    BatchState,
    Chunk,
    ChunkState,
    Engine,
    Item,
    ItemState,
)

LANES: Final = 16
"""Portions that can be worked on at once. What names one registration number is in one lane, in its order."""
_TOGETHER: Final = 200
"""Lines written in one transaction."""


class Planner:
    """Turns submissions into batches."""

    def __init__(self, registry: Registry, clock: Clock, secret: bytes) -> None:
        """Write to *registry*; digests are keyed with the registry's *secret*."""
        self._registry = registry
        self._clock = clock
        self._measure = Measure(secret)

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
        """Make a batch of what *stream* holds, or return the one the client made of the same before.

        Of a batch that is there, what is not done is put back: it will be tried again.

        Args:
            stream: can be read again from its beginning.
            client_id: whose batch it is.
            engine: who will carry it out.
            form: what its lines are.
            operations: those the client may order.
            most_bytes: of the whole; None for no limit.
            most_lines: of the whole.

        Raises:
            MalformedError, InvalidFieldError, TooLargeError: it cannot be read at all, or is over a limit.
            ForbiddenError: it holds an operation the client may not order; nothing was kept.
        """
        measured = self._measure.take(stream, form, most_bytes=most_bytes, most_lines=most_lines)
        if set(operations) != set(Operation):
            self._check_operations(stream, measured, form, operations)
        now = self._clock.now()
        fresh = Batch(
            batch_id=f"b-{secrets.token_hex(12)}",
            client_id=client_id,
            digest=measured.digest,
            engine=engine,
            state=BatchState.PLANNING,
            created_at=now,
            changed_at=now,
        )
        with self._registry.writing() as session:
            session.add_batch(fresh)
            batch = session.find_batch_of(client_id, measured.digest)
        assert batch is not None
        try:
            if batch.state is BatchState.PLANNING:
                return self._write(batch, self._lines(stream, measured, form), form)
            return self._again(batch, self._lines(stream, measured, form), form)
        except (MalformedError, InvalidFieldError):
            if batch.state is BatchState.PLANNING:
                self._void(batch)
            raise

    def _check_operations(
        self, stream: BinaryIO, measured: Measured, form: Form, operations: Collection[Operation]
    ) -> None:
        for line in self._lines(stream, measured, form):
            asked = read_item(line.value, form, line.number) if line.error is None else Asked()
            if asked.op is not None and asked.op not in operations:
                raise ForbiddenError(f"line {line.number} asks for {asked.op}")

    def _lines(self, stream: BinaryIO, measured: Measured, form: Form) -> Iterator[Line]:
        """Read the lines once more; MalformedError at the end when the bytes are not those measured."""
        hasher = self._measure.hasher(form)
        yield from (read_array if measured.is_array else read_lines)(stream, hasher)
        if hasher.hexdigest() != measured.digest:
            raise MalformedError("changed", Fault("", texts.CHANGED.zh, texts.CHANGED.en))

    def _write(self, batch: Batch, lines: Iterator[Line], form: Form) -> Batch:
        """Write every item and portion, then let the batch run."""
        lanes = _Lanes()
        total, events = 0, False
        while together := list(islice(lines, _TOGETHER)):
            with self._registry.writing() as session:
                session.hold_batch(batch.batch_id)
                for line in together:
                    asked = _asked(line, form)
                    events |= asked.op is Operation.EVENT
                    _add(session, batch.batch_id, line, asked, lanes, self._clock.now())
                for chunk in lanes.taken():
                    session.put_chunk(batch.batch_id, chunk)
            total += len(together)
        with self._registry.writing() as session:
            held = session.hold_batch(batch.batch_id)
            if held.state is not BatchState.PLANNING:
                return held
            for chunk in lanes.rest():
                session.put_chunk(batch.batch_id, chunk)
            state = BatchState.RUNNING if session.unclosed_chunks(batch.batch_id, 1) else BatchState.DONE
            planned = replace(held, state=state, total=total, events=events, changed_at=self._clock.now())
            session.change_batch(planned)
        return planned

    def _again(self, batch: Batch, lines: Iterator[Line], form: Form) -> Batch:
        """Put back what is not done of a batch, with what it says where that was dropped."""
        after = 0
        while together := list(islice(lines, _TOGETHER)):
            said = {line.number: _asked(line, form).body for line in together}
            with self._registry.writing() as session:
                session.hold_batch(batch.batch_id)
                items = session.items_after(batch.batch_id, after, len(together))
                for item in items:
                    body = said.get(item.line)
                    if item.state is not ItemState.DONE and body is not None and _has_own_key(item):
                        session.put_body(batch.batch_id, item.line, body)
                put_back(session, batch.batch_id, items, self._clock.now())
            after = together[-1].number
        with self._registry.reading() as session:
            return session.find_batch(batch.batch_id) or batch

    def _void(self, batch: Batch) -> None:
        """Give up a batch whose submission turned out to be none; its place is free for a whole one."""
        with self._registry.writing() as session:
            held = session.hold_batch(batch.batch_id)
            if held.state is not BatchState.PLANNING:
                return
            session.change_batch(
                replace(
                    held,
                    digest=f"void {batch.batch_id}",
                    state=BatchState.CANCELLED,
                    changed_at=self._clock.now(),
                )
            )
        forget_bodies(self._registry, batch.batch_id, lambda item: True)


def forget_bodies(registry: Registry, batch_id: str, which: Callable[[Item], bool]) -> None:
    """Forget what items say, a page of them in each transaction."""
    after = 0
    while True:
        with registry.writing() as session:
            items = session.items_after(batch_id, after, _TOGETHER)
            for item in items:
                if which(item):
                    session.drop_body(batch_id, item.line)
        if not items:
            return
        after = items[-1].line


def _asked(line: Line, form: Form) -> Asked:
    return Asked(error=line.error) if line.error is not None else read_item(line.value, form, line.number)


def _has_own_key(item: Item) -> bool:
    """Tell whether an item is one of its own, and not the second of an item_id."""
    return item.item_id is not None and item.item_key == _key(item.item_id)


def _key(item_id: str) -> str:
    return f"i {item_id}"


def _add(
    session: WriteSession, batch_id: str, line: Line, asked: Asked, lanes: _Lanes, now: datetime
) -> None:
    """Write one item, unless a planner before this one did."""
    number = lanes.place(asked, line.number)
    item = Item(
        line=line.number,
        chunk=number,
        item_key=_key(asked.item_id) if asked.item_id is not None else f"# {line.number}",
        item_id=asked.item_id,
        op=asked.op.value if asked.op is not None else None,
        registration_number=asked.registration_number if asked.op is not Operation.EVENT else None,
        state=ItemState.PENDING,
    )
    if asked.error is not None:
        # The key stays free for the next line of this item_id: that one may be right.
        item = _failed(replace(item, item_key=f"# {line.number}"), asked.error, now)
    body = asked.body if asked.error is None else None
    if not session.add_item(batch_id, item, body) and asked.error is None:
        taken = session.find_item(batch_id, item.item_key)
        if taken is not None and taken.line != line.number:
            fault = Fault("/item_id", texts.DUPLICATE.zh, texts.DUPLICATE.en)
            item = _failed(replace(item, item_key=f"# {line.number}"), InvalidFieldError(fault), now)
            session.add_item(batch_id, item, None)
    lanes.count(number, failed=item.state is ItemState.FAILED)


def _failed(item: Item, error: CertsvcError, now: datetime) -> Item:
    return replace(item, state=ItemState.FAILED, code=error.code, problem=problem_of(error), settled_at=now)


class _Lanes:
    """The portions being filled, one for each lane: all that planning keeps in mind."""

    def __init__(self) -> None:
        self._filling: dict[int, Chunk] = {}
        self._by_number: dict[int, Chunk] = {}
        self._last = 0
        self._full: list[Chunk] = []

    def place(self, asked: Asked, line: int) -> int:
        """Return the number of the portion an item goes into."""
        name = asked.registration_number if asked.registration_number is not None else str(line)
        lane = zlib.crc32(name.encode("utf-8", "surrogatepass")) % LANES
        if lane not in self._filling:
            self._last += 1
            self._filling[lane] = self._by_number[self._last] = Chunk(number=self._last, lane=lane)
        return self._filling[lane].number

    def count(self, number: int, *, failed: bool) -> None:
        """Count an item placed there."""
        chunk = self._by_number[number]
        grown = replace(chunk, total=chunk.total + 1, failed=chunk.failed + failed)
        self._by_number[number] = self._filling[chunk.lane] = grown
        if grown.total == CHUNK:
            self._full.append(_closed_when_settled(grown))
            del self._by_number[number], self._filling[chunk.lane]

    def taken(self) -> list[Chunk]:
        """Hand over the portions that are full."""
        full, self._full = self._full, []
        return full

    def rest(self) -> list[Chunk]:
        """Hand over the portions that did not fill up."""
        return [_closed_when_settled(chunk) for chunk in self._by_number.values()]


def _closed_when_settled(chunk: Chunk) -> Chunk:
    return replace(chunk, state=ChunkState.OPEN if chunk.pending else ChunkState.CLOSED)
