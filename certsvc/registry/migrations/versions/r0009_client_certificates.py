"""Certificates bound to API clients.

Revision: r0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=False)


def upgrade() -> None:
    """Create the table; no client has a certificate bound yet."""
    op.create_table(
        "client_certificate",
        _text("client_id"),
        _text("sha256"),
        _text("added_at"),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "sha256", name=op.f("client_certificate_pk")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("client_certificate_client_id_fk")
        ),
    )


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
