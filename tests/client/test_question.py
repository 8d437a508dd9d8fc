"""What may be asked, and how questions are put into requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.client import Client, Patience, ProblemError, Question, Report, UnreachableError
from certsvc.client.many import PART_BYTES, PART_ITEMS, Round, parts
from certsvc.verification.question import VerificationRequest
from tests.client.bodies import a_refusal, a_report
from tests.client.chaos import Chaos, Fault, said_json
from tests.client.service import Pauses, Service
from tests.factories import NOW

SERVER_LIMIT = 4 * 1024 * 1024
HEX = "0" * 64


def asked_in(body: bytes | None) -> list[Any]:
    """Return the forms in the body of one request."""
    assert body is not None
    items = json.loads(body)["items"]
    assert isinstance(items, list)
    return items


@settings(max_examples=20)
@given(st.integers(0, 3 * PART_ITEMS + 1))
def test_questions_are_split_without_loss_and_in_order(count: int) -> None:
    """A verdict that slips by one goes to another bidder."""
    questions = [Question(code=str(order)) for order in range(count)]

    requests = list(parts(iter(questions)))

    sent = [form["code"] for part in requests for form in asked_in(Round(part).call().content)]
    assert [question for part in requests for question in part] == questions
    assert sent == [question.code for question in questions]
    assert [len(part) for part in requests[:-1]] == [PART_ITEMS] * (len(requests) - 1)
    assert len(requests) == -(-count // PART_ITEMS)


def test_long_questions_are_split_by_their_bytes() -> None:
    """A thousand long texts would be refused as too large a body."""
    questions = [Question(qr="码" * 4000) for _ in range(PART_ITEMS)]

    requests = list(parts(questions))

    assert [question for part in requests for question in part] == questions
    assert (
        max(len(Round(part).call().content or b"") for part in requests) < PART_BYTES + 20_000 < SERVER_LIMIT
    )
    assert len(requests) == -(-PART_ITEMS * len("码".encode()) * 4000 // PART_BYTES)


def test_questions_are_read_as_the_reports_are_asked_for(behind: Client, chaos: Chaos) -> None:
    """A million may come from a file; none is asked before anybody wants the answer."""
    taken: list[int] = []

    def coming() -> Any:
        for order in range(10 * PART_ITEMS):
            taken.append(order)
            yield Question(code=str(order))

    reports = behind.verify_many(coming())
    assert (taken, chaos.seen) == ([], [])

    next(reports)
    assert len(taken) <= PART_ITEMS + 1 and len(chaos.seen) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"qr": "a", "code": "b"},
        {"code": "b", "sha256": HEX},
        {"registration_number": "x"},
        {"name": "x"},
        {"code": "b", "name": "x"},
        {"sha256": "0" * 63},
        {"sha256": "g" * 64},
        {"sha256": HEX + "\n"},
        {"code": "b", "as_of": datetime(2026, 11, 20, 9, 30)},  # noqa: DTZ001  # what is wrong with it
    ],
    ids=str,
)
def test_question_that_means_nothing_or_two_things_is_refused(wrong: dict[str, Any]) -> None:
    """Before it is sent with a thousand others, which it would stop."""
    with pytest.raises(ValueError, match=r"ask about|asked about|digits|time zone"):
        Question(**wrong)


@pytest.mark.parametrize(
    "question",
    [
        Question(qr="https://example.com/V/0"),
        Question(code="0000-0000-0000", as_of=NOW),
        Question(sha256=HEX, specialty="建筑工程"),
        Question(registration_number="京1112020202200001", name="样本甲", as_of=NOW, specialty="建筑工程"),
    ],
    ids=lambda question: question.kind,
)
def test_question_is_written_as_the_service_reads_it(question: Question) -> None:
    """Field by field; nothing that was not given is sent."""
    body = question.body()
    read = VerificationRequest.model_validate(body)

    assert {name: getattr(read, name) for name in body} == {name: getattr(question, name) for name in body}
    assert None not in body.values() and "receipt" not in body
    assert (Question(code="x", receipt=True).body()["receipt"]) is True


def test_empty_list_asks_nothing(behind: Client, chaos: Chaos) -> None:
    """No request for no question."""
    assert list(behind.verify_many([])) == [] and chaos.seen == []


def test_what_is_put_off_is_asked_again_by_itself(
    service: Service, chaos: Chaos, pauses: Pauses, behind: Client
) -> None:
    """A limit on codes must not cost the answers to the others, nor their order."""
    good, late, wrong = a_report(), a_refusal(429, "RATE_LIMITED", 3), a_refusal(422, "INVALID_FIELD", None)
    chaos.plan(
        said_json({"reports": [good, late, wrong, late]}),
        said_json({"reports": [late, good]}),
        said_json({"reports": [good]}),
    )
    codes = ["0", "1", "2", "3"]

    answers = list(behind.verify_many(Question(code=code) for code in codes))

    assert [[form["code"] for form in asked_in(one.body)] for one in chaos.seen] == [codes, ["1", "3"], ["1"]]
    assert [isinstance(answer, Report) for answer in answers] == [True, True, False, True]
    assert isinstance(answers[2], ProblemError) and answers[2].code == "INVALID_FIELD"
    assert len(pauses.slept) == 2 and min(pauses.slept) >= 3


def test_questions_that_are_put_off_slowly_are_all_answered_in_the_end(
    service: Service, chaos: Chaos, pauses: Pauses
) -> None:
    """As long as it goes on, only the time bounds it; each try may bring but a few."""
    late = a_refusal(429, "RATE_LIMITED", 1)
    chaos.plan(*[said_json({"reports": [a_report(), *[late] * left]}) for left in range(19, -1, -1)])
    patience = Patience(tries=2, total_s=60)
    with service.client(chaos.url, pauses=pauses, patience=patience) as slow:
        answers = list(slow.verify_many([Question(code="0")] * 20))

    assert len(answers) == 20 and all(isinstance(answer, Report) for answer in answers)


@pytest.mark.parametrize("last", [Fault.LOST_AFTER, None], ids=str)
def test_what_stays_put_off_is_told_in_its_place(behind: Client, chaos: Chaos, last: Fault | None) -> None:
    """The answers that came are not lost with it."""
    late = a_refusal(503, "UNAVAILABLE", 2)
    again = [last or said_json({"reports": [late]})] * 6
    chaos.plan(said_json({"reports": [a_report(), late]}), *again)

    first, second = behind.verify_many([Question(code="0"), Question(code="1")])

    assert isinstance(first, Report) and first.is_valid
    assert isinstance(second, ProblemError) and (second.code, second.retry_after) == ("UNAVAILABLE", 2)
    assert len(chaos.seen) == Patience().tries


def test_part_without_any_answer_is_an_error(behind: Client, chaos: Chaos) -> None:
    """Nothing is known of any question of it."""
    chaos.plan(*[Fault.LOST_AFTER] * 6)

    with pytest.raises(UnreachableError):
        list(behind.verify_many([Question(code="0")]))


def test_thousands_are_answered_in_order(
    service: Service, client: Client, behind: Client, chaos: Chaos
) -> None:
    """By the real service, over two requests, one of them lost at first."""
    copy = client.endorse(service.person(client), "投标使用")
    own, other = copy.files["pdf"].sha256, "0" * 64
    wanted = [own if order % 7 == 0 else other for order in range(PART_ITEMS + 5)]
    chaos.plan(Fault.LOST_AFTER)

    answers = list(behind.verify_many(Question(sha256=one) for one in wanted))

    assert [isinstance(one, Report) and one.is_valid for one in answers] == [one == own for one in wanted]
    assert len(chaos.seen) == 3


def test_mixed_questions_are_answered_each_for_itself(service: Service, client: Client) -> None:
    """One that the service refuses stops none of the others."""
    number = service.person(client)
    copy = client.endorse(number, "投标使用")
    when = datetime.now(UTC)

    answers = list(
        client.verify_many(
            [
                Question(qr=copy.verify_url, as_of=when, receipt=True),
                Question(code="x" * 500),
                Question(code=copy.code, specialty="矿业工程"),
                Question(registration_number=number, name="样本甲"),
                Question(qr=copy.verify_url, as_of=when + timedelta(days=1)),
            ]
        )
    )

    told = [one.code if isinstance(one, ProblemError) else one.status for one in answers]
    assert told == ["VALID", "INVALID_FIELD", "EXPIRED", "VALID", "AS_OF_IN_FUTURE"]
    assert isinstance(answers[0], Report) and (answers[0].receipt or "").count(".") == 2
    assert isinstance(answers[1], ProblemError) and answers[1].errors[0].pointer == "/items/1/code"
