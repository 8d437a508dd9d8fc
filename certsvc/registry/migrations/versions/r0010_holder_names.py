"""Registrations found by the holder's name.

Names of events recorded before are found once their registrations bring a name again.

Revision: r0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0009"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "holder_name",
        sa.Column("name_index", _BYTE_ORDERED, nullable=False),
        sa.Column("registration_id", _BYTE_ORDERED, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name_index", "registration_id", name=op.f("holder_name_pk")),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.registration_id"],
            name=op.f("holder_name_registration_id_fk"),
        ),
    )
    op.create_index(op.f("holder_name_registration_id_idx"), "holder_name", ["registration_id"])


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
