"""Opening a register for the audit: for reading alone, with patience, whatever its columns hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import sqlalchemy as sa

from certsvc.registry.crypto import Vault
from certsvc.registry.database import Database
from certsvc.registry.dialects import POSTGRESQL, SQLITE, Dialect, dialect_of
from certsvc.registry.review import Review

_READ_ONLY: Final[Mapping[str, Dialect]] = {
    SQLITE.name: replace(
        SQLITE,
        settings=(*(one for one in SQLITE.settings if "journal_mode" not in one), "PRAGMA query_only = ON"),
    ),
    POSTGRESQL.name: replace(
        POSTGRESQL,
        settings=(
            *(one for one in POSTGRESQL.settings if "statement_timeout" not in one),
            # A question about all rows takes as long as there are rows.
            "SET statement_timeout = 0",
            "SET default_transaction_read_only = on",
        ),
    ),
}


def open_review(url: str, secret: bytes) -> Review:
    """Open the register at *url* for reading alone.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql+psycopg://...``.
        secret: 32 bytes from the keystore.

    Raises:
        SettingsError: *url* names another kind of database.
    """
    kind = dialect_of(url)
    database = Database(url, bounded=False, dialect=_READ_ONLY[kind.name])
    if kind is SQLITE:
        sa.event.listen(database.engine, "do_connect", _open_for_reading)
        sa.event.listen(database.engine, "connect", _keep_any_bytes)
    return Review(database, Vault(secret))


def _open_for_reading(
    _dialect: object, _record: object, arguments: list[str], named: dict[str, object]
) -> None:
    arguments[0] = f"{Path(arguments[0]).absolute().as_uri()}?mode=ro"
    named["uri"] = True


def _keep_any_bytes(connection: object, _record: object) -> None:
    """Let SQLite hand out a text column that holds no text: its row alone is damaged."""
    driver = cast(sqlite3.Connection, connection)
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
