"""How holders come in: one-time links, and the portal's assertions that were used.

Revision: r0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def upgrade() -> None:
    """Create both tables."""
    for table, key, columns in (
        (
            "holder_link",
            "link_hash",
            (_text("made_by"), _text("made_at"), _text("expires_at"), _text("used_at", nullable=True)),
        ),
        ("holder_assertion", "assertion_hash", (_text("used_at"), _text("expires_at"))),
    ):
        op.create_table(
            table,
            _text(key),
            _text("holder_id"),
            *columns,
            sa.Column("mac", sa.LargeBinary, nullable=False),
            sa.PrimaryKeyConstraint(key),
            sa.ForeignKeyConstraint(["holder_id"], ["holder.holder_id"]),
        )
        for column in ("holder_id", "expires_at"):
            op.create_index(op.f(f"{table}_{column}_idx"), table, [column])


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
