"""What the four roles do with applications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from registration_desk.book import Application, Book, found, put_forward, write_letter
from registration_desk.business import ApplicationError, check, event_of
from registration_desk.people import PEOPLE
from registration_desk.stages import Action, Role
from registration_desk.words import Words

BEIJING: Final = timezone(timedelta(hours=8))
_FIRST_NUMBER: Final = 50_000
"""Above every number of the other samples; a thousand for each person."""


def apply(book: Book, kind: str, person: str, said: Mapping[str, str]) -> int:
    """Write an application and submit it; returns its number.

    Raises:
        ApplicationError: it does not say what it must; nothing is kept.
    """
    check(kind, person, said)
    number = book.draft(kind, person, said)
    submit(book, number)
    return number


def submit(book: Book, number: int) -> None:
    """Submit a draft, or one that was returned, once it says what it must."""
    with book.writing() as db:
        application = found(db, number)
        check(application.kind, application.person, application.said)
        put_forward(db, number, Role.PERSON, Action.SUBMIT)


def confirm(book: Book, number: int) -> None:
    """The enterprise confirms that it employs the applicant (企业确认)."""
    with book.writing() as db:
        put_forward(db, number, Role.ENTERPRISE, Action.CONFIRM)


def accept(book: Book, number: int) -> None:
    """The province accepts."""
    with book.writing() as db:
        put_forward(db, number, Role.PROVINCE, Action.ACCEPT)


def send_back(book: Book, number: int, role: Role, reason: str) -> None:
    """Return an application to the applicant, with a reason.

    Raises:
        ApplicationError: without one.
    """
    if not reason.strip():
        raise ApplicationError({"note": Words("退回须写明原因。", "Returning needs a reason.")})
    with book.writing() as db:
        put_forward(db, number, role, Action.RETURN, reason.strip())


def approve(book: Book, number: int, *, granted_on: date | None = None, now: datetime | None = None) -> None:
    """The ministry approves: from here on the outbox owes the certificate service this event.

    Args:
        book: of the desk.
        number: of the application.
        granted_on: the day of granting in Beijing, today when left out; an earlier one lets the play have
            registrations that are about to run out.
        now: the present instant.
    """
    now = now or datetime.now(UTC)
    today = now.astimezone(BEIJING).date()
    granted_on = granted_on or today
    if granted_on > today:
        raise ApplicationError(
            {"granted_on": Words("准予日期不能晚于今天。", "The day of granting cannot lie ahead.")}
        )
    # An event of today takes effect now: before now, it would reach back behind what was verified already.
    effective_at = now if granted_on == today else datetime.combine(granted_on, time(9), BEIJING)
    with book.writing() as db:
        application = put_forward(db, number, Role.MINISTRY, Action.APPROVE)
        row = db.execute(
            "SELECT number, employer FROM holder WHERE person = ?", (application.person,)
        ).fetchone()
        own, employer = (row["number"], row["employer"]) if row is not None else ("", "e1")
        fresh = new_number(application, granted_on)
        starts = application.kind == "initial" or not own
        event = event_of(
            application.kind,
            application.person,
            application.said,
            employer=employer,
            granted_on=granted_on,
            new_number="" if starts else fresh,
        )
        event |= {
            "source_id": f"desk-{book.name}-{application.id}-{application.round}",
            "effective_at": effective_at.isoformat(),
            "registration_number": fresh if starts else own,
        }
        write_letter(db, application, event)


def new_number(application: Application, granted_on: date) -> str:
    """Return the registration number (注册编号) an application would be given; the service mints none."""
    who = PEOPLE[application.person]
    order = _FIRST_NUMBER + who.order % 40 * 1000 + application.id % 1000
    return f"{who.province}199{who.qualified}{granted_on.year}{order:05}"
