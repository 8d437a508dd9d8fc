"""A register with many people in it: one sample's certificate, issued as always, its rows over and over.

What an index looks at and what a page shows differs from holder to holder: number, name and employer too, as
a page brings a font for the characters of these. Every row is sealed with its
own MAC and goes in under all the constraints, so a look-up finds what it would find in a grown register.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Final, cast

import sqlalchemy as sa

from certsvc.domain.certificate import face_hash
from certsvc.qr.token import ALPHABET, CODE_LENGTH, TOKEN_LENGTH, check_character
from certsvc.registry.crypto import KEY_BYTES, HolderKey, Value, Vault
from certsvc.registry.database import Database, Query
from certsvc.registry.holder_keys import Opener
from certsvc.registry.payload import read_face
from certsvc.registry.payload_lines import text_of
from certsvc.registry.payload_sealed import outcome_text, purpose_text, read_outcome, read_purpose
from certsvc.registry.rows import Record
from certsvc.registry.session import insert_row
from certsvc.registry.tables import (
    CERTIFICATE_VERSION,
    COPY,
    EVENT,
    HOLDER,
    REGISTRATION,
    REGISTRATION_NUMBER,
)
from certsvc.registry.tables_holders import HOLDER_KEY
from certsvc.registry.writing_keys import key_values

ROWS_EACH: Final = 7
"""Of one holder: holder, key, registration, number, event, version, endorsed copy."""
_AT_ONCE: Final = 5_000
"""Holders of one transaction."""
_ID_BYTES: Final = 16
_OPENED: Final = ("told", "person")
"""What the model has besides columns: the holder's parts of its event and of its face."""
_TABLES: Final = (HOLDER, HOLDER_KEY, REGISTRATION, REGISTRATION_NUMBER, EVENT, CERTIFICATE_VERSION, COPY)
"""In the order in which foreign keys allow them."""

Rows = dict[str, dict[str, Value]]
"""The rows of one holder, by table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What lies in the register."""

    tokens: list[str]
    """Of the endorsed copies, none of them made today."""
    numbers: list[str]
    """Of the registrations."""
    rows: int


def fill(database: Database, secret: bytes, holders: int) -> Filled:
    """Put *holders* more holders, each with one endorsed copy, into a register that holds one such already.

    Args:
        database: a register with at least one endorsed copy.
        secret: the registry's, from the keystore.
        holders: how many.
    """
    vault, chance = Vault(secret), random.Random(7)
    model = _model(database, vault)
    inserts = {table.name: insert_row(table) for table in _TABLES}
    tokens: list[str] = []
    numbers: list[str] = []
    opener = Opener(vault, lambda _: None)
    opener.take_wrapped(str(model["holder"]["holder_id"]), model["holder_key"]["wrapped"])
    hashed_face = _hashed_face(model, opener)
    opened = _open(model, vault, opener)
    for first in range(0, holders, _AT_ONCE):
        last = min(first + _AT_ONCE, holders)
        people = [_person(model, number, chance, vault, opened, hashed_face) for number in range(first, last)]
        tokens += [str(person["copy"]["token"]) for person in people]
        numbers += [str(person["registration_number"]["number"]) for person in people]
        for table in _TABLES:
            _insert(
                database, inserts[table.name], [vault.sealed(table, person[table.name]) for person in people]
            )
    return Filled(tokens=tokens, numbers=numbers, rows=holders * ROWS_EACH)


def _insert(database: Database, query: Query, rows: list[dict[str, Value]]) -> None:
    dialect = database.engine.dialect
    prepared = [query.prepared(dialect, row) for row in rows]
    with database.transaction(writing=True) as connection:
        cursor = connection.cursor()
        cursor.executemany(prepared[0][0], [arguments for _, arguments in prepared])


def _model(database: Database, vault: Vault) -> Rows:
    """Read the rows of the newest endorsed copy."""
    rows: Rows = {}

    def read(table: sa.Table, column: str, value: object) -> dict[str, Value]:
        statement = sa.select(table).where(table.c[column] == value).order_by(table.c[column]).limit(1)
        with database.engine.connect() as connection:
            found = connection.execute(statement).one()
        return Record(vault.checked(table, tuple(found))).values()

    rows["copy"] = read(COPY, "kind", "endorsement")
    rows["certificate_version"] = read(CERTIFICATE_VERSION, "version_id", rows["copy"]["version_id"])
    rows["event"] = read(EVENT, "event_id", rows["certificate_version"]["event_id"])
    rows["registration"] = read(REGISTRATION, "registration_id", rows["copy"]["registration_id"])
    rows["registration_number"] = read(
        REGISTRATION_NUMBER, "registration_id", rows["copy"]["registration_id"]
    )
    rows["holder"] = read(HOLDER, "holder_id", rows["copy"]["holder_id"])
    rows["holder_key"] = read(HOLDER_KEY, "holder_id", rows["copy"]["holder_id"])
    for row in rows.values():
        del row["mac"]
    return rows


def _open(model: Rows, vault: Vault, opener: Opener) -> str:
    """Replace what is sealed in the model by what was sealed; returns the ID number."""

    def opened(sealed: str, place: str) -> str:
        return cast(str, opener.text(sealed, place))

    event, version, copy = model["event"], model["certificate_version"], model["copy"]
    event_id = str(event["event_id"])
    place = f"event {event_id} id_number"
    sealed_number = cast(bytes, event["id_number"])
    number = cast(bytes, opener.content(str(model["holder"]["holder_id"]), sealed_number, place))
    event["told"] = opened(json.loads(str(event["payload"]))["holder"], f"event {event_id} holder")
    event["outcome"] = text_of(read_outcome(str(event["outcome"]), opener, event_id))
    version["person"] = opened(
        json.loads(str(version["face"]))["holder"], f"version {version['version_id']!s} face"
    )
    copy["purpose"] = read_purpose(str(copy["purpose"]), opener, str(copy["copy_id"]))
    return vault.decrypt(number, place)


def _hashed_face(model: Rows, opener: Opener) -> str:
    """Return what the face's hash is of; hashing every face by itself would take half the time of filling."""
    version = model["certificate_version"]
    face = read_face(str(version["face"]), opener, str(version["version_id"]))
    text = json.dumps(
        asdict(face), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=date.isoformat
    )
    if sha256(text.encode()).hexdigest() != face_hash(face):
        raise ValueError("faces are hashed in another form by now")
    return text


def _person(
    model: Rows,
    number: int,
    chance: random.Random,
    vault: Vault,
    id_number: str,
    hashed_face: str,
) -> Rows:
    """Return the rows of another holder: every identifier and hash is its own."""

    def fresh() -> str:
        return chance.randbytes(_ID_BYTES).hex()

    holder_id, registration_id, event_id, version_id = fresh(), fresh(), fresh(), fresh()
    old = str(model["registration_number"]["number"])
    new = f"{old[:-9]}{number:09d}"
    face = json.loads(str(model["certificate_version"]["face"]))
    name, _, _ = str(model["certificate_version"]["person"]).partition("\0")
    secret, copy_id = chance.randbytes(KEY_BYTES), fresh()
    key = HolderKey(holder_id, secret)
    own = {
        old: new,
        name: _word(chance, 3),
        face["employer"]["first"]: f"示例{_word(chance, 4)}建设有限公司",
    }

    def its_own(text: object) -> str:
        changed = str(text)
        for before, after in own.items():
            changed = changed.replace(before, after)
        return changed

    def sealed(text: object, place: str) -> str:
        return key.seal_text(its_own(text), place)

    def with_holder(text: object, inner: object, place: str) -> str:
        return text_of({**json.loads(its_own(text)), "holder": sealed(inner, place)})

    at = str(model["holder_key"]["created_at"])
    number_place = f"event {event_id} id_number"
    changed: Mapping[str, dict[str, Value]] = {
        "holder_key": key_values(holder_id, secret, at, vault),
        "holder": {"holder_id": holder_id, "id_index": chance.randbytes(32).hex()},
        "registration": {
            "registration_id": registration_id,
            "holder_id": holder_id,
            "ordinal": 1_000_000 + number,
        },
        "registration_number": {"number": new, "registration_id": registration_id},
        "event": {
            "event_id": event_id,
            "seq": 1_000_000 + number,
            "source_id": f"bench-{number}",
            "registration_id": registration_id,
            "version_id": version_id,
            "payload": with_holder(
                model["event"]["payload"], model["event"]["told"], f"event {event_id} holder"
            ),
            "outcome": outcome_text(json.loads(its_own(model["event"]["outcome"])), key, event_id),
            "id_number": key.seal(vault.encrypt(id_number, number_place), number_place),
        },
        "certificate_version": {
            "version_id": version_id,
            "registration_id": registration_id,
            "serial": f"9{number:013d}",
            "licence_id": fresh(),
            "face": with_holder(
                model["certificate_version"]["face"],
                model["certificate_version"]["person"],
                f"version {version_id} face",
            ),
            "face_hash": sha256(its_own(hashed_face).encode()).hexdigest(),
            "event_id": event_id,
        },
        "copy": {
            "copy_id": copy_id,
            "purpose": purpose_text(str(model["copy"]["purpose"]), key, copy_id),
            "registration_id": registration_id,
            "holder_id": holder_id,
            "version_id": version_id,
            "token": "".join(chance.choices(ALPHABET, k=TOKEN_LENGTH)),
            "code": _code(chance),
            "status_index": 1_000_000 + number,
            # Whoever has one of today cannot be endorsed in the rows that endorse.
            "day": "2025-12-01",
            "pdf_sha256": chance.randbytes(32).hex(),
            "ofd_sha256": chance.randbytes(32).hex(),
        },
    }
    return {
        name: {column: value for column, value in (row | changed[name]).items() if column not in _OPENED}
        for name, row in model.items()
    }


def _word(chance: random.Random, length: int) -> str:
    """Return *length* of the 3,755 characters of everyday use; source: GB/T 2312, level 1."""
    octets = bytearray()
    for _ in range(length):
        # Rows 16 to 55; the last of them ends five places early.
        row = chance.randrange(0xB0, 0xD8)
        octets += bytes((row, chance.randrange(0xA1, 0xFA if row == 0xD7 else 0xFF)))
    return octets.decode("gb2312")


def _code(chance: random.Random) -> str:
    body = "".join(chance.choices(ALPHABET, k=CODE_LENGTH - 1))
    return body + check_character(body)
