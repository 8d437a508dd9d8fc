"""Where tries are counted: one place for all workers, so that more of them do not mean more guesses.

Beside the record, not in it. On SQLite a file of its own: counting a try must not wait for who records, and
need not survive a power cut. On PostgreSQL a table that is not logged. Either may be emptied at any time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.errors import UnavailableError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Database, Query
from certsvc.registry.dialects import POSTGRESQL, SQLITE, Dialect
from certsvc.registry.sql import SQLRegistry

SLACK_US: Final = 60_000_000
"""How far behind another machine's clock ours may be; a longer way back is a clock that was set."""
_WAIT_S: Final = 2
"""How long a try to a SQLite file waits for its turn."""

_BUCKET: Final = sa.Table(
    "bucket",
    sa.MetaData(),
    sa.Column("bucket", sa.LargeBinary, primary_key=True),
    sa.Column("full_at", sa.BigInteger, nullable=False),
)
"""Of each bucket the instant, in microseconds since 1970, from which it is full again.

Not one of the schema's tables: it holds nothing that a MAC would have to protect."""
_CREATE: Final = {
    SQLITE.name: (
        "CREATE TABLE IF NOT EXISTS bucket (bucket BLOB PRIMARY KEY, full_at INTEGER NOT NULL) WITHOUT ROWID",
    ),
    POSTGRESQL.name: (
        # Two who create at once would collide in the catalogue.
        "SELECT pg_advisory_xact_lock(hashtext('certsvc buckets'))",
        "CREATE UNLOGGED TABLE IF NOT EXISTS bucket (bucket bytea PRIMARY KEY, full_at bigint NOT NULL)",
    ),
}
_FILE: Final[Dialect] = replace(
    SQLITE,
    connect={"timeout": _WAIT_S},
    settings=(
        f"PRAGMA busy_timeout = {_WAIT_S * 1000}",
        "PRAGMA journal_mode = WAL",
        # A power cut may take the last tries with it, and no more; OFF, no faster, could break the file.
        "PRAGMA synchronous = NORMAL",
        "PRAGMA trusted_schema = OFF",
    ),
)


def _whole(name: str) -> sa.BindParameter[int]:
    return bindparam(name, type_=sa.BigInteger)


_now, _step, _burst = _whole("now"), _whole("step"), _whole("burst")
_its: Final = bindparam("its_bucket", type_=sa.LargeBinary)
_full_at: Final = _BUCKET.c.full_at
_STALE: Final = _full_at > _now + _burst + _whole("slack")
"""Further ahead than any try puts it: the clock was set back, and waiting for it would lock everybody out."""
TAKE: Final = Query(
    {
        dialect.name: dialect.insert(_BUCKET)
        .values(bucket=_its, full_at=_now + _step)
        .on_conflict_do_update(
            index_elements=["bucket"],
            set_={
                "full_at": sa.case(
                    (_full_at < _now, _now + _step), (_STALE, _now + _burst), else_=_full_at + _step
                )
            },
            where=sa.or_(_full_at <= _now + _burst - _step, _STALE),
        )
        .returning(sa.literal_column("1"))
        for dialect in (SQLITE, POSTGRESQL)
    }
)
FULL_AT: Final = Query(sa.select(_full_at).where(_BUCKET.c.bucket == _its))
SWEEP: Final = Query(sa.delete(_BUCKET).where(sa.or_(_full_at < _now, _full_at > _whole("latest"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much a bucket holds, in microseconds of refilling."""

    step_us: int
    """What one try takes out."""
    burst_us: int
    """What a full one holds."""


class LimitStore:
    """Buckets that all processes share; safe between threads."""

    def __init__(self, database: Database, file: Path | None = None) -> None:
        """Use *database*; *file* is where it lies when it is a file of its own."""
        self._database = database
        self._file = file
        self._ready = False
        self._creating = Lock()

    def take(self, bucket: bytes, allowance: Allowance, now_us: int) -> int:
        """Take one try out of a bucket, if one is left.

        One statement decides (GCRA): of any number of rivals exactly as many pass as the bucket holds.

        Args:
            bucket: its name, 16 bytes.
            allowance: what it holds.
            now_us: microseconds since 1970.

        Returns:
            0 when the try passed, else the microseconds until the next one can.

        Raises:
            UnavailableError: the store is away; who must not be guessed at is then asked nothing.
        """
        self._prepare()
        dialect = self._database.engine.dialect
        given: dict[str, Value] = {
            "its_bucket": bucket,
            "now": now_us,
            "step": allowance.step_us,
            "burst": allowance.burst_us,
            "slack": SLACK_US,
        }
        try:
            with self._database.transaction(writing=True) as connection:
                if connection.execute(*TAKE.prepared(dialect, given)).fetchall():
                    return 0
                rows = connection.execute(*FULL_AT.prepared(dialect, {"its_bucket": bucket})).fetchall()
        except UnavailableError:
            # Perhaps the table is gone, with a database that was restored; the next try looks.
            self._ready = False
            raise
        full_at = int(str(rows[0][0])) if rows else now_us
        return max(1, full_at + allowance.step_us - now_us - allowance.burst_us)

    def sweep(self, now_us: int, longest_us: int) -> int:
        """Forget buckets that are full again; returns how many.

        Args:
            now_us: microseconds since 1970.
            longest_us: the most that any bucket holds; further ahead lies what a wrong clock wrote.
        """
        self._prepare()
        given: dict[str, Value] = {"now": now_us, "latest": now_us + longest_us + SLACK_US}
        with self._database.transaction(writing=True) as connection:
            return connection.execute(*SWEEP.prepared(self._database.engine.dialect, given)).rowcount

    def close(self) -> None:
        """Close the connections of a file of its own; those of the registry are the registry's."""
        if self._file is not None:
            self._database.engine.dispose()

    def _prepare(self) -> None:
        """Make the table at the first try, so that a store which is away does not stop the start."""
        if self._ready:
            return
        with self._creating:
            if self._file is not None:
                try:
                    self._file.touch(mode=0o600)
                except OSError as error:
                    raise UnavailableError(f"no file for tries: {error.strerror}") from error
            with self._database.transaction(writing=True) as connection:
                for statement in _CREATE[self._database.dialect.name]:
                    connection.execute(statement)
            self._ready = True


def open_limits(registry: SQLRegistry) -> LimitStore:
    """Return the store beside *registry*: ``registry.db`` has ``registry.limits.db``; PostgreSQL a table."""
    database = registry.database
    if database.dialect is not SQLITE:
        return LimitStore(database)
    beside = Path(str(database.engine.url.database))
    file = beside.with_name(f"{beside.stem}.limits.db")
    return LimitStore(Database(f"sqlite:///{file}", dialect=_FILE), file)
