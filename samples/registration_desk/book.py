"""What the desk remembers: one SQLite file, every change one transaction.

An approval and the letter about it (outbox) are written together: there is no approved application that
nobody will tell the certificate service of, and no letter about one that was not approved.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from registration_desk.business import JSON
from registration_desk.stages import Action, Role, State, move

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS desk (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS application (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, person TEXT NOT NULL, said TEXT NOT NULL,
    state TEXT NOT NULL, round INTEGER NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS step (
    id INTEGER PRIMARY KEY, application INTEGER NOT NULL REFERENCES application, at TEXT NOT NULL,
    role TEXT NOT NULL, action TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS holder (person TEXT PRIMARY KEY, number TEXT NOT NULL, employer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS letter (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE,
    application INTEGER NOT NULL REFERENCES application,
    person TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_at TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, event_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS copy (
    key TEXT PRIMARY KEY, number TEXT NOT NULL, purpose TEXT NOT NULL, copy_id TEXT NOT NULL,
    code TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS feed (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS news (id INTEGER PRIMARY KEY, at TEXT NOT NULL, licence_id TEXT NOT NULL,
    status TEXT NOT NULL, changed TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application as it stands."""

    id: int
    kind: str
    person: str
    said: Mapping[str, str]
    state: State
    round: int
    """Counts submissions; each has a letter of its own."""
    reason: str
    """Why it was returned; empty otherwise."""
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the track (操作轨迹)."""

    at: str
    role: Role
    action: Action
    state: State
    note: str


class Book:
    """The desk's memory; safe for several processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin it."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            # A desk begun anew must not repeat another one: the service knows each source_id for ever.
            db.execute("INSERT OR IGNORE INTO desk VALUES (1, ?)", (secrets.token_hex(4),))
            self.name = str(db.execute("SELECT name FROM desk").fetchone()["name"])
            """Begins every source_id."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a connection for looking."""
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA synchronous = FULL")
            yield db
        finally:
            db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: all of it, or nothing."""
        with self.reading() as db:
            # Immediate: whoever decides by what it reads must not be overtaken before it writes.
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def draft(self, kind: str, person: str, said: Mapping[str, str]) -> int:
        """Begin an application; returns its number."""
        with self.writing() as db:
            made = db.execute(
                "INSERT INTO application (kind, person, said, state, round, reason, created_at)"
                " VALUES (?, ?, ?, ?, 0, '', ?)",
                (kind, person, json.dumps(dict(said)), State.DRAFT, _now()),
            )
            return int(made.lastrowid or 0)

    def rewrite(self, application: int, said: Mapping[str, str]) -> None:
        """Put other values into an application that is with the applicant."""
        with self.writing() as db:
            db.execute(
                "UPDATE application SET said = ? WHERE id = ? AND state IN (?, ?)",
                (json.dumps(dict(said)), application, State.DRAFT, State.RETURNED),
            )

    def application(self, number: int) -> Application:
        """Return one application. KeyError when there is none."""
        with self.reading() as db:
            return found(db, number)

    def applications(self) -> tuple[Application, ...]:
        """Return all, newest first."""
        with self.reading() as db:
            return tuple(
                _application(row) for row in db.execute("SELECT * FROM application ORDER BY id DESC")
            )

    def track(self, application: int) -> tuple[Step, ...]:
        """Return what was done to an application, oldest first."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT * FROM step WHERE application = ? ORDER BY id", (application,)
            ).fetchall()
        return tuple(
            Step(
                at=row["at"],
                role=Role(row["role"]),
                action=Action(row["action"]),
                state=State(row["state"]),
                note=row["note"],
            )
            for row in rows
        )

    def holder(self, person: str) -> tuple[str, str] | None:
        """Return a registered person's number and employer; None before the first registration."""
        with self.reading() as db:
            row = db.execute("SELECT number, employer FROM holder WHERE person = ?", (person,)).fetchone()
        return None if row is None else (row["number"], row["employer"])


def found(db: sqlite3.Connection, number: int) -> Application:
    """Return one application inside a transaction. KeyError when there is none."""
    row = db.execute("SELECT * FROM application WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise KeyError(number)
    return _application(row)


def put_forward(
    db: sqlite3.Connection, number: int, role: Role, action: Action, note: str = ""
) -> Application:
    """Move an application on and write it into its track; returns it as it stood before.

    Raises:
        StageError: this role does not do this now.
    """
    before = found(db, number)
    state = move(before.state, role, action)
    db.execute(
        "UPDATE application SET state = ?, round = round + ?, reason = ? WHERE id = ?",
        (state, action is Action.SUBMIT, note if action is Action.RETURN else "", number),
    )
    db.execute(
        "INSERT INTO step (application, at, role, action, state, note) VALUES (?, ?, ?, ?, ?, ?)",
        (number, _now(), role, action, state, note),
    )
    return before


def write_letter(db: sqlite3.Connection, application: Application, body: JSON) -> None:
    """Put the event of an approved application into the outbox."""
    db.execute(
        "INSERT INTO letter (source_id, application, person, body, state, attempts, next_at, code, detail,"
        " event_id) VALUES (?, ?, ?, ?, 'PENDING', 0, '', '', '', '')",
        (body["source_id"], application.id, application.person, json.dumps(body)),
    )


def _application(row: sqlite3.Row) -> Application:
    return Application(
        id=row["id"],
        kind=row["kind"],
        person=row["person"],
        said=json.loads(row["said"]),
        state=State(row["state"]),
        round=row["round"],
        reason=row["reason"],
        created_at=row["created_at"],
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
