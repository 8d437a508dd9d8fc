"""What the desk does for holders and platforms once a certificate exists."""

from __future__ import annotations

from certsvc.client import Client, ClientError, Endorsement, ProblemError
from registration_desk.book import Book


def endorse(book: Book, client: Client, number: str, purpose: str, order: str) -> Endorsement:
    """Have a copy endorsed on behalf of the holder (加注).

    Args:
        book: of the desk; the order is written down before it is sent.
        client: with the scope endorse.
        number: registration number.
        purpose: what the copy is for.
        order: the desk's own name for this wish, sent as Idempotency-Key: asked again it is the same copy.

    Raises:
        ClientError: refused, or no answer; ``finish_orders`` asks again with the same key where that helps.
    """
    with book.writing() as db:
        db.execute(
            "INSERT OR IGNORE INTO copy (key, number, purpose, copy_id, code, detail)"
            " VALUES (?, ?, ?, '', '', '')",
            (order, number, purpose),
        )
    try:
        copy = client.endorse(number, purpose, idempotency_key=order)
    except ProblemError as refusal:
        if not _may_pass(refusal):
            _close(book, order, "", refusal.code, refusal.detail)
        raise
    _close(book, order, copy.endorsement_id, "", "")
    return copy


def finish_orders(book: Book, client: Client) -> int:
    """Ask again for copies whose answer never came; returns how many are settled now."""
    with book.reading() as db:
        opened = db.execute(
            "SELECT key, number, purpose FROM copy WHERE copy_id = '' AND code = ''"
        ).fetchall()
    settled = 0
    for row in opened:
        try:
            endorse(book, client, row["number"], row["purpose"], row["key"])
        except ProblemError as refusal:
            settled += not _may_pass(refusal)
        except ClientError:
            return settled
        else:
            settled += 1
    return settled


def copies(book: Book, number: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return purpose, id of the copy, code and sentence of every order of a registration, newest first."""
    with book.reading() as db:
        rows = db.execute(
            "SELECT purpose, copy_id, code, detail FROM copy WHERE number = ? ORDER BY rowid DESC", (number,)
        ).fetchall()
    return tuple((row["purpose"], row["copy_id"], row["code"], row["detail"]) for row in rows)


def follow(book: Book, platform: Client) -> tuple[tuple[str, str, str], ...]:
    """Fetch what changed in verified certificates since last time: licence, status and changed fields.

    The cursor is kept in the transaction of its items: nothing is lost and nothing told twice.
    """
    with book.reading() as db:
        row = db.execute("SELECT cursor FROM feed").fetchone()
    fresh: list[tuple[str, str, str]] = []
    for page in platform.changes(None if row is None else row["cursor"]):
        with book.writing() as db:
            for item in page.items:
                changed = ",".join(item.changed_fields) or (item.specialty or "")
                fresh.append((item.licence_id, item.status, changed))
                db.execute(
                    "INSERT INTO news (at, licence_id, status, changed) VALUES (?, ?, ?, ?)",
                    (item.at.isoformat(), item.licence_id, item.status, changed),
                )
            db.execute(
                "INSERT INTO feed VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor",
                (page.next_cursor,),
            )
    return tuple(fresh)


def news(book: Book) -> tuple[tuple[str, str, str, str], ...]:
    """Return all that the feed told: instant, licence, status, changed fields; newest first."""
    with book.reading() as db:
        rows = db.execute("SELECT at, licence_id, status, changed FROM news ORDER BY id DESC").fetchall()
    return tuple((row["at"], row["licence_id"], row["status"], row["changed"]) for row in rows)


def _may_pass(refusal: ProblemError) -> bool:
    """Tell whether the same order may still become a copy: it stays open then."""
    return refusal.status in {429, 503} or refusal.code == "ENDORSEMENT_PENDING"


def _close(book: Book, order: str, copy_id: str, code: str, detail: str) -> None:
    with book.writing() as db:
        db.execute(
            "UPDATE copy SET copy_id = ?, code = ?, detail = ? WHERE key = ?", (copy_id, code, detail, order)
        )
