"""The first schema.

Revision: r0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from certsvc.registry.migrations.feed import create_feed

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

# Constraints get their names from the naming convention in certsvc.registry.tables.

_BYTE_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _BYTE_ORDERED, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _rising(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


def _to(column: str, target: str, *, deferred: bool = False) -> sa.ForeignKeyConstraint:
    if deferred:
        return sa.ForeignKeyConstraint([column], [target], deferrable=True, initially="DEFERRED")
    return sa.ForeignKeyConstraint([column], [target])


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"{table}_{'_'.join(columns)}_idx"), table, list(columns))


def _index_where(name: str, table: str, *columns: str, unique: bool, where: str) -> None:
    op.create_index(
        name,
        table,
        list(columns),
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    """Create every table."""
    _create_registrations()
    _create_history()
    _create_copies()
    _create_rest()
    create_feed()


def _create_registrations() -> None:
    op.create_table(
        "holder",
        _text("holder_id"),
        _text("id_index"),
        _text("created_at"),
        _mac(),
        sa.PrimaryKeyConstraint("holder_id"),
        sa.UniqueConstraint("id_index"),
    )
    op.create_table(
        "registration",
        _text("registration_id"),
        _text("holder_id"),
        _text("certificate_type"),
        _rising("ordinal"),
        _text("created_at"),
        _mac(),
        sa.PrimaryKeyConstraint("registration_id"),
        _to("holder_id", "holder.holder_id"),
        sa.UniqueConstraint("ordinal"),
    )
    _index("registration", "holder_id", "certificate_type", "ordinal")
    op.create_table(
        "registration_number",
        _text("number"),
        _text("registration_id"),
        _text("added_at"),
        _mac(),
        sa.PrimaryKeyConstraint("number", "registration_id"),
        _to("registration_id", "registration.registration_id"),
    )


def _create_history() -> None:
    op.create_table(
        "event",
        _text("event_id"),
        _rising("seq"),
        _text("source_id"),
        _text("registration_id"),
        _text("type"),
        _text("certificate_type"),
        _text("effective_at"),
        _text("recorded_at"),
        _text("body_digest"),
        _text("version_id"),
        _text("payload"),
        sa.Column("id_number", sa.LargeBinary, nullable=True),
        _text("changed_fields"),
        _text("outcome"),
        _mac(),
        sa.PrimaryKeyConstraint("event_id"),
        sa.UniqueConstraint("seq"),
        sa.UniqueConstraint("source_id"),
        _to("registration_id", "registration.registration_id"),
    )
    _index("event", "registration_id", "seq")
    _index("event", "recorded_at")
    op.create_table(
        "certificate_version",
        _text("version_id"),
        _text("registration_id"),
        _whole("ordinal"),
        _text("serial"),
        _whole("version"),
        _text("licence_id"),
        _text("previous_licence_id", nullable=True),
        _text("face"),
        _text("face_hash"),
        _text("event_id"),
        _text("created_at"),
        _mac(),
        sa.PrimaryKeyConstraint("version_id"),
        sa.UniqueConstraint("registration_id", "ordinal"),
        sa.UniqueConstraint("serial", "version"),
        sa.UniqueConstraint("licence_id"),
        _to("registration_id", "registration.registration_id"),
        _to("event_id", "event.event_id", deferred=True),
        sa.CheckConstraint("version BETWEEN 1 AND 999", name="version"),
    )
    op.create_table(
        "image",
        _text("sha256"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        _text("added_at"),
        _mac(),
        sa.PrimaryKeyConstraint("sha256"),
    )


def _create_copies() -> None:
    if op.get_bind().dialect.supports_sequences:
        op.execute(sa.schema.CreateSequence(sa.Sequence("copy_status_index_seq", start=0, minvalue=0)))
    op.create_table(
        "copy",
        _text("copy_id"),
        _text("kind"),
        _text("registration_id"),
        _text("holder_id"),
        _text("certificate_type"),
        _text("version_id"),
        _text("day"),
        _text("state"),
        _text("worker"),
        _text("lease_until"),
        _text("token"),
        _text("code"),
        _whole("reissue"),
        _text("content_digest"),
        _text("key_id"),
        _text("seal_key_id"),
        _text("issuer_name"),
        _text("reserved_at"),
        _text("use_from", nullable=True),
        _text("use_until", nullable=True),
        _text("cap_reason", nullable=True),
        _text("specialties", nullable=True),
        _text("warnings", nullable=True),
        _whole("copy_number", nullable=True),
        _whole("status_index", nullable=True),
        _text("purpose", nullable=True),
        _text("pdf_sha256", nullable=True),
        _whole("pdf_size", nullable=True),
        _text("ofd_sha256", nullable=True),
        _whole("ofd_size", nullable=True),
        _text("done_at", nullable=True),
        _text("failure", nullable=True),
        _text("changed_at"),
        _mac(),
        sa.PrimaryKeyConstraint("copy_id"),
        sa.UniqueConstraint("token"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("pdf_sha256"),
        sa.UniqueConstraint("ofd_sha256"),
        sa.UniqueConstraint("registration_id", "copy_number"),
        sa.UniqueConstraint("status_index"),
        _to("registration_id", "registration.registration_id"),
        _to("holder_id", "holder.holder_id"),
        _to("version_id", "certificate_version.version_id"),
        sa.CheckConstraint("kind IN ('original', 'endorsement')", name="kind"),
        sa.CheckConstraint("state IN ('PENDING', 'DONE', 'FAILED')", name="state"),
        sa.CheckConstraint("(kind = 'endorsement') = (copy_number IS NOT NULL)", name="copy_number"),
        sa.CheckConstraint("(kind = 'endorsement') = (status_index IS NOT NULL)", name="status_index"),
        sa.CheckConstraint("(state = 'DONE') = (done_at IS NOT NULL)", name="done_at"),
    )
    _index_where(
        "copy_one_a_day_key",
        "copy",
        "holder_id",
        "certificate_type",
        "day",
        unique=True,
        where="state <> 'FAILED' AND kind = 'endorsement'",
    )
    _index_where(
        "copy_one_original_key",
        "copy",
        "version_id",
        "reissue",
        unique=True,
        where="state <> 'FAILED' AND kind = 'original'",
    )
    _index_where("copy_pending_idx", "copy", "lease_until", unique=False, where="state = 'PENDING'")
    _index("copy", "holder_id", "certificate_type", "day")
    _index("copy", "version_id", "reissue")
    _index("copy", "changed_at")
    op.create_table(
        "idempotency_key",
        _text("client_id"),
        _text("key"),
        _text("body_digest"),
        _text("copy_id"),
        _text("used_at"),
        _mac(),
        sa.PrimaryKeyConstraint("client_id", "key"),
        _to("copy_id", "copy.copy_id", deferred=True),
    )


def _create_rest() -> None:
    op.create_table(
        "client",
        _text("client_id"),
        _text("name"),
        _text("scopes"),
        _text("key_hash"),
        _text("created_at"),
        _mac(),
        sa.PrimaryKeyConstraint("client_id"),
        sa.UniqueConstraint("key_hash"),
    )
    _index("client", "created_at")
    op.create_table(
        "specialty_end",
        _text("registration_id"),
        _text("specialty"),
        _text("registration_number"),
        _text("valid_to"),
        _mac(),
        sa.PrimaryKeyConstraint("registration_id", "specialty"),
        _to("registration_id", "registration.registration_id"),
    )
    _index("specialty_end", "valid_to", "registration_number", "specialty")
    op.create_table(
        "counter",
        _text("name"),
        _rising("value"),
        _mac(),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Refuse: a registry that issued certificates is never emptied by a command."""
    raise NotImplementedError("restore a backup instead")
