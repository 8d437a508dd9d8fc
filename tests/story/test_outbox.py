"""What was approved reaches the service once, whoever dies in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from registration_desk import counter, office
from registration_desk.book import Book
from registration_desk.outbox import Letter, deliver_again, deliver_due, letters

from certsvc.client import Client, Patience, ProblemError, UnreachableError
from certsvc.domain.wording import OFFICIAL
from tests.client.chaos import Fault, problem
from tests.client.service import Service
from tests.conftest import ROOT
from tests.story.conftest import CONTRACT, INITIAL, approved

ONCE = Patience(tries=1, total_s=20)


def desk_client(service: Service, api_key: str = "") -> Client:
    """Connect through the proxy and try once: repeating is the outbox's part here."""
    return service.client(service.chaos.url, patience=ONCE, api_key=api_key)


def newest(book: Book) -> Letter:
    """Return the letter written last."""
    return letters(book)[-1]


def await_(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    for _ in range(400):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


@contextmanager
def courier(book: Book, service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """Run an outbox worker as a process of its own, killed at the end whatever happened."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "registration_desk", "deliver", "--forever"),
            *("--book", str(book.path), "--url", service.chaos.url),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "samples"), "DESK_API_KEY": service.api_key},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_worker_killed_after_the_service_did_it_delivers_once(service: Service, book: Book) -> None:
    """Killed between the service's answer and our note of it: the next worker is answered the same."""
    approved(book, "initial", "p1", INITIAL)
    service.chaos.plan(Fault.SILENCE)
    with courier(book, service) as first:
        await_(lambda: len(service.chaos.seen) == 1)
        number = str(newest(book).body["registration_number"])
        with service.client() as client:
            await_(lambda: _is_known(client, number))
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert (newest(book).state, newest(book).attempts) == ("PENDING", 0)

    service.chaos.plan()
    with courier(book, service):
        await_(lambda: newest(book).state == "DELIVERED")
    with service.client() as client:
        assert [item.event_id for item in client.history(number)] == [newest(book).event_id]
    assert book.holder("p1") == (number, "e1")


def _is_known(client: Client, number: str) -> bool:
    try:
        return client.registration(number).status == "ACTIVE"
    except ProblemError as refusal:
        assert refusal.code == "NOT_FOUND"
        return False


def test_service_away_is_asked_again_later_and_in_order(service: Service, book: Book) -> None:
    """Pauses grow; a later event of the same person does not overtake; the same body goes again."""
    approved(book, "initial", "p2", INITIAL)
    second = approved(book, "add_specialty", "p2", {"specialty": "机电工程", **CONTRACT})
    # Approved before the first was delivered, so it does not know the number that one is about to give.
    with book.writing() as db:
        body = {**newest(book).body, "registration_number": letters(book)[0].body["registration_number"]}
        db.execute("UPDATE letter SET body = ? WHERE application = ?", (json.dumps(body), second))
    now = datetime.now(UTC)
    service.chaos.plan(Fault.LOST_BEFORE, Fault.LOST_AFTER, problem(503, "UNAVAILABLE", Retry_After="60"))
    with desk_client(service) as client:
        assert [letter.code for letter in deliver_due(book, client, now)] == ["UNREACHABLE"]
        assert deliver_due(book, client, now) == ()
        assert [letter.attempts for letter in deliver_due(book, client, now + timedelta(seconds=1))] == [2]
        (busy,) = deliver_due(book, client, now + timedelta(seconds=3))
        assert (busy.state, busy.code) == ("PENDING", "UNAVAILABLE")
        assert deliver_due(book, client, now + timedelta(seconds=62)) == ()
        (done,) = deliver_due(book, client, now + timedelta(seconds=63))
        assert done.state == "DELIVERED"
        assert len({seen.body for seen in service.chaos.seen}) == 1
        (after,) = deliver_due(book, client, now + timedelta(seconds=63))
        assert (after.state, after.application) == ("DELIVERED", second)
        types = [item.type for item in client.history(str(body["registration_number"]))]
    assert types == ["initial", "add_specialty"]


def test_refusal_returns_the_application_in_words_and_may_be_corrected(service: Service, book: Book) -> None:
    """422, granted past the age limit; then the corrected day, under an id of its own."""
    number = approved(book, "initial", "p5", INITIAL)
    with desk_client(service) as client:
        (letter,) = deliver_due(book, client)
        assert (letter.state, letter.code) == ("REFUSED", "OVER_AGE")
        application = book.application(number)
        assert application.state == "returned" and application.reason.startswith("[OVER_AGE] ")
        assert "/" in application.reason
        assert [step.role for step in book.track(number)][-1] == "service"
        office.submit(book, number)
        office.confirm(book, number)
        office.accept(book, number)
        office.approve(book, number, granted_on=date(2019, 1, 7))
        (again,) = deliver_due(book, client)
    assert (again.source_id, again.state) == (f"desk-{book.name}-{number}-2", "DELIVERED")


def test_official_sentence_comes_back_to_the_applicant(service: Service, book: Book) -> None:
    """A renewal of nothing."""
    number = approved(book, "renew", "p3", {"specialty": "建筑工程", **CONTRACT})
    with desk_client(service) as client:
        deliver_due(book, client)
    assert (
        book.application(number).reason
        == f"[NO_REGISTRATION_FOR_RENEWAL] {OFFICIAL['NO_REGISTRATION_FOR_RENEWAL']}"
    )


def test_conflict_and_missing_rights_are_held_for_the_desk(service: Service, book: Book) -> None:
    """No applicant can put these right; nothing of the same person goes before somebody did."""
    number = approved(book, "initial", "p3", INITIAL)
    first = newest(book)
    with desk_client(service) as client:
        client.record_event(first.event)
        with book.writing() as db:
            db.execute(
                "UPDATE letter SET body = ? WHERE id = ?",
                (json.dumps({**first.body, "effective_at": "2025-01-01T09:00:00+08:00"}), first.id),
            )
        (held,) = deliver_due(book, client)
        assert (held.state, held.code) == ("HELD", "IDEMPOTENCY_CONFLICT")
        assert book.application(number).state == "approved"
        approved(book, "cancel", "p3", {"reason": "样本"})
        assert deliver_due(book, client) == ()
        with book.writing() as db:
            db.execute("UPDATE letter SET body = ? WHERE id = ?", (json.dumps(first.body), first.id))
        deliver_again(book, first.id)
        with desk_client(service, api_key=service.add_key(("read",))) as powerless:
            assert [one.code for one in deliver_due(book, powerless)] == ["FORBIDDEN"]
        deliver_again(book, first.id)
        assert [one.state for one in deliver_due(book, client)] == ["DELIVERED"]


def test_order_without_answer_is_asked_again_and_makes_one_copy(service: Service, book: Book) -> None:
    """The order is written down before it is sent, with the key it keeps."""
    with service.client() as straight:
        number = service.person(straight)
    with desk_client(service) as client:
        service.chaos.plan(Fault.LOST_AFTER)
        with pytest.raises(UnreachableError):
            counter.endorse(book, client, number, "样本投标", "order-1")
        assert counter.copies(book, number) == (("样本投标", "", "", ""),)
        service.chaos.plan(problem(503, "UNAVAILABLE"))
        assert counter.finish_orders(book, client) == 0
        assert counter.finish_orders(book, client) == 1
        ((_, copy_id, _, _),) = counter.copies(book, number)
        assert client.endorsement(copy_id).copy_number == 1
        with pytest.raises(ProblemError):
            counter.endorse(book, client, number, "样本再投标", "order-2")
    assert counter.copies(book, number)[0][2:] == ("ENDORSED_TODAY", OFFICIAL["ENDORSED_TODAY"])


def test_feed_goes_on_where_it_was_left(service: Service, book: Book) -> None:
    """What was told once is not told again, by another process neither."""
    with service.client() as client:
        number = service.person(client)
        copy = client.endorse(number, "样本投标")
        client.verify_file(client.download(copy.files["pdf"]))
        counter.follow(book, client)
        client.record_event(
            {
                "source_id": f"feed-{number[-5:]}",
                "type": "change_employer",
                "effective_at": datetime.now(UTC).isoformat(),
                "registration_number": number,
                "employer": {"name": "样本另一建设有限公司", "uscc": "91990000MA0000015Q"},
            }
        )
        assert [status for _, status, _ in counter.follow(book, client)] == ["SUPERSEDED"]
        assert counter.follow(Book(book.path), client) == ()
    assert len(counter.news(book)) == 1
