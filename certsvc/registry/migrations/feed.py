"""The tables of look-ups and of the change feed as the first schema makes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_BIG_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


def create_feed() -> None:
    """Create lookup, follow and change."""
    op.create_table(
        "lookup",
        _text("registration_id"),
        _text("copy_id"),
        _text("hour"),
        _text("caller"),
        _text("way"),
        sa.Column("count", _BIG_WHOLE, nullable=False),
        _mac(),
        sa.PrimaryKeyConstraint("registration_id", "copy_id", "hour", "caller", "way"),
    )
    op.create_table(
        "follow",
        _text("registration_id"),
        _text("client_id"),
        _text("copy_id"),
        _text("token", nullable=True),
        _text("licence_id"),
        _text("followed_at"),
        _mac(),
        sa.PrimaryKeyConstraint("registration_id", "client_id", "copy_id"),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.registration_id"]),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
    )
    op.create_table(
        "change",
        _text("client_id"),
        sa.Column("seq", _BIG_WHOLE, nullable=False),
        _text("registration_id"),
        _text("token", nullable=True),
        _text("licence_id"),
        _text("status"),
        _text("changed_fields"),
        _text("specialty", nullable=True),
        _text("valid_to", nullable=True),
        _text("at"),
        _mac(),
        sa.PrimaryKeyConstraint("client_id", "seq"),
        sa.UniqueConstraint("seq"),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.registration_id"]),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
        sa.CheckConstraint("(specialty IS NULL) = (valid_to IS NULL)", name="specialty"),
    )
    op.create_index(
        "change_announced_key",
        "change",
        ["registration_id", "client_id", "specialty", "valid_to"],
        unique=True,
        sqlite_where=sa.text("specialty IS NOT NULL"),
        postgresql_where=sa.text("specialty IS NOT NULL"),
    )
