"""Which portion may be taken: one per lane, round after round, never one somebody works on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from certsvc.batch.claim import choose
from certsvc.batch.progress import WINDOW, progress_of
from certsvc.batch.reason import faults_of, problem_of
from certsvc.batch.settle import BUSY_TRIES, NOT_YET_ROUNDS, judged
from certsvc.errors import (
    CertsvcError,
    DefectError,
    EndorsedTodayError,
    EndorsementPendingError,
    Fault,
    HSMUnavailableError,
    InvalidFieldError,
    KeyCapReachedError,
    KeyMaterialError,
    KeyWithdrawnError,
    NotFoundError,
    RecordDamagedError,
    StorageFullError,
    UnavailableError,
)
from certsvc.issuing.counter import Outcome
from certsvc.registry.port_batches import Batch, BatchState, Chunk, ChunkState, Engine, Item, ItemState

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
OPEN = Chunk(number=1, lane=1, total=10)
HELD = replace(OPEN, state=ChunkState.RUNNING, worker="other", lease_until=NOW)
ITEM = Item(
    line=1,
    chunk=1,
    item_key="i a",
    item_id="a",
    op="endorse",
    registration_number="x",
    state=ItemState.PENDING,
)


def a_batch(**changes: object) -> Batch:
    """Make a batch that runs since NOW."""
    base = Batch(
        batch_id="b",
        client_id="c",
        digest="d",
        engine=Engine.LOCAL,
        state=BatchState.RUNNING,
        total=30,
        created_at=NOW,
        changed_at=NOW,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("chunks", "taken"),
    [
        ([], None),
        ([OPEN], 1),
        ([HELD], None),
        ([replace(HELD, lease_until=NOW - timedelta(microseconds=1))], 1),
        ([replace(HELD, worker="me")], 1),
        ([HELD, replace(OPEN, number=2)], None),
        ([HELD, replace(OPEN, number=2, lane=2)], 2),
        ([replace(OPEN, not_before=NOW)], 1),
        ([replace(OPEN, not_before=NOW + timedelta(seconds=1)), replace(OPEN, number=2)], None),
        ([HELD, replace(OPEN, number=2, lane=2, round=1)], None),
        ([replace(OPEN, number=3, round=2), replace(OPEN, number=4, round=2)], 3),
    ],
    ids=[
        "none",
        "free",
        "at work",
        "lease over",
        "mine",
        "lane busy",
        "other lane",
        "time has come",
        "too early",
        "round not over",
        "later round",
    ],
)
def test_a_portion_is_taken_when_nobody_works_on_it_or_before_it(
    chunks: list[Chunk], taken: int | None
) -> None:
    """Both sides of each border: the lease's last instant still counts."""
    chosen = choose(chunks, "me", NOW)

    assert (chosen.number if chosen is not None else None) == taken


@pytest.mark.parametrize(
    ("error", "round_", "state", "wait", "stop"),
    [
        (EndorsedTodayError("e"), 0, "failed", False, None),
        (NotFoundError(), NOT_YET_ROUNDS - 1, "pending", False, None),
        (NotFoundError(), NOT_YET_ROUNDS, "failed", False, None),
        (EndorsementPendingError(), BUSY_TRIES - 1, "pending", True, None),
        (EndorsementPendingError(), BUSY_TRIES, "failed", False, None),
        (UnavailableError(), 0, "pending", True, None),
        (RecordDamagedError(), 0, "failed", False, None),
        (DefectError(), 0, "failed", False, None),
        (HSMUnavailableError(), 0, "pending", True, None),
        (KeyWithdrawnError(), 0, "pending", True, None),
        (KeyCapReachedError(), 0, "failed", False, "KEY_CAP_REACHED"),
        (StorageFullError(), 0, "failed", False, "STORAGE_FULL"),
        (KeyMaterialError(), 0, "failed", False, "KEY_MATERIAL"),
    ],
)
def test_what_an_error_means_for_its_item(
    error: CertsvcError, round_: int, state: str, wait: bool, stop: str | None
) -> None:
    """What may be better later is put off, what everybody would meet stops the run, the rest fails."""
    chunk = replace(OPEN, round=round_, tries=round_)
    verdict = judged(a_batch(events=True), chunk, ITEM, Outcome(error=error), NOW)

    assert (verdict.item.state, verdict.wait, verdict.stop) == (state, wait, stop)
    assert verdict.item.code == (error.code if state == "failed" else None)


def test_nothing_is_waited_for_that_cannot_come() -> None:
    """Without an event in the batch an unknown number stays unknown; a cancelled batch puts nothing off."""
    unknown = judged(a_batch(events=False), OPEN, ITEM, Outcome(error=NotFoundError()), NOW)
    cancelled = a_batch(state=BatchState.CANCELLED)
    late = judged(cancelled, OPEN, ITEM, Outcome(error=EndorsementPendingError()), NOW)

    assert (unknown.item.state, late.item.state) == ("failed", "cancelled")


def test_a_reason_comes_back_from_its_row_as_it_was() -> None:
    """Who asks later is told the same as who asked at once."""
    faults = (Fault("/a", "甲", "a"), Fault("/b", "乙", "b"))

    assert tuple(faults_of(problem_of(InvalidFieldError(*faults)))) == faults
    assert problem_of(EndorsedTodayError("e1")) == {"existing_id": "e1"}
    assert problem_of(NotFoundError()) == {} and faults_of({}) == []


def test_counts_add_up_and_the_rate_is_that_of_the_last_minute() -> None:
    """A batch that rested over night must not say it needs another night."""
    now = NOW + timedelta(hours=9)
    chunks = [
        Chunk(number=1, lane=1, total=10, done=8, failed=2, settled=10, settled_at=now - WINDOW),
        Chunk(number=2, lane=1, total=10, done=6, settled=6, settled_at=now - timedelta(seconds=1)),
        Chunk(number=3, lane=2, total=10, state=ChunkState.RUNNING, worker="w", lease_until=now),
    ]
    progress = progress_of(a_batch(), chunks, now)
    first = progress_of(a_batch(changed_at=now - timedelta(seconds=2)), chunks, now)
    stopped = progress_of(a_batch(state=BatchState.STOPPED, reason="STORAGE_FULL"), chunks, now)

    assert (progress.done, progress.failed, progress.pending, progress.running) == (14, 2, 4, 10)
    assert progress.total == progress.done + progress.failed + progress.left
    assert (progress.rate, progress.eta_s) == (0.1, 140)
    assert (first.rate, first.eta_s) == (3.0, 5)
    assert (stopped.rate, stopped.eta_s, stopped.reason) == (None, None, "STORAGE_FULL")
