"""The table of time stamps: what each issued file has, or still wants."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, ByteOrdered

IS_WANTED: Final = "stamped_at IS NULL"
"""Which rows a worker looks for. Literal text, for the partial index."""


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


FILE_TIMESTAMP: Final = sa.Table(
    "file_timestamp",
    METADATA,
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
    sa.Index(
        "file_timestamp_wanted_idx",
        "not_before",
        sqlite_where=sa.text(IS_WANTED),
        postgresql_where=sa.text(IS_WANTED),
    ),
    sa.CheckConstraint("format IN ('pdf', 'ofd')", name="format"),
    sa.CheckConstraint("level IN ('detached', 'b-t', 'b-lta')", name="level"),
)
"""One row for each file of a copy that a policy stamps, written in the transaction that makes it DONE."""
