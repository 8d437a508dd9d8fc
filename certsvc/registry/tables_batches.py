"""The tables of batches: what was submitted, in which portions it is carried out, what became of it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, ByteOrdered


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


def _in_batch() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"])


BATCH: Final = sa.Table(
    "batch",
    METADATA,
    _text("batch_id"),
    _text("client_id"),
    _text("digest"),
    _text("engine"),
    _text("state"),
    _text("reason", nullable=True),
    _whole("total"),
    _whole("events"),
    _text("created_at"),
    _text("changed_at"),
    _mac(),
    sa.PrimaryKeyConstraint("batch_id"),
    # No foreign key for client_id: the command line has no row among the clients.
    sa.UniqueConstraint("client_id", "digest"),
    sa.Index(None, "engine", "state"),
    sa.CheckConstraint("engine IN ('local', 'service')", name="engine"),
    sa.CheckConstraint("state IN ('planning', 'running', 'stopped', 'done', 'cancelled')", name="state"),
)
"""Submissions. digest is a keyed hash of what was sent: the same again is the same batch."""

BATCH_CHUNK: Final = sa.Table(
    "batch_chunk",
    METADATA,
    _text("batch_id"),
    _whole("chunk"),
    _whole("lane"),
    _whole("round"),
    _whole("tries"),
    _text("state"),
    _text("worker"),
    _text("lease_until"),
    _text("not_before"),
    _whole("total"),
    _whole("done"),
    _whole("failed"),
    _whole("cancelled"),
    _whole("settled"),
    _text("settled_at"),
    _mac(),
    sa.PrimaryKeyConstraint("batch_id", "chunk"),
    _in_batch(),
    sa.Index(None, "batch_id", "state", "round", "chunk"),
    sa.CheckConstraint("state IN ('open', 'running', 'closed')", name="state"),
)
"""Portions of a batch, each carried out by one worker at a time; with counts, so that nobody counts items."""

BATCH_ITEM: Final = sa.Table(
    "batch_item",
    METADATA,
    _text("batch_id"),
    _whole("line"),
    _whole("chunk"),
    _text("item_key"),
    _text("item_id", nullable=True),
    _text("op", nullable=True),
    _text("registration_number", nullable=True),
    _text("state"),
    _text("code", nullable=True),
    _text("problem", nullable=True),
    _text("reference", nullable=True),
    _whole("created", nullable=True),
    _text("settled_at", nullable=True),
    _mac(),
    sa.PrimaryKeyConstraint("batch_id", "line"),
    _in_batch(),
    sa.UniqueConstraint("batch_id", "item_key"),
    sa.Index(None, "batch_id", "chunk", "line"),
    sa.CheckConstraint("state IN ('pending', 'done', 'failed', 'cancelled')", name="state"),
)
"""One thing asked for. item_key is the caller's item_id, or the line where there is none to go by."""

BATCH_BODY: Final = sa.Table(
    "batch_body",
    METADATA,
    _text("batch_id"),
    _whole("line"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    _mac(),
    sa.PrimaryKeyConstraint("batch_id", "line"),
    _in_batch(),
)
"""What an item says, compressed and encrypted; gone once the item is done or cancelled."""
