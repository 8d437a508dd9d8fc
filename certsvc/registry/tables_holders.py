"""The tables of holders' keys and of what is kept under them alone; they belong to the same schema."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, ByteOrdered


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


HOLDER_KEY: Final = sa.Table(
    "holder_key",
    METADATA,
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
    sa.Index(
        "holder_key_files_idx",
        "holder_id",
        sqlite_where=sa.text("erased_at IS NOT NULL AND files_gone_at IS NULL"),
        postgresql_where=sa.text("erased_at IS NOT NULL AND files_gone_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)
"""A holder's key, wrapped by the registry's secret; gone with what it opened once erased_at is there. While
files_gone_at is missing after that, files of the holder may still be in the store."""

HOLDER_IMAGE: Final = sa.Table(
    "holder_image",
    METADATA,
    _text("holder_id"),
    _text("sha256"),
    _bytes("content"),
    _text("added_at"),
    _bytes("mac"),
    sa.PrimaryKeyConstraint("holder_id", "sha256"),
    sa.ForeignKeyConstraint(["holder_id"], ["holder.holder_id"]),
    sa.Index(None, "sha256"),
)
"""A holder's photos and signature images, encrypted; the same picture of two holders stands here twice."""
