"""Operators, sessions, and what operators did.

Revision: r0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "operator",
        _text("operator_id"),
        _text("name"),
        _text("password_hash"),
        _text("password_at"),
        sa.Column("password_once", sa.Integer, nullable=False),
        _text("roles"),
        _text("created_at"),
        _text("disabled_at", nullable=True),
        _mac(),
        sa.PrimaryKeyConstraint("operator_id", name=op.f("operator_pk")),
        sa.UniqueConstraint("name", name=op.f("operator_name_key")),
    )
    op.create_table(
        "session",
        _text("secret_hash"),
        _text("principal_kind"),
        _text("principal_id"),
        _text("created_at"),
        _text("last_used_at"),
        _text("expires_at"),
        _text("revoked_at", nullable=True),
        _mac(),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("session_pk")),
        sa.CheckConstraint(
            "principal_kind IN ('operator', 'holder')", name=op.f("session_principal_kind_check")
        ),
    )
    op.create_index(
        op.f("session_principal_kind_principal_id_idx"), "session", ["principal_kind", "principal_id"]
    )
    op.create_index(op.f("session_expires_at_idx"), "session", ["expires_at"])
    op.create_table(
        "operator_action",
        _text("action_id"),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _text("at"),
        _text("operator_id"),
        _text("operator"),
        _text("action"),
        _text("target_kind"),
        _text("target_id"),
        _text("reason"),
        _text("outcome", nullable=True),
        _text("ended_at", nullable=True),
        _mac(),
        sa.PrimaryKeyConstraint("action_id", name=op.f("operator_action_pk")),
        sa.UniqueConstraint("seq", name=op.f("operator_action_seq_key")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL)", name=op.f("operator_action_outcome_check")
        ),
    )
    op.create_index(op.f("operator_action_operator_seq_idx"), "operator_action", ["operator", "seq"])
    op.create_index(op.f("operator_action_target_id_seq_idx"), "operator_action", ["target_id", "seq"])


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
