"""The table by which a registration is found by its holder's name; it belongs to the same schema."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, ByteOrdered

HOLDER_NAME: Final = sa.Table(
    "holder_name",
    METADATA,
    sa.Column("name_index", ByteOrdered, nullable=False),
    sa.Column("registration_id", ByteOrdered, nullable=False),
    sa.Column("mac", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("name_index", "registration_id"),
    sa.ForeignKeyConstraint(["registration_id"], ["registration.registration_id"]),
    sa.Index(None, "registration_id"),
)
"""Keyed hash of every name a registration's holder had, as canonical; the names themselves are sealed."""
