"""A register of any size, written row by row past the flows: registrations with some copies each."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from certsvc.domain.certificate import VersionId
from certsvc.domain.endorsement import IssuedFile
from certsvc.domain.events import EventId, EventType, HolderId, RegistrationId
from certsvc.registry.crypto import KEY_BYTES, HolderKey, Value, Vault
from certsvc.registry.port import RecordedEvent
from certsvc.registry.rows import copy_values, event_values, instant_text, version_values
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables import CERTIFICATE_VERSION, COPY, EVENT, HOLDER, REGISTRATION
from certsvc.registry.tables_holders import HOLDER_KEY
from certsvc.registry.writing_keys import key_values
from tests.factories import CONSTRUCTOR_1, NOW, a_copy, a_reason, a_version, an_event, an_initial

COPIES_EACH = 5
_CANCELLED = 0.02
"""Part of the registrations that is cancelled; copies of the others are usable."""
_BATCH = 500

Row = dict[str, Value]


def fill(registry: SQLRegistry, secret: bytes, copies: int) -> int:
    """Write *copies* endorsed copies into an empty registry; returns how many of them ended."""
    vault, people = Vault(secret), copies // COPIES_EACH
    path = registry.database.engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        for first in range(0, people, _BATCH):
            rows: dict[sa.Table, list[Row]] = {}
            for person in range(first, min(first + _BATCH, people)):
                for table, row in _rows_of(person, vault):
                    rows.setdefault(table, []).append(vault.sealed(table, row))
            for table, batch in rows.items():
                names = table.c.keys()
                places = ", ".join(f":{name}" for name in names)
                connection.executemany(
                    f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})",
                    batch,
                )
            connection.commit()
    return sum(is_cancelled(person) for person in range(people)) * COPIES_EACH


def is_cancelled(person: int) -> bool:
    """Tell whether somebody's registration is cancelled: by chance, and the same in each run."""
    return random.Random(person).random() < _CANCELLED


def _rows_of(person: int, vault: Vault) -> Iterator[tuple[sa.Table, Mapping[str, Value]]]:
    holder_id, registration_id = HolderId(f"H{person:08d}"), RegistrationId(f"R{person:08d}")
    at = instant_text(NOW)
    yield HOLDER, {"holder_id": holder_id, "id_index": f"I{person}", "created_at": at}
    yield (
        REGISTRATION,
        {
            "registration_id": registration_id,
            "holder_id": holder_id,
            "certificate_type": CONSTRUCTOR_1,
            "ordinal": person + 1,
            "created_at": at,
        },
    )
    secret = person.to_bytes(KEY_BYTES, "big")
    key = HolderKey(holder_id, secret)
    yield HOLDER_KEY, key_values(holder_id, secret, at, vault)
    initial = replace(an_initial(), event_id=EventId(f"E{person}"), source_id=f"S{person}")
    version = a_version(
        version_id=f"V{person}",
        registration_id=registration_id,
        serial=f"{person:014d}",
        licence_id=f"L{person}",
        event_id=initial.event_id,
    )
    yield CERTIFICATE_VERSION, version_values(version, 1, key)
    events = [initial]
    if is_cancelled(person):
        cancel = an_event(EventType.CANCEL, effective_at=NOW, recorded_at=NOW, reason=a_reason())
        events.append(replace(cancel, event_id=EventId(f"F{person}"), source_id=f"T{person}"))
    for place, event in enumerate(events):
        recorded = RecordedEvent(
            event=event,
            registration_id=registration_id,
            body_digest="e" * 64,
            version_id=version.version_id,
            changed_fields=(),
            outcome={},
        )
        yield EVENT, event_values(recorded, 2 * person + place + 1, vault, key)
    for order in range(COPIES_EACH):
        yield COPY, _copy_row(person, order, key, registration_id, version.version_id)


def _copy_row(
    person: int, order: int, key: HolderKey, registration_id: RegistrationId, version_id: VersionId
) -> Mapping[str, Value]:
    index = person * COPIES_EACH + order
    reserved_at = NOW - timedelta(days=COPIES_EACH - order)
    copy = a_copy(
        copy_id=f"C{index}",
        registration_id=registration_id,
        holder_id=HolderId(key.holder_id),
        version_id=version_id,
        token=f"{index:026d}",
        code=f"{index:012d}",
        copy_number=order + 1,
        status_index=index,
        reserved_at=reserved_at,
        files={form: IssuedFile(sha256=f"{form}{index}", size=1) for form in ("pdf", "ofd")},
    )
    return copy_values(copy, key)
