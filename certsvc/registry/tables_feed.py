"""The tables of look-ups and of the change feed; they belong to the same schema as those of the record."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, BigWhole, ByteOrdered

IS_SPECIALTY: Final = "specialty IS NOT NULL"
"""Which changes announce a specialty. Literal text, for the partial index."""


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


LOOKUP: Final = sa.Table(
    "lookup",
    METADATA,
    _text("registration_id"),
    _text("copy_id"),
    _text("hour"),
    _text("caller"),
    _text("way"),
    sa.Column("count", BigWhole, nullable=False),
    _mac(),
    # No foreign key: checking it would wait for whoever holds the registration.
    sa.PrimaryKeyConstraint("registration_id", "copy_id", "hour", "caller", "way"),
)
"""How often a copy was looked up in one hour of Beijing's; copy_id is empty for the record itself."""

LOOKUP_JOURNAL: Final = sa.Table(
    "lookup_journal",
    METADATA,
    _text("entry_id"),
    _text("content"),
    _mac(),
    sa.PrimaryKeyConstraint("entry_id"),
)
"""Look-ups not added to their counters yet: some hundred in one row, a JSON array of [counter, count]."""

FOLLOW: Final = sa.Table(
    "follow",
    METADATA,
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
"""Which certificates an API client verified; copy_id is empty, token NULL, for the record itself."""

CHANGE: Final = sa.Table(
    "change",
    METADATA,
    _text("client_id"),
    sa.Column("seq", BigWhole, nullable=False),
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
    # A counter deleted by hand must give no place in the feed twice, whosever feed it is.
    sa.UniqueConstraint("seq"),
    sa.ForeignKeyConstraint(["registration_id"], ["registration.registration_id"]),
    sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
    sa.CheckConstraint("(specialty IS NULL) = (valid_to IS NULL)", name="specialty"),
    sa.Index(
        "change_announced_key",
        "registration_id",
        "client_id",
        "specialty",
        "valid_to",
        unique=True,
        sqlite_where=sa.text(IS_SPECIALTY),
        postgresql_where=sa.text(IS_SPECIALTY),
    ),
)
"""What clients are told, each client's rows in the order of seq; an announced specialty stands once."""
