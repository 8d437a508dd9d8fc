"""Entries of the log, noted where a fact is written and written themselves when its transaction ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy, CopyKind
from certsvc.domain.events import EventType
from certsvc.domain.log_facts import (
    SALT_BYTES,
    Facts,
    LogKind,
    commitment_of,
    facts_text,
    kind_of_copy,
    kind_of_event,
)
from certsvc.errors import DefectError, RecordDamagedError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.reading import VERSION
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.session import Session, insert_row
from certsvc.registry.tables_log import LOG_ENTRY, LOG_ENTRY_NUMBER

ADD_ENTRY: Final = insert_row(LOG_ENTRY)
_MANY: Final = bindparam("many", type_=sa.Integer)
NEXT_ENTRIES: Final = Query(
    {
        "sqlite": sa.select(sa.func.coalesce(sa.func.max(LOG_ENTRY.c.entry), 0) + 1).where(_MANY > 0),
        "postgresql": sa.select(LOG_ENTRY_NUMBER.next_value()).select_from(
            sa.func.generate_series(1, _MANY).alias("numbers")
        ),
    }
)


class Noting(Session):
    """Notes what has to be logged; nothing of it is kept when the transaction or its part is undone."""

    def _note_copy(self, row: Mapping[str, Value]) -> None:
        """Note that a copy is complete; *row* holds its columns as they are now."""
        version = self._version_row(row["version_id"])
        facts = copy_facts(row, version.text("licence_id"), version.whole("version"))
        self._to_log.append((kind_of_copy(CopyKind(_text(row, "kind"))), _text(row, "copy_id"), facts, False))

    def _note_event(self, row: Mapping[str, Value]) -> None:
        """Note that an event was recorded; *row* holds its columns."""
        version = self._version_row(row["version_id"])
        facts = event_facts(row, version)
        self._to_log.append((LogKind(str(facts["kind"])), _text(row, "event_id"), facts, False))

    def _version_row(self, version_id: Value) -> Record:
        record = self._first(VERSION, version_id=version_id)
        if record is None:
            raise RecordDamagedError("a certificate version vanished")
        return record

    def write_log_entries(self) -> None:
        """Write what was noted; the last thing done in every transaction that writes."""
        if not self._to_log:
            return
        noted, self._to_log = self._to_log, []
        found = self._rows(NEXT_ENTRIES, {"many": len(noted)})
        first = _number(found[0][0])
        # SQLite tells the first number alone: nobody else can take those behind it.
        numbers = [_number(row[0]) for row in found] if len(found) > 1 else range(first, first + len(noted))
        self._change_each(
            ADD_ENTRY,
            [
                self._vault.sealed(LOG_ENTRY, _entry_values(number, *one))
                for number, one in zip(numbers, noted, strict=True)
            ],
        )


def facts_of_copy(copy: Copy, version: CertificateVersion) -> Facts:
    """Return what the log says of a DONE copy of *version*."""
    if copy.done_at is None:
        raise DefectError("a copy that is not complete is in no log")
    grant = copy.grant
    # Not by way of the whole row: a report would take a quarter longer for values nobody looks at.
    return copy_facts(
        {
            "kind": copy.kind.value,
            "copy_id": copy.copy_id,
            "token": copy.token,
            "pdf_sha256": copy.files["pdf"].sha256,
            "ofd_sha256": copy.files["ofd"].sha256,
            "copy_number": copy.copy_number,
            "use_from": None if grant is None else grant.use_from.isoformat(),
            "use_until": None if grant is None else grant.use_until.isoformat(),
            "done_at": instant_text(copy.done_at),
        },
        version.licence_id,
        version.version,
    )


def copy_facts(row: Mapping[str, Value], licence_id: str, version: int) -> Facts:
    """Return what is said of a complete copy: nothing that names a person.

    The token is hashed: who reads the log cannot look the copy up.
    """
    return {
        "kind": kind_of_copy(CopyKind(_text(row, "kind"))).value,
        "licence_id": licence_id,
        "version": version,
        "copy_id": _text(row, "copy_id"),
        "token_sha256": sha256(_text(row, "token").encode()).hexdigest(),
        "pdf_sha256": _text(row, "pdf_sha256"),
        "ofd_sha256": _text(row, "ofd_sha256"),
        "copy_number": _maybe(row, "copy_number"),
        "use_from": _maybe(row, "use_from"),
        "use_until": _maybe(row, "use_until"),
        "at": _text(row, "done_at"),
    }


def event_facts(row: Mapping[str, Value], version: Record) -> Facts:
    """Return what is said of an event: which, of what kind, when, and which version is in force after it.

    body_digest is a keyed hash of the request: who has both can check that nothing else was logged.
    """
    event_id = _text(row, "event_id")
    made = version.text("event_id") == event_id
    return {
        "kind": kind_of_event(EventType(_text(row, "type")), made_version=made).value,
        "type": _text(row, "type"),
        "event_id": event_id,
        "licence_id": version.text("licence_id"),
        "version": version.whole("version"),
        "body_digest": _text(row, "body_digest"),
        "effective_at": _text(row, "effective_at"),
        "at": _text(row, "recorded_at"),
    }


def _entry_values(number: int, kind: LogKind, fact: str, facts: Facts, keep: bool) -> Mapping[str, Value]:
    salt, text = os.urandom(SALT_BYTES), facts_text(facts)
    return {
        "entry": number,
        "kind": kind.value,
        "fact": fact,
        "at": str(facts["at"]),
        "salt": salt,
        "commitment": commitment_of(salt, text),
        "facts": text if keep else None,
        "place": None,
    }


def _text(row: Mapping[str, Value], name: str) -> str:
    value = row[name]
    if isinstance(value, str):
        return value
    raise RecordDamagedError(f"{name} holds no text")


def _maybe(row: Mapping[str, Value], name: str) -> str | int | None:
    value = row[name]
    return value if isinstance(value, str | int) else None


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    raise RecordDamagedError("an entry's number is no number")
