"""Telling the certificate service what was approved: at least once, with one source_id, so one effect."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from certsvc.client import AnswerError, Client, ClientError, Problem, ProblemError, Recorded
from registration_desk.book import Book, put_forward
from registration_desk.business import JSON, with_identity
from registration_desk.stages import Action, Role
from registration_desk.words import Words

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=5)


class Delivery(StrEnum):
    """Where a letter stands."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    """By the rules; the application is back with the applicant."""
    HELD = "HELD"
    """For a reason no applicant can do anything about; somebody of the desk has to."""


DELIVERIES: Final[Mapping[Delivery, Words]] = {
    Delivery.PENDING: Words("待送达，会自动再送", "Not delivered yet; tried again by itself"),
    Delivery.DELIVERED: Words("已送达", "Delivered"),
    Delivery.REFUSED: Words("被拒绝，已退回申请人", "Refused; back with the applicant"),
    Delivery.HELD: Words("搁置，等待本系统处理", "Held for the desk's own people"),
}
REMEDIES: Final[Mapping[Delivery, Words]] = {
    Delivery.PENDING: Words(
        "无需操作：证照服务恢复后自动送达，不会重复登记。",
        "Nothing to do: it is delivered once the certificate service is back, and recorded once.",
    ),
    Delivery.DELIVERED: Words("无需操作。", "Nothing to do."),
    Delivery.REFUSED: Words(
        "请申请人按原因修改后重新提交。", "The applicant corrects what the reason names and submits again."
    ),
    Delivery.HELD: Words(
        "请管理员核对密钥、权限与送达标识，处理后点“重新送达”。",
        "Somebody checks the key, its scopes and the source_id, then presses “Deliver again”.",
    ),
}
_OURS: Final = frozenset({"IDEMPOTENCY_CONFLICT", "UNAUTHENTICATED", "FORBIDDEN", "MALFORMED"})
"""Refusals that are about this desk, not about the application."""
_BUSY: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One event and how far it got."""

    id: int
    source_id: str
    application: int
    person: str
    body: JSON
    state: Delivery
    attempts: int
    code: str
    """Why it is not delivered; empty otherwise."""
    detail: str
    event_id: str

    @property
    def event(self) -> JSON:
        """Return what is sent: with the ID number, which is not kept here."""
        return with_identity(self.body, self.person)


def letters(book: Book, application: int | None = None) -> tuple[Letter, ...]:
    """Return the letters about one application or all, oldest first."""
    with book.reading() as db:
        rows = db.execute(
            "SELECT * FROM letter WHERE ? IS NULL OR application = ? ORDER BY id", (application, application)
        ).fetchall()
    return tuple(
        Letter(
            id=row["id"],
            source_id=row["source_id"],
            application=row["application"],
            person=row["person"],
            body=json.loads(row["body"]),
            state=Delivery(row["state"]),
            attempts=row["attempts"],
            code=row["code"],
            detail=row["detail"],
            event_id=row["event_id"],
        )
        for row in rows
    )


def deliver_due(book: Book, client: Client, now: datetime | None = None) -> tuple[Letter, ...]:
    """Send what is due once; returns those letters as they stand afterwards.

    A person's letters go in their order: a later one waits for what is pending or held before it.
    """
    now = now or datetime.now(UTC)
    with book.reading() as db:
        due = [
            row["id"]
            for row in db.execute(
                "SELECT id FROM letter WHERE state = 'PENDING' AND next_at <= ? AND NOT EXISTS (SELECT 1 FROM"
                " letter AS earlier WHERE earlier.person = letter.person AND earlier.id < letter.id"
                " AND earlier.state IN ('PENDING', 'HELD')) ORDER BY id",
                (now.isoformat(),),
            )
        ]
    known = {letter.id: letter for letter in letters(book)}
    for number in due:
        _deliver(book, client, known[number], now)
    return tuple(letter for letter in letters(book) if letter.id in due)


def deliver_again(book: Book, letter: int) -> None:
    """Put a held letter, or one that waits for its next turn, back in the queue at once."""
    with book.writing() as db:
        db.execute(
            "UPDATE letter SET state = 'PENDING', next_at = '' WHERE id = ? AND state IN ('HELD', 'PENDING')",
            (letter,),
        )


def _deliver(book: Book, client: Client, letter: Letter, now: datetime) -> None:
    # Nothing is locked while the service is asked. Who dies after its answer and before ours is written sends
    # the same source_id again, and is answered the same.
    try:
        recorded = client.record_event(letter.event)
    except ProblemError as refusal:
        if refusal.status in _BUSY:
            _postpone(book, letter, now, refusal.code, refusal.detail, refusal.retry_after)
        elif refusal.code in _OURS:
            _settle(book, letter, Delivery.HELD, refusal.code, refusal.detail)
        else:
            _refuse(book, letter, refusal.problem)
    except AnswerError as error:
        _settle(book, letter, Delivery.HELD, "ANSWER", str(error))
    except ClientError as error:
        _postpone(book, letter, now, "UNREACHABLE", str(error), None)
    else:
        _delivered(book, letter, recorded)


def _delivered(book: Book, letter: Letter, recorded: Recorded) -> None:
    with book.writing() as db:
        db.execute(
            "UPDATE letter SET state = 'DELIVERED', attempts = attempts + 1, code = '', detail = '',"
            " event_id = ? WHERE id = ? AND state = 'PENDING'",
            (recorded.event_id, letter.id),
        )
        said = json.loads(
            db.execute("SELECT said FROM application WHERE id = ?", (letter.application,)).fetchone()["said"]
        )
        db.execute(
            "INSERT INTO holder (person, number, employer) VALUES (?, ?, ?) ON CONFLICT (person) DO UPDATE"
            " SET number = excluded.number,"
            " employer = CASE ? WHEN '' THEN employer ELSE excluded.employer END",
            (
                letter.person,
                recorded.registration.registration_number,
                said.get("employer", "e1"),
                said.get("employer", ""),
            ),
        )


def _refuse(book: Book, letter: Letter, problem: Problem) -> None:
    """Write a refusal down and return the application, in one transaction."""
    faults = " ".join(f"{fault.pointer}: {fault.detail}" for fault in problem.errors)
    reason = " ".join(part for part in (f"[{problem.code}]", problem.detail, faults) if part)
    with book.writing() as db:
        if _write(db, letter, Delivery.REFUSED, problem.code, f"{problem.detail} {faults}".strip()):
            put_forward(db, letter.application, Role.SERVICE, Action.RETURN, reason)


def _settle(book: Book, letter: Letter, state: Delivery, code: str, detail: str) -> None:
    with book.writing() as db:
        _write(db, letter, state, code, detail)


def _write(db: sqlite3.Connection, letter: Letter, state: Delivery, code: str, detail: str) -> bool:
    """Write what became of a letter; False when another courier was first."""
    done = db.execute(
        "UPDATE letter SET state = ?, attempts = attempts + 1, code = ?, detail = ? WHERE id = ?"
        " AND state = 'PENDING'",
        (state, code, detail, letter.id),
    )
    return done.rowcount == 1


def _postpone(
    book: Book, letter: Letter, now: datetime, code: str, detail: str, retry_after_s: float | None
) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(letter.attempts, 20), LONGEST_PAUSE)
    pause = max(pause, timedelta(seconds=retry_after_s or 0))
    with book.writing() as db:
        db.execute(
            "UPDATE letter SET attempts = attempts + 1, next_at = ?, code = ?, detail = ? WHERE id = ?"
            " AND state = 'PENDING'",
            ((now + pause).isoformat(), code, detail, letter.id),
        )
