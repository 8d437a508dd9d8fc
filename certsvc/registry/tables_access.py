"""The tables of operators, of sessions and of what operators did; they belong to the same schema."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, BigWhole, ByteOrdered


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


OPERATOR: Final = sa.Table(
    "operator",
    METADATA,
    _text("operator_id"),
    _text("name"),
    _text("password_hash"),
    _text("password_at"),
    sa.Column("password_once", sa.Integer, nullable=False),
    _text("roles"),
    _text("created_at"),
    _text("disabled_at", nullable=True),
    _mac(),
    sa.PrimaryKeyConstraint("operator_id"),
    sa.UniqueConstraint("name"),
)
"""People at the desk. password_once is 1 while the password is one that somebody else gave; roles are
separated by blanks, in the order of the alphabet."""

SESSION: Final = sa.Table(
    "session",
    METADATA,
    _text("secret_hash"),
    _text("principal_kind"),
    _text("principal_id"),
    _text("created_at"),
    _text("last_used_at"),
    _text("expires_at"),
    _text("revoked_at", nullable=True),
    _mac(),
    sa.PrimaryKeyConstraint("secret_hash"),
    sa.Index(None, "principal_kind", "principal_id"),
    sa.Index(None, "expires_at"),
    sa.CheckConstraint("principal_kind IN ('operator', 'holder')", name="principal_kind"),
)
"""Who is logged in. Of the secret in the cookie only a keyed hash; last_used_at is at most a minute old."""

OPERATOR_ACTION: Final = sa.Table(
    "operator_action",
    METADATA,
    _text("action_id"),
    sa.Column("seq", BigWhole, nullable=False),
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
    sa.PrimaryKeyConstraint("action_id"),
    sa.UniqueConstraint("seq"),
    sa.Index(None, "operator", "seq"),
    sa.Index(None, "target_id", "seq"),
    sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="outcome"),
)
"""What operators did, and why. Rows are only added; the outcome is written once, where it was not known yet.
seq is given without gaps: a row taken away leaves one."""

CLIENT_CERTIFICATE: Final = sa.Table(
    "client_certificate",
    METADATA,
    _text("client_id"),
    _text("sha256"),
    _text("added_at"),
    _mac(),
    sa.PrimaryKeyConstraint("client_id", "sha256"),
    sa.ForeignKeyConstraint(["client_id"], ["client.client_id"]),
)
"""Certificates without which an API key is not enough; sha256 is that of the DER, in hex."""
