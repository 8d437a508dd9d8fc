"""Lost, cut, late and refused answers: what was asked for is done once, and its answer arrives."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from certsvc.client import AnswerError, Client, DigestError, Patience, ProblemError, UnreachableError
from certsvc.client.answers import IssuedFile
from tests.client.chaos import Chaos, Fault, Said, problem, said_json
from tests.client.service import Pauses, Service
from tests.drills import FULL, record
from tests.dripping import dripping

BUSY = [problem(429, "RATE_LIMITED", Retry_After="1"), problem(503, "UNAVAILABLE", Retry_After="2")]
LOSSES: list[Fault | Said] = [
    Fault.LOST_BEFORE,
    Fault.LOST_AFTER,
    Fault.CUT,
    Fault.CUT_UNSEEN,
    *BUSY,
    Said(status=502, headers={"Content-Type": "text/html"}, body=b"<h1>Bad Gateway</h1>"),
    problem(409, "ENDORSEMENT_PENDING", Retry_After="2"),
]
PEOPLE = 170 if FULL else 17
TRIES = 8
"""Each person's order is disturbed so often before an answer passes; of these six in eight are resets."""


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_endorsing_gives_one_copy_whatever_happens_to_the_answer(
    service: Service, client: Client, behind: Client, chaos: Chaos, loss: Fault | Said
) -> None:
    """The holder has one copy a day; a lost answer must not cost it, nor give a second."""
    number = service.person(client)
    chaos.plan(loss, loss)

    copy = behind.endorse(number, "投标使用")

    assert len(chaos.seen) == 3
    assert len({request.headers["idempotency-key"] for request in chaos.seen}) == 1
    assert len({request.body for request in chaos.seen}) == 1
    assert copy.copy_number == 1
    assert client.verify_qr(copy.verify_url).is_valid


def test_a_thousand_resets_double_nothing(service: Service, client: Client, chaos: Chaos) -> None:
    """Threat row "retry, lost reply": each order is disturbed again and again, mostly after it was done."""
    rng = random.Random("resets")
    patience = Patience(tries=TRIES + 1, total_s=10_000)
    faults: Counter[str] = Counter()
    tokens = set()
    with service.client(chaos.url, patience=patience) as behind:
        for _ in range(PEOPLE):
            number = service.person(client)
            steps = rng.choices([Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.CUT], [6, 1, 1], k=TRIES - 1)
            steps.insert(0, Fault.LOST_AFTER)
            chaos.plan(*steps)
            copy = behind.endorse(number, "投标使用")
            assert len(chaos.seen) == TRIES + 1
            assert copy.copy_number == 1
            tokens.add(copy.token)
            faults.update(step.name for step in steps)

    assert len(tokens) == PEOPLE
    assert faults["LOST_AFTER"] >= (1_000 if FULL else 100)
    record(
        "lost replies",
        orders=PEOPLE,
        resets=faults["LOST_AFTER"],
        others=faults.total() - faults["LOST_AFTER"],
    )


def test_answer_that_never_comes_is_given_up_and_asked_for_again(
    service: Service, client: Client, chaos: Chaos
) -> None:
    """The first request is being carried out while the second asks for the same."""
    number = service.person(client)
    chaos.plan(Fault.SILENCE)
    with Client(chaos.url, api_key=service.api_key, timeout_s=0.3) as impatient:
        copy = impatient.endorse(number, "投标使用")

    assert len(chaos.seen) >= 2
    assert copy.copy_number == 1 and client.endorsement(copy.endorsement_id) == copy


@pytest.mark.parametrize("loss", LOSSES[:4], ids=str)
def test_event_is_recorded_once(
    service: Service, client: Client, behind: Client, chaos: Chaos, loss: Fault
) -> None:
    """source_id makes the repetition known."""
    event = service.event()
    chaos.plan(loss, loss)

    number = behind.record_event(event).registration.registration_number

    assert len(chaos.seen) == 3
    assert len(client.history(number)) == 1


@pytest.mark.parametrize("loss", LOSSES[:4], ids=str)
def test_original_is_issued_once(
    service: Service, client: Client, behind: Client, chaos: Chaos, loss: Fault
) -> None:
    """A version has one original."""
    number = service.person(client)
    chaos.plan(loss, loss)

    assert behind.issue_original(number) == client.issue_original(number)
    assert len(chaos.seen) == 3


@pytest.mark.parametrize("loss", [Fault.CUT, Fault.CUT_UNSEEN, Fault.LOST_AFTER, *BUSY], ids=str)
def test_download_hands_out_whole_files_only(
    service: Service, client: Client, behind: Client, chaos: Chaos, loss: Fault | Said
) -> None:
    """Half a certificate would be handed in with a bid, and called altered."""
    file = client.endorse(service.person(client), "投标使用").files["ofd"]
    chaos.plan(loss)

    assert behind.download(file) == client.download(file)
    assert len(chaos.seen) == 2


def test_download_of_other_bytes_is_refused(
    service: Service, client: Client, behind: Client, chaos: Chaos
) -> None:
    """Same length, another file: a cache that mixed two up."""
    file = client.endorse(service.person(client), "投标使用").files["pdf"]
    other = client.endorse(service.person(client), "投标使用").files["pdf"]
    mixed = IssuedFile(url=other.url, sha256=file.sha256, size=other.size)
    longer = IssuedFile(url=file.url, sha256=file.sha256, size=file.size - 1)

    with pytest.raises(DigestError):
        behind.download(mixed)
    with pytest.raises(AnswerError):
        behind.download(longer)
    assert len(chaos.seen) == 2


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/api/v1/x.pdf", "//h/api/v1/x.pdf", "/x.pdf", "/api/v1/x.exe"]
)
def test_download_goes_to_the_service_alone(behind: Client, chaos: Chaos, url: str) -> None:
    """An address in an answer must not carry the key elsewhere."""
    with pytest.raises(AnswerError):
        behind.download(IssuedFile(url=url, sha256="0" * 64, size=1))
    assert chaos.seen == []


@pytest.mark.parametrize("loss", [Fault.CUT, Fault.CUT_UNSEEN, Fault.LOST_AFTER, *BUSY], ids=str)
def test_verification_is_asked_again(behind: Client, chaos: Chaos, loss: Fault | Said) -> None:
    """An outage must never read as a refusal of the bidder's file."""
    chaos.plan(loss, loss)

    assert behind.verify_file(b"%PDF-", upload=True).kind == "pdf"
    assert len(chaos.seen) == 4


def test_stated_wait_is_never_undercut(behind: Client, chaos: Chaos, pauses: Pauses) -> None:
    """Who comes too early is sent away again."""
    chaos.plan(*BUSY)
    behind.verify_code("0000-0000-0000")

    assert [seconds >= stated for seconds, stated in zip(pauses.slept, (1, 2), strict=True)] == [True, True]


def test_wait_may_be_stated_as_a_date(behind: Client, chaos: Chaos, pauses: Pauses) -> None:
    """Proxies do; it counts from the answer's own date, whatever our clock says."""
    headers = {"Retry-After": "Thu, 01 Jan 1970 00:00:07 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    chaos.plan(Said(status=503, headers=headers))
    behind.verify_code("0000-0000-0000")

    assert len(pauses.slept) == 1 and 7 <= pauses.slept[0] < 9


def test_wait_longer_than_the_patience_is_told_at_once(behind: Client, chaos: Chaos, pauses: Pauses) -> None:
    """Sleeping for nothing would only hold up the platform."""
    chaos.plan(problem(503, "UNAVAILABLE", Retry_After="3600"))

    with pytest.raises(ProblemError) as caught:
        behind.endorse("x", "y")

    assert (caught.value.code, caught.value.retry_after, pauses.slept) == ("UNAVAILABLE", 3600.0, [])


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.CUT, *BUSY], ids=str)
def test_tries_are_bounded_and_the_last_failure_told(
    behind: Client, chaos: Chaos, fault: Fault | Said
) -> None:
    """A service that is down stays down for longer than anybody can wait."""
    chaos.plan(*[fault] * 50)

    with pytest.raises(UnreachableError if isinstance(fault, Fault) else ProblemError):
        behind.verify_code("0000-0000-0000")

    assert len(chaos.seen) == Patience().tries


def test_failed_endorsement_names_its_key(
    service: Service, client: Client, behind: Client, chaos: Chaos
) -> None:
    """With the key it is asked for again later, and found."""
    number = service.person(client)
    chaos.plan(*[Fault.LOST_AFTER] * 6)
    with pytest.raises(UnreachableError) as caught:
        behind.endorse(number, "投标使用")

    copy = client.endorse(number, "投标使用", idempotency_key=caught.value.idempotency_key)

    assert caught.value.idempotency_key == chaos.seen[0].headers["idempotency-key"]
    assert copy.copy_number == 1


@pytest.mark.parametrize(
    "final",
    [
        problem(404, "NOT_FOUND"),
        problem(409, "ENDORSED_TODAY"),
        problem(409, "IDEMPOTENCY_CONFLICT", Retry_After="1"),
        problem(500, "INTERNAL"),
    ],
    ids=lambda said: str(said.status),
)
def test_refusal_is_not_asked_again(behind: Client, chaos: Chaos, final: Said) -> None:
    """It would be refused again."""
    chaos.plan(final)

    with pytest.raises(ProblemError) as caught:
        behind.endorse("x", "y")

    assert len(chaos.seen) == 1 and caught.value.status == final.status


def test_two_calls_have_two_keys(service: Service, client: Client, behind: Client, chaos: Chaos) -> None:
    """A key kept for the life of the client would give the first holder's copy to the second."""
    for number in (service.person(client), service.person(client)):
        behind.endorse(number, "投标使用")

    assert len({request.headers["idempotency-key"] for request in chaos.seen}) == 2


def test_late_answer_ends_the_call_in_time(chaos: Chaos, service: Service) -> None:
    """A body that drips in for ever never exceeds the time without a byte."""
    ticks = iter(range(0, 10_000, 40))
    chaos.plan(*[said_json({"items": [], "next_cursor": None})] * 3)
    patience = Patience(total_s=60)
    with (
        Client(
            chaos.url, api_key=service.api_key, patience=patience, clock=lambda: float(next(ticks))
        ) as slow,
        pytest.raises(UnreachableError, match="in time"),
    ):
        list(slow.expiring())
    assert len(chaos.seen) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Wait: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_drip_ends_with_the_time_for_the_whole_call(head: bytes) -> None:
    """In the head as in the body: a byte comes in time for each read, and the last one never."""
    began = time.monotonic()
    with (
        dripping(head) as port,
        Client(f"http://127.0.0.1:{port}", api_key="x" * 20, patience=Patience(total_s=0.5)) as slow,
        pytest.raises(UnreachableError),
    ):
        slow.registration("京1112020202200001")

    assert time.monotonic() - began < 30


def test_as_of_is_asked_as_it_was_given(behind: Client, chaos: Chaos) -> None:
    """Microseconds and offset included: another instant is another question."""
    when = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)

    assert behind.verify_code("0000-0000-0000", as_of=when).as_of == when
    assert b"2026-03-01T09:30:00.123456+00:00" in chaos.seen[0].body
