"""Time stamps: what each issued file has, or still wants.

Revision: r0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def upgrade() -> None:
    """Create the table, and the index by which workers find what is wanted."""
    op.create_table(
        "file_timestamp",
        _text("copy_id"),
        _text("format"),
        _text("sha256"),
        _text("level"),
        _text("stamped_at", nullable=True),
        sa.Column("token", sa.LargeBinary, nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
        _text("not_before"),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("copy_id", "format"),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.copy_id"]),
        sa.CheckConstraint("format IN ('pdf', 'ofd')", name="format"),
        sa.CheckConstraint("level IN ('detached', 'b-t', 'b-lta')", name="level"),
    )
    wanted = sa.text("stamped_at IS NULL")
    op.create_index(
        op.f("file_timestamp_wanted_idx"),
        "file_timestamp",
        ["not_before"],
        sqlite_where=wanted,
        postgresql_where=wanted,
    )


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
