"""What became of each item: its state, and the answer it got, read where it was recorded or issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from certsvc.batch.progress import is_at_work
from certsvc.domain.endorsement import Copy, CopyId
from certsvc.errors import NotFoundError
from certsvc.issuing.answers import copy_body
from certsvc.issuing.counter import Operation
from certsvc.registry.port import ReadSession, Registry
from certsvc.registry.port_batches import Item, ItemState

_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One item as it stands."""

    item: Item
    state: str
    """Its row's, or ``running`` while somebody works on its portion."""
    answer: Mapping[str, object] | None = None
    """What the single call would have answered; only when it is done."""
    copy: Copy | None = None
    """The copy that was issued, where the item asked for one."""


def results_after(
    registry: Registry, batch_id: str, line: int, limit: int, *, public_url: str, now: datetime
) -> Sequence[Result]:
    """List items behind *line*, in the order of the submission.

    Raises:
        NotFoundError: there is no such batch.
    """
    with registry.reading() as session:
        if session.find_batch(batch_id) is None:
            raise NotFoundError
        items = session.items_after(batch_id, line, limit)
        at_work = {
            chunk.number for chunk in session.unclosed_chunks(batch_id, _PAGE) if is_at_work(chunk, now)
        }
        return [_result(session, item, item.chunk in at_work, public_url) for item in items]


def all_results(registry: Registry, batch_id: str, *, public_url: str, now: datetime) -> Iterator[Result]:
    """List every item, holding one page of them at a time."""
    line = 0
    while page := results_after(registry, batch_id, line, _PAGE, public_url=public_url, now=now):
        yield from page
        line = page[-1].item.line


def _result(session: ReadSession, item: Item, at_work: bool, public_url: str) -> Result:
    if item.state is not ItemState.DONE or item.reference is None:
        running = item.state is ItemState.PENDING and at_work
        return Result(item=item, state="running" if running else item.state.value)
    if item.op == Operation.EVENT:
        return Result(item=item, state=item.state.value, answer=session.outcome_of(item.reference))
    if item.op == Operation.ENDORSE:
        copy: Copy | None = session.get_copy(CopyId(item.reference))
    else:
        copy = session.find_copy_by_token(item.reference)
    if copy is None:
        raise NotFoundError
    body = copy_body(copy, session.get_version(copy.version_id), public_url)
    return Result(item=item, state=item.state.value, answer=body, copy=copy)
