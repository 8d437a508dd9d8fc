"""The tables of the registry.

Three column types only: text, whole number, bytes. Days are ``YYYY-MM-DD``, instants are
``YYYY-MM-DDTHH:MM:SS.ffffffZ`` in UTC, so text order is time order. A row is thus the same values on every
database, its MAC covers exactly what lies in the columns, and nothing is parsed before the MAC was checked.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

REVISION: Final = "r0010"
"""The schema this code reads and writes; the head of ``migrations/``."""

ENDORSEMENT_TAKES_DAY: Final = "state <> 'FAILED' AND kind = 'endorsement'"
"""Which copies take a holder's day. Literal text: PostgreSQL matches no bind parameter to a partial index."""
ORIGINAL_TAKES_PLACE: Final = "state <> 'FAILED' AND kind = 'original'"
"""Which copies take a version's place for an original."""

METADATA: Final = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

ByteOrdered: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text in the order of its bytes, as SQLite has it. An order of some language changes with the machine's
libraries, and an index built before no longer finds what it holds: the unique ones would let doubles in."""
BigWhole: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _mac() -> sa.Column[bytes]:
    return sa.Column("mac", sa.LargeBinary, nullable=False)


def _to(column: str, target: str, *, deferred: bool = False) -> sa.ForeignKeyConstraint:
    if deferred:
        return sa.ForeignKeyConstraint([column], [target], deferrable=True, initially="DEFERRED")
    return sa.ForeignKeyConstraint([column], [target])


def _unique_where(name: str, *columns: str, where: str) -> sa.Index:
    return sa.Index(name, *columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


HOLDER: Final = sa.Table(
    "holder",
    METADATA,
    _text("holder_id"),
    _text("id_index"),
    _text("created_at"),
    _mac(),
    sa.PrimaryKeyConstraint("holder_id"),
    sa.UniqueConstraint("id_index"),
)
"""People. id_index is a keyed hash of the identity document in force; its number lies in no holder row."""

REGISTRATION: Final = sa.Table(
    "registration",
    METADATA,
    _text("registration_id"),
    _text("holder_id"),
    _text("certificate_type"),
    sa.Column("ordinal", BigWhole, nullable=False),
    _text("created_at"),
    _mac(),
    sa.PrimaryKeyConstraint("registration_id"),
    _to("holder_id", "holder.holder_id"),
    sa.UniqueConstraint("ordinal"),
    sa.Index(None, "holder_id", "certificate_type", "ordinal"),
)
"""Registrations. ordinal rises over the registry: it, not the clock, says which is the latest."""

REGISTRATION_NUMBER: Final = sa.Table(
    "registration_number",
    METADATA,
    _text("number"),
    _text("registration_id"),
    _text("added_at"),
    _mac(),
    sa.PrimaryKeyConstraint("number", "registration_id"),
    _to("registration_id", "registration.registration_id"),
)
"""Every number a registration has or had."""

EVENT: Final = sa.Table(
    "event",
    METADATA,
    _text("event_id"),
    sa.Column("seq", BigWhole, nullable=False),
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
    # No foreign key for version_id: versions name their events, and a ring of tables cannot be created.
    sa.Index(None, "registration_id", "seq"),
    sa.Index(None, "recorded_at"),
)
"""The history, append-only. id_number is encrypted and stands in no other column."""

CERTIFICATE_VERSION: Final = sa.Table(
    "certificate_version",
    METADATA,
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
    # A version comes before its event; SQLite then looks at each new event for the versions that wait for it,
    # through the whole table where there is no index.
    sa.Index(None, "event_id"),
)
"""Frozen contents of certificates; ordinal is the order of recording within a registration."""

IMAGE: Final = sa.Table(
    "image",
    METADATA,
    _text("sha256"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    _text("added_at"),
    _mac(),
    sa.PrimaryKeyConstraint("sha256"),
)
"""Normalised photos and signature images."""

COPY: Final = sa.Table(
    "copy",
    METADATA,
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
    _unique_where("copy_one_a_day_key", "holder_id", "certificate_type", "day", where=ENDORSEMENT_TAKES_DAY),
    _unique_where("copy_one_original_key", "version_id", "reissue", where=ORIGINAL_TAKES_PLACE),
    # Look-ups pass FAILED rows too: a state changed by hand must fail the row's MAC, not hide the row.
    sa.Index(None, "holder_id", "certificate_type", "day"),
    sa.Index(None, "version_id", "reissue"),
    sa.Index(
        "copy_pending_idx",
        "lease_until",
        sqlite_where=sa.text("state = 'PENDING'"),
        postgresql_where=sa.text("state = 'PENDING'"),
    ),
    sa.Index(None, "changed_at"),
)
"""Everything issued or being issued. changed_at is the instant of the last change of state."""

STATUS_INDEX: Final = sa.Sequence("copy_status_index_seq", start=0, minvalue=0, metadata=METADATA)
"""Gives places in the status lists where many write at once: nobody waits for another's, and what is rolled
back leaves a gap. SQLite, whose writers come one at a time, counts on from the highest."""

IDEMPOTENCY_KEY: Final = sa.Table(
    "idempotency_key",
    METADATA,
    _text("client_id"),
    _text("key"),
    _text("body_digest"),
    _text("copy_id"),
    _text("used_at"),
    _mac(),
    sa.PrimaryKeyConstraint("client_id", "key"),
    _to("copy_id", "copy.copy_id", deferred=True),
    sa.Index(None, "copy_id"),
)
"""Idempotency-Keys, kept for ever; copy_id is the latest attempt."""

CLIENT: Final = sa.Table(
    "client",
    METADATA,
    _text("client_id"),
    _text("name"),
    _text("scopes"),
    _text("key_hash"),
    _text("created_at"),
    _mac(),
    sa.PrimaryKeyConstraint("client_id"),
    sa.UniqueConstraint("key_hash"),
    sa.Index(None, "created_at"),
)
"""API clients; of an API key only a keyed hash. scopes also marks who has certificates (clients.py)."""

SPECIALTY_END: Final = sa.Table(
    "specialty_end",
    METADATA,
    _text("registration_id"),
    _text("specialty"),
    _text("registration_number"),
    _text("valid_to"),
    _mac(),
    sa.PrimaryKeyConstraint("registration_id", "specialty"),
    _to("registration_id", "registration.registration_id"),
    sa.Index(None, "valid_to", "registration_number", "specialty"),
)
"""Specialties of live registrations as of the last recording; what the expiring list is read from."""

COUNTER: Final = sa.Table(
    "counter",
    METADATA,
    _text("name"),
    sa.Column("value", BigWhole, nullable=False),
    _mac(),
    sa.PrimaryKeyConstraint("name"),
)
"""Last value given of each rising number. Holding the row makes commit order the order of the numbers."""
