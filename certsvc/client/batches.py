"""Calls about batches: many endorsed copies, originals or events in one submission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from certsvc.client.address import segment
from certsvc.client.answers import Endorsement, Original, Recorded
from certsvc.client.errors import AnswerError, Problem
from certsvc.client.question import json_bytes
from certsvc.client.transport import Call, Transport, reader

PATH: Final = "/api/v1/batches"
NDJSON: Final = "application/x-ndjson"
SUBMISSION_BYTES: Final = 16 * 1024 * 1024
"""Bytes of one submission at most."""
_ENDED: Final = frozenset({"done", "cancelled", "stopped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How far a batch is; the counts add up to the total."""

    batch_id: str
    state: str
    """``planning``, ``running``, ``stopped`` (the operator has to act), ``done`` or ``cancelled``."""
    total: int
    done: int
    failed: int
    running: int
    pending: int = 0
    cancelled: int = 0
    rate: float | None = None
    """Items settled per second in the last minute."""
    eta_s: int | None = None
    """Seconds until nothing is left at that rate."""
    reason: str | None = None
    """Code of what stopped it."""

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will come by itself."""
        return self.state in _ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One item and what became of it."""

    item_id: str | None
    """None where the line could not be read so far."""
    line: int
    op: str | None
    registration_number: str | None
    state: str
    """``pending``, ``running``, ``done``, ``failed`` or ``cancelled``."""
    answer: Endorsement | Original | Recorded | None
    """What the single call would have answered."""
    problem: Problem | None
    """Why it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Items:
    items: tuple[BatchItem, ...]
    next_cursor: str | None


_batch: Final = reader(Batch)
_items: Final = reader(_Items)


class BatchCalls:
    """The part of the client for those who order many at once (scopes endorse, issue)."""

    _transport: Transport

    def submit_batch(self, items: Iterable[Mapping[str, object]]) -> Batch:
        """Submit items; the same ones again are the same batch, of which only what is missing is done.

        Args:
            items: each with an ``item_id`` of the caller's own, an ``op``, and what docs/api.md has for it;
                16 MB at most. Their order counts where several name one registration.
        """
        content = b"".join(json_bytes(dict(item)) + b"\n" for item in items)
        if not content:
            raise ValueError("a batch needs at least one item")
        if len(content) > SUBMISSION_BYTES:
            raise ValueError(f"a batch has at most {SUBMISSION_BYTES} bytes; submit several")
        call = Call(method="POST", path=PATH, content=content, headers={"Content-Type": NDJSON})
        return self._transport.send(call, _batch)

    def batch(self, batch_id: str) -> Batch:
        """Return how far a batch is."""
        return self._transport.send(Call(method="GET", path=_path(batch_id)), _batch)

    def batch_items(self, batch_id: str) -> Iterator[BatchItem]:
        """Yield every item of a batch, in the order of the submission, page by page."""
        query: dict[str, str] = {}
        while True:
            call = Call(method="GET", path=f"{_path(batch_id)}/items", query=query)
            page = self._transport.send(call, _items)
            yield from page.items
            if page.next_cursor is None:
                return
            if page.next_cursor == query.get("cursor"):
                raise AnswerError("the list does not go on")
            query["cursor"] = page.next_cursor

    def cancel_batch(self, batch_id: str) -> Batch:
        """Cancel what nobody has begun; what was issued stays issued."""
        return self._transport.send(Call(method="POST", path=f"{_path(batch_id)}/cancel"), _batch)


def _path(batch_id: str) -> str:
    return f"{PATH}/{segment(batch_id, 'batch id')}"
