"""A store of many certificates, made by the service's counter, and somebody who spoils it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, cast

from certsvc.domain.certificate import Face, face_hash
from certsvc.issuing.counter import CHUNK, Operation, Order
from certsvc.registry.crypto import HolderKey, Value, Vault
from certsvc.registry.holder_keys import Opener
from certsvc.registry.payload import face_text, read_face
from certsvc.registry.tables import METADATA
from certsvc.storage.pack import folder_of, opened, packed_file, parts_of, read_index, read_raw
from certsvc.storage.port import PACK_CHARS
from tests.world import World

Row = dict[str, Value]
_BORN_A_DAY: Final = 400
_LOOSENED: Final = ("copy", "certificate_version", "event", "registration", "log_entry")
"""Tables whose constraints an insider takes away first."""
_ORDERS: Final = CHUNK // 8
"""Orders of one chunk here: packs of a size at which spoiling one leaves others."""


def number_of(order: int) -> str:
    """Return the registration number of the *order*-th holder."""
    return f"京1112020{2020_00000 + order:09d}"


def grow(world: World, copies: int) -> None:
    """Make *copies* endorsed copies and originals: some holders changed employer, some have two copies."""
    holders = list(range(1, copies * 9 // 10 + 1))
    for start in range(0, len(holders), _ORDERS):
        chunk = holders[start : start + _ORDERS]
        _taken(world, [_event(world, _initial(world, one)) for one in chunk])
        world.jump(seconds=30)
    log(world)
    moved = holders[::10]
    for start in range(0, len(moved), _ORDERS):
        employer = {"name": "示例第二建设有限公司", "uscc": "91990000MA0000015Q"}
        bodies = [
            world.event("change_employer", number_of(one), employer=employer)
            for one in moved[start : start + _ORDERS]
        ]
        _taken(world, [_event(world, body) for body in bodies])
        world.jump(seconds=30)
    _endorse(world, holders)
    rest = copies - len(holders)
    world.jump(days=1)
    _endorse(world, holders[: rest // 2])
    originals = holders[-(rest - rest // 2) :]
    for start in range(0, len(originals), _ORDERS):
        _taken(
            world,
            [
                Order(
                    op=Operation.ORIGINAL, registration_number=number_of(one), body={}, client_id="t", key=""
                )
                for one in originals[start : start + _ORDERS]
            ],
        )
    log(world)
    world.jump(seconds=3600)


def log(world: World) -> None:
    """Log what happened to keys, give all entries their places and sign a checkpoint."""
    world.services.key_chronicle.note()
    world.services.sequencer.advance()


def _initial(world: World, one: int) -> Mapping[str, object]:
    # A day has numbers for so many people.
    born = date(1985, 3, 7) + timedelta(days=one // _BORN_A_DAY)
    return world.initial_body(number_of(one), order=one % _BORN_A_DAY, birth_date=born)


def _endorse(world: World, holders: Sequence[int]) -> None:
    for start in range(0, len(holders), _ORDERS):
        _taken(
            world,
            [
                Order(
                    op=Operation.ENDORSE,
                    registration_number=number_of(one),
                    body={"purpose": f"示例项目第{one}标段投标"},
                    client_id="t",
                    key=f"{world.today}-{one}",
                )
                for one in holders[start : start + _ORDERS]
            ],
        )


def _event(world: World, body: Mapping[str, object]) -> Order:
    number = str(body["registration_number"])
    return Order(op=Operation.EVENT, registration_number=number, body=body, client_id="t", key="")


def _taken(world: World, orders: Sequence[Order]) -> None:
    for outcome in world.services.counter.take(orders):
        outcome.get()


@dataclass(frozen=True, slots=True)
class Subject:
    """One registration that nothing else is done to."""

    registration_id: str
    events: tuple[Row, ...]
    versions: tuple[Row, ...]
    copies: tuple[Row, ...]

    @property
    def copy_id(self) -> str:
        """Its first copy."""
        return str(self.copies[0]["copy_id"])


class Spoiler:
    """Has the database file, the folder of files and the register's secret."""

    def __init__(self, world: World, *, picking: bool = True) -> None:
        """Take constraints away from the tables of a SQLite register, unless only rows will be edited."""
        self.world = world
        self.vault = Vault(world.services.keystore.registry_secret)
        self._path = world.settings.data_dir / "registry.db"
        if not picking:
            return
        with closing(self._connected()) as connection:
            for table in _LOOSENED:
                _loosen(connection, table)
        self._subjects = self._picked()
        # Set aside at once: what is picked meanwhile could be one of them.
        self.neighbours = self._neighbours()

    def pick(self, *, events: int = 1, copies: int = 1) -> Subject:
        """Return a registration nobody picked yet, with so many events and endorsed copies."""
        for subject in self._subjects:
            endorsed = all(copy["kind"] == "endorsement" for copy in subject.copies)
            if (len(subject.events), len(subject.copies)) == (events, copies) and endorsed:
                self._subjects.remove(subject)
                return subject
        raise AssertionError("the store is too small for what is planted")

    def _neighbours(self) -> tuple[Subject, Subject]:
        """Take two registrations whose only events follow each other with a pause between."""
        plain = [one for one in self._subjects if len(one.events) == 1]
        by_seq = {int(str(one.events[0]["seq"])): one for one in plain}
        for seq, first in by_seq.items():
            second = by_seq.get(seq + 1)
            if second is not None and second.events[0]["recorded_at"] != first.events[0]["recorded_at"]:
                self._subjects.remove(first)
                self._subjects.remove(second)
                return first, second
        raise AssertionError("no two such events are left")

    def rows(self, table: str, **where: Value) -> list[Row]:
        """Return the rows of a table that have these values."""
        wanted = " AND ".join(f'"{name}" = ?' for name in where) or "1"
        with closing(self._connected()) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(f'SELECT * FROM "{table}" WHERE {wanted}', tuple(where.values()))
            return [dict(row) for row in found]

    def entry_of(self, fact: object) -> Row:
        """Return the entry of the log about a copy or event."""
        (entry,) = self.rows("log_entry", fact=str(fact))
        return entry

    def run(self, sql: str, *arguments: Value) -> None:
        """Run one statement that must change one row."""
        with closing(self._connected()) as connection:
            assert connection.execute(sql, arguments).rowcount == 1

    def edit(self, table: str, row: Row, **changes: Value) -> Row:
        """Change one row and give it the MAC it would have been written with."""
        sealed = self._sealed(table, {**row, **changes})
        keys = [column.name for column in METADATA.tables[table].primary_key]
        places = ", ".join(f'"{name}" = ?' for name in sealed)
        where = " AND ".join(f'"{name}" = ?' for name in keys)
        self.run(
            f'UPDATE "{table}" SET {places} WHERE {where}', *sealed.values(), *(row[key] for key in keys)
        )
        return sealed

    def key_of(self, row: Row) -> HolderKey:
        """Return the key of the holder of a registration, found by any row that names the registration."""
        (registration,) = self.rows("registration", registration_id=row["registration_id"])
        (key,) = self.rows("holder_key", holder_id=registration["holder_id"])
        return self.vault.holder_key(str(key["holder_id"]), cast(bytes, key["wrapped"]))

    def face_of(self, version: Row) -> Face:
        """Return what a version shows."""
        (registration,) = self.rows("registration", registration_id=version["registration_id"])
        (key,) = self.rows("holder_key", holder_id=registration["holder_id"])
        opener = Opener(self.vault, lambda _: tuple(key.values()))
        return read_face(str(version["face"]), opener, str(version["version_id"]))

    def show(self, version: Row, face: Face, *, hashed: bool = False) -> None:
        """Let a version show another face, with its hash or with the old one's."""
        text = face_text(face, self.key_of(version), str(version["version_id"]))
        digest = face_hash(face) if hashed else version["face_hash"]
        self.edit("certificate_version", version, face=text, face_hash=digest)

    def add(self, table: str, row: Row) -> None:
        """Add one row with a MAC that holds."""
        sealed = self._sealed(table, row)
        marks = ", ".join("?" for _ in sealed)
        names = ", ".join(f'"{name}"' for name in sealed)
        self.run(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', *sealed.values())

    def remove(self, table: str, **where: Value) -> None:
        """Take one row out."""
        wanted = " AND ".join(f'"{name}" = ?' for name in where)
        self.run(f'DELETE FROM "{table}" WHERE {wanted}', *where.values())

    def read(self, copy_id: str, form: str = "pdf") -> bytes:
        """Return a file as it is stored."""
        return self.world.services.storage.get(f"{copy_id}.{form}")

    def pack_of(self, copy_id: str) -> Path:
        """Return where the files of a copy lie."""
        pack = copy_id[:PACK_CHARS]
        return Path(self.world.settings.storage_url) / folder_of(pack) / f"{pack}.pack"

    def refile(self, copy_id: str, changes: Mapping[str, bytes | None]) -> None:
        """Write a pack anew with other, more or (None) fewer files, all its digests right."""
        path = self.pack_of(copy_id)
        with opened(path) as handle:
            index = read_index(handle)
            # As they are, damaged or not: what was planted before stays planted.
            files = {file.name: file for file in read_raw(handle, index.files)}
        for name, content in changes.items():
            files.pop(name, None)
            if content is not None:
                files[name] = packed_file(name, content)
        path.write_bytes(b"".join(parts_of(files.values())))

    def reissue(self, subject: Subject, form: str, content: bytes) -> None:
        """Put another file in a copy's place and its sha256 into the row: only looking inside can tell."""
        packed = packed_file("x", content)
        self.refile(subject.copy_id, {f"{subject.copy_id}.{form}": content})
        changes: Row = {f"{form}_sha256": packed.sha256.hex(), f"{form}_size": len(content)}
        self.edit("copy", subject.copies[0], **changes)

    def _sealed(self, table: str, row: Row) -> Row:
        return self.vault.sealed(METADATA.tables[table], {name: row[name] for name in row if name != "mac"})

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return connection

    def _picked(self) -> list[Subject]:
        grouped: dict[str, dict[str, list[Row]]] = {}
        for table in ("event", "certificate_version", "copy"):
            for row in self.rows(table):
                grouped.setdefault(str(row["registration_id"]), {}).setdefault(table, []).append(row)
        return [
            Subject(
                registration_id,
                events=tuple(sorted(found["event"], key=lambda row: int(str(row["seq"])))),
                versions=tuple(
                    sorted(found["certificate_version"], key=lambda row: int(str(row["ordinal"])))
                ),
                copies=tuple(sorted(found["copy"], key=lambda row: str(row["reserved_at"]))),
            )
            for registration_id, found in grouped.items()
        ]


def _loosen(connection: sqlite3.Connection, table: str) -> None:
    connection.execute(f'CREATE TABLE loose AS SELECT * FROM "{table}"')
    connection.execute(f'DROP TABLE "{table}"')
    connection.execute(f'ALTER TABLE loose RENAME TO "{table}"')
    keys = [column.name for column in METADATA.tables[table].primary_key]
    for name in {*keys, "registration_id", "fact"} & set(METADATA.tables[table].c.keys()):
        connection.execute(f'CREATE INDEX "loose_{table}_{name}" ON "{table}" ("{name}")')


def later(day: object, days: int) -> str:
    """Return an ISO day moved by some days."""
    return date.fromordinal(date.fromisoformat(str(day)).toordinal() + days).isoformat()
