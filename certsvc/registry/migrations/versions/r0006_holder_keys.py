"""A key for each holder, images that belong to one holder, and requests found by their copy.

Revision: r0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_FILES_LEFT = "erased_at IS NOT NULL AND files_gone_at IS NULL"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def upgrade() -> None:
    """Create both tables; holders that are there get a key with the next thing recorded or issued."""
    op.create_table(
        "holder_key",
        _text("holder_id"),
        _bytes("wrapped", nullable=True),
        _text("created_at"),
        _text("erased_at", nullable=True),
        _text("files_gone_at", nullable=True),
        _bytes("mac"),
        sa.PrimaryKeyConstraint("holder_id"),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.holder_id"]),
        sa.CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name="erased"),
        sa.CheckConstraint("files_gone_at IS NULL OR erased_at IS NOT NULL", name="files_gone"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "holder_key_files_idx",
        "holder_key",
        ["holder_id"],
        sqlite_where=sa.text(_FILES_LEFT),
        postgresql_where=sa.text(_FILES_LEFT),
    )
    op.create_table(
        "holder_image",
        _text("holder_id"),
        _text("sha256"),
        _bytes("content"),
        _text("added_at"),
        _bytes("mac"),
        sa.PrimaryKeyConstraint("holder_id", "sha256"),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.holder_id"]),
    )
    op.create_index(op.f("holder_image_sha256_idx"), "holder_image", ["sha256"])
    # Erasing looks for the requests that led to a holder's copies.
    op.create_index(op.f("idempotency_key_copy_id_idx"), "idempotency_key", ["copy_id"])


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
