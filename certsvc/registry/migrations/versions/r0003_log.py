"""The transparency log: entries, tiles of the tree, checkpoints.

Revision: r0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_BIG_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG_WHOLE, nullable=nullable, autoincrement=False)


def upgrade() -> None:
    """Create the three tables and what numbers the entries."""
    op.create_table(
        "log_entry",
        _whole("entry"),
        _text("kind"),
        _text("fact"),
        _text("at"),
        _bytes("salt", nullable=True),
        _bytes("commitment"),
        _text("facts", nullable=True),
        _whole("place", nullable=True),
        _bytes("mac"),
        sa.PrimaryKeyConstraint("entry"),
        sa.UniqueConstraint("fact"),
    )
    for name, column, where, unique in (
        ("log_entry_waits_idx", "entry", "place IS NULL", False),
        ("log_entry_place_key", "place", "place IS NOT NULL", True),
    ):
        op.create_index(
            name,
            "log_entry",
            [column],
            unique=unique,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "log_tile",
        _whole("level"),
        _whole("number"),
        _bytes("hashes"),
        _bytes("mac"),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "log_checkpoint",
        _whole("size"),
        _bytes("root"),
        _text("note"),
        _text("at"),
        _bytes("mac"),
        sa.PrimaryKeyConstraint("size"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("log_entry_seq", start=1)))


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
