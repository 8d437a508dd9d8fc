"""The tables of how holders come in: one-time links, and what was used up of the portal's assertions."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, ByteOrdered


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


HOLDER_LINK: Final = sa.Table(
    "holder_link",
    METADATA,
    _text("link_hash"),
    _text("holder_id"),
    _text("made_by"),
    _text("made_at"),
    _text("expires_at"),
    _text("used_at", nullable=True),
    _mac(),
    sa.PrimaryKeyConstraint("link_hash"),
    sa.ForeignKeyConstraint(["holder_id"], ["holder.holder_id"]),
    sa.Index(None, "holder_id"),
    sa.Index(None, "expires_at"),
)
"""One-time links to 我的证书. Of the secret in the address only a keyed hash; used_at is written once."""

HOLDER_ASSERTION: Final = sa.Table(
    "holder_assertion",
    METADATA,
    _text("assertion_hash"),
    _text("holder_id"),
    _text("used_at"),
    _text("expires_at"),
    _mac(),
    sa.PrimaryKeyConstraint("assertion_hash"),
    sa.ForeignKeyConstraint(["holder_id"], ["holder.holder_id"]),
    sa.Index(None, "holder_id"),
    sa.Index(None, "expires_at"),
)
"""Assertions of the upstream portal that were used: a keyed hash of issuer and jti, until they expire."""
