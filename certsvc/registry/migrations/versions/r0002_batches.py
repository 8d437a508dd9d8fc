"""Batches: submissions, their portions, their items; and an index for recording many events.

Revision: r0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


def _in_batch() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"])


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"{table}_{'_'.join(columns)}_idx"), table, list(columns))


def upgrade() -> None:
    """Create the four tables, and the index without which each event takes longer than the one before."""
    _index("certificate_version", "event_id")
    op.create_table(
        "batch",
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
        sa.UniqueConstraint("client_id", "digest"),
        sa.CheckConstraint("engine IN ('local', 'service')", name="engine"),
        sa.CheckConstraint("state IN ('planning', 'running', 'stopped', 'done', 'cancelled')", name="state"),
    )
    _index("batch", "engine", "state")
    op.create_table(
        "batch_chunk",
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
        sa.CheckConstraint("state IN ('open', 'running', 'closed')", name="state"),
    )
    _index("batch_chunk", "batch_id", "state", "round", "chunk")
    op.create_table(
        "batch_item",
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
        sa.CheckConstraint("state IN ('pending', 'done', 'failed', 'cancelled')", name="state"),
    )
    _index("batch_item", "batch_id", "chunk", "line")
    op.create_table(
        "batch_body",
        _text("batch_id"),
        _whole("line"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        _mac(),
        sa.PrimaryKeyConstraint("batch_id", "line"),
        _in_batch(),
    )


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
