"""Answers that are not the agreed ones are never used, and never read as valid."""

from __future__ import annotations

import json
import pickle

import pytest

from certsvc.client import AnswerError, Client, ProblemError, Question, Report, UnreachableError, Verdict
from tests.client.bodies import WHEN, a_report
from tests.client.chaos import Chaos, Said, problem, said_json

SECRET = "样本甲-secret"


def asked(behind: Client, chaos: Chaos, **changes: object) -> Report:
    """Ask about a code and be told this."""
    chaos.plan(said_json(a_report(**changes)))
    return behind.verify_code("0000-0000-0000")


def test_report_is_valid_when_both_words_say_so(behind: Client, chaos: Chaos) -> None:
    """The one answer by which a bid is accepted."""
    assert asked(behind, chaos).is_valid


@pytest.mark.parametrize(
    "verdict",
    ["valid", "Valid", "VALID ", "OK", "VALID_WITH_WARNINGS", "", None, 1, True, ["VALID"], {"VALID": 1}],
)
def test_word_that_is_no_verdict_is_never_valid(behind: Client, chaos: Chaos, verdict: object) -> None:
    """A later server, or a wrong one: neither accept nor refuse."""
    report = asked(behind, chaos, verdict=verdict)

    assert report.verdict is Verdict.INDETERMINATE
    assert not report.is_valid


@pytest.mark.parametrize("verdict", ["INVALID", "INDETERMINATE"])
def test_other_verdicts_are_not_valid(behind: Client, chaos: Chaos, verdict: str) -> None:
    """Whatever the status beside it says."""
    assert not asked(behind, chaos, verdict=verdict).is_valid


@pytest.mark.parametrize("status", ["REVOKED", "SOMETHING_NEW"])
def test_verdict_that_its_status_contradicts_is_not_valid(behind: Client, chaos: Chaos, status: str) -> None:
    """One of the two is wrong, and nobody can tell which."""
    report = asked(behind, chaos, status=status)

    assert report.status == status and not report.is_valid


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "number"},
        {"as_of": "2026-03-01T09:30:00"},
        {"findings": [{"check": "registry"}]},
        {"wet_signature_required_on_print": "false"},
        {"changed_fields": "employer"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_report_of_another_shape_or_question_is_not_used(
    behind: Client, chaos: Chaos, changes: dict[str, object]
) -> None:
    """A cache that mixes answers up must not make a bid valid."""
    with pytest.raises(AnswerError):
        asked(behind, chaos, **changes)
    assert len(chaos.seen) == 1


def test_report_about_another_instant_is_not_used(behind: Client, chaos: Chaos) -> None:
    """The hour of the bid opening is the question."""
    chaos.plan(said_json(a_report()), said_json(a_report()))

    assert behind.verify_code("0", as_of=WHEN).is_valid
    with pytest.raises(AnswerError, match="instant"):
        behind.verify_code("0", as_of=WHEN.replace(minute=31))


def test_receipt_that_was_asked_for_must_be_there(behind: Client, chaos: Chaos) -> None:
    """Evidence is missed when it is too late to ask again."""
    chaos.plan(said_json(a_report()), said_json(a_report(receipt="a.b.c")))

    with pytest.raises(AnswerError, match="receipt"):
        behind.verify_code("0", receipt=True)
    assert behind.verify_code("0", receipt=True).receipt == "a.b.c"
    assert json.loads(chaos.seen[0].body)["receipt"] is True


@pytest.mark.parametrize("count", [0, 1, 3])
def test_reports_must_be_as_many_as_the_questions(behind: Client, chaos: Chaos, count: int) -> None:
    """A missing one would shift every verdict after it to another bidder."""
    chaos.plan(said_json({"reports": [a_report()] * count}))

    with pytest.raises(AnswerError, match="reports came"):
        list(behind.verify_many([Question(code="0"), Question(code="1")]))


def test_reports_out_of_order_are_noticed_by_their_kind(behind: Client, chaos: Chaos) -> None:
    """As far as an answer tells what it answers."""
    chaos.plan(said_json({"reports": [a_report(), a_report(kind="sha256", subject="file")]}))

    with pytest.raises(AnswerError, match="another kind"):
        list(behind.verify_many([Question(sha256="0" * 64), Question(code="1")]))


@pytest.mark.parametrize("body", [b'{"verdict": "VALID"', b"", b"\xff", b"<html>"])
def test_body_that_is_not_json_is_asked_for_again(behind: Client, chaos: Chaos, body: bytes) -> None:
    """It broke on its way."""
    broken = Said(status=200, headers={"Content-Type": "application/json"}, body=body)
    chaos.plan(*[broken] * 6)

    with pytest.raises(UnreachableError):
        behind.verify_code("0")
    assert len(chaos.seen) == 6


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 301, 302, 307, 308, 400, 404, 418, 500])
def test_page_in_place_of_an_answer_is_not_used(behind: Client, chaos: Chaos, status: int) -> None:
    """A login page of a proxy, mostly."""
    chaos.plan(Said(status=status, headers={"Content-Type": "text/html"}, body=b"<h1>Welcome</h1>"))

    with pytest.raises(AnswerError, match=str(status)):
        behind.verify_code("0")
    assert len(chaos.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(behind: Client, chaos: Chaos, status: int) -> None:
    """It would take the question and the key to somebody else."""
    chaos.plan(Said(status=status, headers={"Location": f"{chaos.url}/elsewhere"}))

    with pytest.raises(AnswerError, match="redirect"):
        behind.endorse("x", "y")
    assert len(chaos.seen) == 1


def test_problem_of_another_status_is_not_believed(behind: Client, chaos: Chaos) -> None:
    """Who wrote it did not write the answer."""
    refused = problem(404, "NOT_FOUND")
    chaos.plan(Said(status=410, headers=refused.headers, body=refused.body))

    with pytest.raises(AnswerError):
        behind.verify_code("0")


def test_list_that_turns_in_a_circle_ends(behind: Client, chaos: Chaos) -> None:
    """Otherwise the platform would read it for ever."""
    chaos.plan(*[said_json({"items": [], "next_cursor": "a"})] * 3)

    with pytest.raises(AnswerError, match="go on"):
        list(behind.expiring())
    assert len(chaos.seen) == 2


def test_wrong_value_is_not_repeated_in_the_error(behind: Client, chaos: Chaos) -> None:
    """Errors end in logs; answers are about people."""
    chaos.plan(said_json(a_report(changed_fields=SECRET)))
    with pytest.raises(AnswerError) as caught:
        behind.verify_code("0")

    assert SECRET not in str(caught.value) and "changed_fields" in str(caught.value)
    assert caught.value.__context__ is None and caught.value.__cause__ is None


def test_field_of_a_later_server_is_passed_over(behind: Client, chaos: Chaos) -> None:
    """The service may grow without breaking platforms."""
    assert asked(behind, chaos, grade="A").is_valid


def test_problem_goes_to_another_process(behind: Client, chaos: Chaos) -> None:
    """Platforms verify in pools of processes."""
    chaos.plan(problem(409, "ENDORSED_TODAY"))
    with pytest.raises(ProblemError) as caught:
        behind.endorse("x", "y")

    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, ProblemError)
    assert (again.code, str(again)) == (caught.value.code, str(caught.value))
    assert again.idempotency_key == caught.value.idempotency_key
