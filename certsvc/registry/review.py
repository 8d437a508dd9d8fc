"""Reading for the audit: every row there is, a page at a time, in whatever state; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar, cast

import sqlalchemy as sa

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Value, Vault
from certsvc.registry.database import Connection, Database, Query
from certsvc.registry.port import RecordedEvent
from certsvc.registry.review_holders import KEYS_OF, KEYS_OF_COPIES, HolderReview
from certsvc.registry.review_log import BEGAN, LOGGED, LogReview, makes_sense
from certsvc.registry.review_queries import (
    COPIES_BETWEEN,
    COUNTED,
    COUNTERS,
    EVENTS_IN_ORDER,
    GATHERED,
    HOLDERS_OF,
    ISSUED,
    ORDINALS,
    REGISTRATIONS,
    REGISTRATIONS_SINCE,
    Dangling,
    Unique,
    page_of,
)
from certsvc.registry.rows import Record, copy_from, event_from, instant_text, version_from
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, COUNTER, EVENT, HOLDER, METADATA, REGISTRATION
from certsvc.registry.tables_access import SESSION
from certsvc.registry.tables_batches import BATCH
from certsvc.registry.tables_feed import CHANGE
from certsvc.registry.tables_holders import HOLDER_KEY
from certsvc.registry.tables_log import LOG_ENTRY
from certsvc.registry.tables_timestamps import FILE_TIMESTAMP

Key = tuple[object, ...]
"""The primary key of a row, as it was found."""
T = TypeVar("T")

_PAGE: Final = 1_000
_ALL: Final = next(
    iter({one.metadata for one in (COPY, BATCH, CHANGE, LOG_ENTRY, FILE_TIMESTAMP, HOLDER_KEY, SESSION)})
)
"""One and the same; asked of these so that every module that adds tables to it has been imported."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was found."""

    table: str
    key: Key
    record: Record | None
    """None when its MAC does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsound:
    """One row that cannot be used."""

    table: str
    key: Key
    damaged: bool
    """Whether its MAC fails; else it was sealed by our secret and makes no sense."""


@dataclass(slots=True)
class Gathered:
    """All there is of some registrations, at one moment."""

    registrations: dict[str, Record] = field(default_factory=dict)
    holders: dict[str, Record] = field(default_factory=dict)
    erased_at: dict[str, datetime] = field(default_factory=dict)
    """By holder: when the personal data was erased."""
    numbers: list[Record] = field(default_factory=list)
    events: list[RecordedEvent] = field(default_factory=list)
    versions: list[tuple[int, CertificateVersion]] = field(default_factory=list)
    """Each with its place in the order of recording."""
    copies: list[Copy] = field(default_factory=list)
    ends: list[Record] = field(default_factory=list)
    unsound: list[tuple[str, Unsound]] = field(default_factory=list)
    """Rows left out, each with its registration's id."""
    entries: list[Record] = field(default_factory=list)
    """Of the log, about the copies and events; damaged ones are left out."""
    logged_at: dict[str, datetime] = field(default_factory=dict)
    """By the id of a copy or event: instant of the first checkpoint of the log that holds it."""
    log_began_at: datetime | None = None
    """Instant of the log's first checkpoint with a leaf."""


class Review:
    """A register opened for reading alone; each process opens its own."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """Read *database* under the keys of *vault*."""
        self._database = database
        self._vault = vault
        self.log = LogReview(self._ask, self._checked)
        self.holders = HolderReview(self._ask, self._checked, vault)

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table whose rows have a MAC."""
        return tuple(table.name for table in _ALL.sorted_tables if "mac" in table.c)

    def rows(self, table: str) -> Iterator[Row]:
        """Go through a whole table by its primary key; each page is read in a transaction of its own."""
        found = METADATA.tables[table]
        key_at = [list(found.c).index(column) for column in found.primary_key]
        after: Key | None = None
        while True:
            rows = self._ask(page_of(table, first=after is None), _after(after) | {"most": _PAGE})
            for row in rows:
                after = tuple(row[place] for place in key_at)
                yield Row(table, after, self._checked(found, row))
            if len(rows) < _PAGE:
                return

    def registrations_after(self, after: str, limit: int, since: datetime | None = None) -> list[str]:
        """List ids of registrations behind *after*; with *since* those that an event or a copy came to."""
        given: dict[str, Value] = {"after": after, "most": limit}
        if since is None:
            return [str(row[0]) for row in self._ask(REGISTRATIONS, given)]
        rows = self._ask(REGISTRATIONS_SINCE, given | {"since": instant_text(since)})
        return [str(row[0]) for row in rows]

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(cast(int, self._ask(COUNTED[table], {})[0][0]))

    def issued(self, since: datetime | None = None) -> Iterator[str]:
        """Go through the ids of the DONE copies, of those since an instant; nothing is checked."""
        after, text = "", "" if since is None else instant_text(since)
        while rows := self._ask(ISSUED, {"after": after, "since": text, "most": _PAGE}):
            yield from (str(row[0]) for row in rows)
            after = str(rows[-1][0])

    def gather(self, first: str, last: str) -> Gathered:
        """Read all there is of the registrations from *first* to *last*, by id."""
        given = {"first": first, "last": last}
        gathered = Gathered()
        with self._database.transaction(writing=False) as connection:
            found = {name: self._send(connection, query, given) for name, query in GATHERED.items()}
            holders = self._send(connection, HOLDERS_OF, given)
            keys = self._send(connection, KEYS_OF, given)
            logged = [row for query in LOGGED for row in self._send(connection, query, given)]
            began = self._send(connection, BEGAN, {})

        def take(table: sa.Table, read: Callable[[Record], T], rows: Sequence[Sequence[object]]) -> list[T]:
            taken: list[T] = []
            for row in rows:
                registration_id = str(row[list(table.c.keys()).index("registration_id")])
                value = self._read(table, row, read)
                if isinstance(value, Unsound):
                    gathered.unsound.append((registration_id, value))
                else:
                    taken.append(value)
            return taken

        for record in take(REGISTRATION, lambda record: record, found[REGISTRATION.name]):
            gathered.registrations[record.text("registration_id")] = record
        for row in holders:
            sound = self._checked(HOLDER, row)
            if sound is not None:
                gathered.holders[sound.text("holder_id")] = sound
        gathered.erased_at = self.holders.erased_at(keys)
        opener = self.holders.opener(keys)
        gathered.numbers = take(
            METADATA.tables["registration_number"], lambda record: record, found["registration_number"]
        )
        gathered.ends = take(METADATA.tables["specialty_end"], lambda record: record, found["specialty_end"])
        gathered.events = take(
            EVENT, lambda record: event_from(record, self._vault, opener), found[EVENT.name]
        )
        gathered.versions = take(
            CERTIFICATE_VERSION,
            lambda record: (record.whole("ordinal"), version_from(record, opener)),
            found[CERTIFICATE_VERSION.name],
        )
        gathered.copies = take(COPY, lambda record: copy_from(record, opener), found[COPY.name])
        for *row, held_at in logged:
            entry = self._checked(LOG_ENTRY, row)
            if entry is not None and makes_sense(LOG_ENTRY.name, entry):
                gathered.entries.append(entry)
                if (instant := _maybe_instant(held_at)) is not None:
                    gathered.logged_at[entry.text("fact")] = instant
        gathered.log_began_at = _maybe_instant(began[0][0]) if began else None
        return gathered

    def copies_between(self, first: str, last: str) -> tuple[list[Copy], list[Unsound]]:
        """Read the copies whose ids lie from *first* to *last*: those that make sense, and the others."""
        copies: list[Copy] = []
        unsound: list[Unsound] = []
        given = {"first": first, "last": last}
        with self._database.transaction(writing=False) as connection:
            rows = self._send(connection, COPIES_BETWEEN, given)
            opener = self.holders.opener(self._send(connection, KEYS_OF_COPIES, given))
        for row in rows:
            value = self._read(COPY, row, lambda record: copy_from(record, opener))
            if isinstance(value, Unsound):
                unsound.append(value)
            else:
                copies.append(value)
        return copies, unsound

    def doubles(self, unique: Unique) -> list[tuple[str, Key]]:
        """List rows that share what must be a row's own: (what is shared, key), neighbours beside each other.

        No index is asked: one that was dropped or spoilt must not answer for the table.
        """
        return [(str(row[0]), tuple(row[1:])) for row in self._ask(unique.query, {})]

    def dangling(self, dangling: Dangling) -> list[Key]:
        """List the keys of rows that name a row which is not there."""
        return [tuple(row) for row in self._ask(dangling.query, {})]

    def events_in_order(self) -> Iterator[tuple[int, str, datetime]]:
        """Go through all events by ``seq``: (seq, event_id, recorded_at); nothing is checked."""
        after = 0
        while rows := self._ask(EVENTS_IN_ORDER, {"behind": after, "most": _PAGE}):
            for row in rows:
                after = int(cast(int, row[0]))
                yield after, str(row[1]), _instant(row[2])

    def ordinals(self) -> Iterator[int]:
        """Go through the places of all registrations, rising."""
        after = 0
        while rows := self._ask(ORDINALS, {"behind": after, "most": _PAGE}):
            for row in rows:
                after = int(cast(int, row[0]))
                yield after

    def counters(self) -> Mapping[str, int]:
        """Return the last value given of each rising number; damaged ones are left out."""
        records = (self._checked(COUNTER, row) for row in self._ask(COUNTERS, {}))
        return {record.text("name"): record.whole("value") for record in records if record is not None}

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _read(self, table: sa.Table, row: Sequence[object], read: Callable[[Record], T]) -> T | Unsound:
        key = tuple(value for value, column in zip(row, table.c, strict=True) if column.primary_key)
        record = self._checked(table, row)
        if record is None:
            return Unsound(table=table.name, key=key, damaged=True)
        try:
            return read(record)
        except (RecordDamagedError, ValueError, KeyError, TypeError, AttributeError):
            # Whoever sealed it had our secret; what it holds may be anything.
            return Unsound(table=table.name, key=key, damaged=False)

    def _checked(self, table: sa.Table, row: Sequence[object]) -> Record | None:
        try:
            return Record(self._vault.checked(table, row))
        except (RecordDamagedError, UnicodeEncodeError):
            # The second: a text column that holds no text, see _keep_any_bytes.
            return None

    def _ask(self, query: Query, given: Mapping[str, Value]) -> Sequence[Sequence[object]]:
        with self._database.transaction(writing=False) as connection:
            return self._send(connection, query, given)

    def _send(
        self, connection: Connection, query: Query, given: Mapping[str, Value]
    ) -> Sequence[Sequence[object]]:
        return connection.execute(*query.prepared(self._database.engine.dialect, given)).fetchall()


def _after(after: Key | None) -> dict[str, Value]:
    return (
        {} if after is None else {f"after_{place}": cast(Value, value) for place, value in enumerate(after)}
    )


def _instant(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as error:
        raise RecordDamagedError("an instant is none") from error


def _maybe_instant(value: object) -> datetime | None:
    """Read an instant of a row whose MAC is checked elsewhere; what is none counts as not there."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
