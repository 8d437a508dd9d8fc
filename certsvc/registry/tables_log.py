"""The tables of the transparency log; they belong to the same schema as those of the record."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from certsvc.registry.tables import METADATA, BigWhole, ByteOrdered

WAITS: Final = "place IS NULL"
"""Which entries have no place in the tree yet. Literal text, for the partial index."""
PLACED: Final = "place IS NOT NULL"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, ByteOrdered, nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, BigWhole, nullable=nullable, autoincrement=False)


def _index_where(name: str, column: str, where: str, *, unique: bool = False) -> sa.Index:
    return sa.Index(name, column, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


LOG_ENTRY: Final = sa.Table(
    "log_entry",
    METADATA,
    _whole("entry"),
    _text("kind"),
    _text("fact"),
    _text("at"),
    _bytes("salt", nullable=True),
    _bytes("commitment"),
    _text("facts", nullable=True),
    _whole("place", nullable=True),
    _bytes("mac"),
    sa.PrimaryKeyConstraint("entry"),
    sa.UniqueConstraint("fact"),
    _index_where("log_entry_waits_idx", "entry", WAITS),
    _index_where("log_entry_place_key", "place", PLACED, unique=True),
)
"""What is logged, written with the fact; its place in the tree is given afterwards. fact is the id of the
copy or event; facts stands only where no other row holds them. Without salt nobody opens the commitment."""

LOG_ENTRY_NUMBER: Final = sa.Sequence("log_entry_seq", start=1, metadata=METADATA)
"""Numbers entries where many write at once: who wrote later, having waited for the other, has the higher one.
SQLite, whose writers come one at a time, counts on from the highest."""

LOG_TILE: Final = sa.Table(
    "log_tile",
    METADATA,
    _whole("level"),
    _whole("number"),
    _bytes("hashes"),
    _bytes("mac"),
    sa.PrimaryKeyConstraint("level", "number"),
)
"""The tree: up to 256 hashes of 32 bytes each."""

LOG_CHECKPOINT: Final = sa.Table(
    "log_checkpoint",
    METADATA,
    _whole("size"),
    _bytes("root"),
    _text("note"),
    _text("at"),
    _bytes("mac"),
    sa.PrimaryKeyConstraint("size"),
)
"""Every checkpoint that was ever signed."""
