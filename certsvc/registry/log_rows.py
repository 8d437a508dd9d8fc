"""The log in the database: entries, tiles and checkpoints; the port says what each call promises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.key_events import KeyEvent
from certsvc.domain.log_facts import Facts, LogKind
from certsvc.errors import DefectError, NotFoundError, RecordDamagedError
from certsvc.registry.crypto import Value, storable
from certsvc.registry.database import Query
from certsvc.registry.dialects import POSTGRESQL, SQLITE
from certsvc.registry.noting import Noting, copy_facts, event_facts
from certsvc.registry.port_log import LogEntry, StoredCheckpoint, Stretch
from certsvc.registry.reading import REGISTRATION_BY_ID, VERSION
from certsvc.registry.reading_copies import BY_ID
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.session import KEY_OF_HOLDER, Session, insert_row, select_rows
from certsvc.registry.tables import EVENT
from certsvc.registry.tables_log import LOG_CHECKPOINT, LOG_ENTRY, LOG_TILE, PLACED, WAITS
from certsvc.registry.unlogged import next_stretch

_entry, _tile, _checkpoint = LOG_ENTRY.c, LOG_TILE.c, LOG_CHECKPOINT.c
_MOST: Final = bindparam("most", type_=sa.Integer)

ENTRY_OF: Final = select_rows(LOG_ENTRY, _entry.fact == bindparam("fact"))
HOLD_ENTRY_OF: Final = select_rows(LOG_ENTRY, _entry.fact == bindparam("fact"), hold=True)
WAITING, TO_PLACE = (
    select_rows(
        LOG_ENTRY,
        sa.literal_column(WAITS, sa.Boolean),
        order_by=[_entry.entry],
        limit=_MOST,
        hold=hold,
    )
    for hold in (False, True)
)
ENTRIES_FROM: Final = select_rows(
    LOG_ENTRY,
    sa.literal_column(PLACED, sa.Boolean),
    _entry.place >= bindparam("its_place"),
    order_by=[_entry.place],
    limit=_MOST,
)
EVENT_BY_ID: Final = select_rows(EVENT, EVENT.c.event_id == bindparam("event_id"))
TILE: Final = select_rows(
    LOG_TILE, _tile.level == bindparam("its_level"), _tile.number == bindparam("its_number")
)
NEWEST_CHECKPOINT: Final = select_rows(LOG_CHECKPOINT, order_by=[_checkpoint.size.desc()], limit=1)
CHECKPOINTS_ABOVE: Final = select_rows(
    LOG_CHECKPOINT, _checkpoint.size > bindparam("its_size"), order_by=[_checkpoint.size], limit=_MOST
)
GIVE_PLACE: Final = Query(
    sa.update(LOG_ENTRY)
    .where(_entry.entry == bindparam("its_entry"), _entry.place.is_(None))
    .values(place=bindparam("new_place"), mac=bindparam("new_mac"))
)
FORGET_SALT: Final = Query(
    sa.update(LOG_ENTRY)
    .where(_entry.entry == bindparam("its_entry"))
    .values(salt=None, mac=bindparam("new_mac"))
)
PUT_TILE: Final = Query(
    {
        dialect.name: (made := dialect.insert(LOG_TILE)).on_conflict_do_update(
            index_elements=["level", "number"],
            set_={"hashes": made.excluded.hashes, "mac": made.excluded.mac},
        )
        for dialect in (SQLITE, POSTGRESQL)
    }
)
ADD_CHECKPOINT: Final = insert_row(LOG_CHECKPOINT)


class LogRows(Session):
    """Reading the log."""

    def find_log_entry(self, fact: str) -> LogEntry | None:
        """Find the entry about a copy or event."""
        record = self._first(ENTRY_OF, fact=fact) if storable(fact) else None
        return None if record is None else _entry_from(record)

    def log_waiting(self, limit: int) -> Sequence[LogEntry]:
        """List entries without a place, in the order of writing."""
        return [_entry_from(record) for record in self._all(WAITING, most=limit)]

    def log_entries_from(self, place: int, limit: int) -> Sequence[LogEntry]:
        """List entries by place, beginning with one."""
        return [_entry_from(record) for record in self._all(ENTRIES_FROM, its_place=place, most=limit)]

    def log_facts_of(self, entry: LogEntry) -> Facts:
        """Return the facts of an entry as the register tells them now. NotFoundError: their row is gone."""
        if entry.kept is not None:
            said: Facts = json.loads(entry.kept)
            return said
        if entry.kind in (LogKind.ISSUE, LogKind.ENDORSE):
            copy = self._first(BY_ID, copy_id=entry.fact)
            if copy is None:
                raise NotFoundError
            if copy.text("state") != "DONE":
                raise RecordDamagedError("a copy that was logged as issued is not complete")
            version = self._version_of(copy)
            return copy_facts(copy.values(), version.text("licence_id"), version.whole("version"))
        event = self._first(EVENT_BY_ID, event_id=entry.fact)
        if event is None:
            raise NotFoundError
        return event_facts(event.values(), self._version_of(event))

    def _version_of(self, record: Record) -> Record:
        version = self._first(VERSION, version_id=record.text("version_id"))
        if version is None:
            raise NotFoundError
        return version

    def unlogged(self, behind: str, limit: int) -> Stretch:
        """Look which of the next copies or events have no entry."""
        return next_stretch(self._rows, behind, limit)

    def log_tile(self, level: int, number: int) -> bytes | None:
        """Return the hashes of a tile of the tree, as many as it has."""
        record = self._first(TILE, its_level=level, its_number=number)
        return None if record is None else record.content("hashes")

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """Return the checkpoint of the largest tree."""
        record = self._first(NEWEST_CHECKPOINT)
        return None if record is None else _checkpoint_from(record)

    def checkpoints_above(self, size: int, limit: int) -> Sequence[StoredCheckpoint]:
        """List checkpoints of trees larger than *size*, the smallest first."""
        return [
            _checkpoint_from(record) for record in self._all(CHECKPOINTS_ABOVE, its_size=size, most=limit)
        ]

    def logged_at(self, fact: str) -> datetime | None:
        """Return the instant of the first checkpoint that holds the entry about *fact*; None: not yet."""
        entry = self.find_log_entry(fact)
        if entry is None or entry.place is None:
            return None
        found = self.checkpoints_above(entry.place, 1)
        return found[0].at if found else None


class LogChanges(LogRows, Noting):
    """Changing the log."""

    def record_key_event(self, event: KeyEvent) -> bool:
        """Log what happened to a key; False when there is an entry about it already."""
        if self.find_log_entry(event.fact) is not None:
            return False
        facts: Facts = {
            "kind": LogKind.KEY.value,
            "action": event.action,
            "key_id": event.key_id,
            "since": instant_text(event.since),
            "at": instant_text(event.at),
        }
        self._to_log.append((LogKind.KEY, event.fact, facts, True))
        return True

    def log_late(self, fact: str) -> None:
        """Log a DONE copy or an event about which there is no entry: one of before there was a log."""
        record = self._first(BY_ID, copy_id=fact)
        if record is not None:
            self._note_copy(record.values())
        else:
            record = self._first(EVENT_BY_ID, event_id=fact)
            if record is None:
                raise NotFoundError
            self._note_event(record.values())
        if self._is_erased(record.text("registration_id")):
            # Its leaf stands like any other; what would open it is gone before anybody has seen it.
            self.write_log_entries()
            self.forget_log_salts([fact])

    def _is_erased(self, registration_id: str) -> bool:
        registration = self._first(REGISTRATION_BY_ID, registration_id=registration_id)
        if registration is None:
            raise NotFoundError
        key = self._first(KEY_OF_HOLDER, holder_id=registration.text("holder_id"))
        return key is not None and key.maybe_text("erased_at") is not None

    def log_to_place(self, limit: int) -> Sequence[LogEntry]:
        """List entries without a place as log_waiting() does, and hold them: no salt goes meanwhile."""
        return [_entry_from(record) for record in self._all(TO_PLACE, most=limit)]

    def place_log_entries(self, entries: Sequence[LogEntry], first: int) -> None:
        """Give entries their places, one after the other from *first* on. The caller holds LOGGING."""
        placed = []
        for place, entry in enumerate(entries, first):
            mac = self._vault.sealed(LOG_ENTRY, _values_of(entry, place))["mac"]
            placed.append({"its_entry": entry.entry, "new_place": place, "new_mac": mac})
        self._change_each(GIVE_PLACE, placed)

    def put_log_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Write a tile, or write it longer. The caller holds LOGGING."""
        self._insert(PUT_TILE, LOG_TILE, {"level": level, "number": number, "hashes": hashes})

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a signed checkpoint; it may be shown once the transaction is committed."""
        values: dict[str, Value] = {
            "size": checkpoint.size,
            "root": checkpoint.root,
            "note": checkpoint.note,
            "at": instant_text(checkpoint.at),
        }
        self._insert(ADD_CHECKPOINT, LOG_CHECKPOINT, values)

    def forget_log_salts(self, facts: Sequence[str]) -> int:
        """Erase what opens the entries about these copies or events; returns how many there were."""
        forgotten = 0
        for fact in facts:
            record = self._first(HOLD_ENTRY_OF, fact=fact)
            if record is None or record.maybe_content("salt") is None:
                continue
            mac = self._vault.sealed(LOG_ENTRY, {**record.values(), "salt": None})["mac"]
            if self._change(FORGET_SALT, {"its_entry": record.whole("entry"), "new_mac": mac}) != 1:
                raise DefectError("an entry of the log vanished while it was held")
            forgotten += 1
        return forgotten


def _entry_from(record: Record) -> LogEntry:
    return LogEntry(
        entry=record.whole("entry"),
        kind=LogKind(record.text("kind")),
        fact=record.text("fact"),
        at=record.instant("at"),
        salt=record.maybe_content("salt"),
        commitment=record.content("commitment"),
        place=record.maybe_whole("place"),
        kept=record.maybe_text("facts"),
    )


def _values_of(entry: LogEntry, place: int) -> dict[str, Value]:
    return {
        "entry": entry.entry,
        "kind": entry.kind.value,
        "fact": entry.fact,
        "at": instant_text(entry.at),
        "salt": entry.salt,
        "commitment": entry.commitment,
        "facts": entry.kept,
        "place": place,
    }


def _checkpoint_from(record: Record) -> StoredCheckpoint:
    return StoredCheckpoint(
        size=record.whole("size"),
        root=record.content("root"),
        note=record.text("note"),
        at=record.instant("at"),
    )
