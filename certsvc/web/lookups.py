"""Answers on their way out: each that shows a record is counted, each token nobody has is a try."""

from __future__ import annotations

from certsvc.domain.report import Report, Status
from certsvc.verification.question import Question
from certsvc.web import limits
from certsvc.web.current import client_id, services


def verify(question: Question) -> Report:
    """Verify one thing for the caller of this request, and count it.

    Raises:
        AsOfInFutureError: its as_of has not come.
        RateLimitedError, UnavailableError: it named a token nobody has, once too often, or cannot be counted.
    """
    return answered(question, services().verifier.verify(question))


def answered(question: Question, report: Report) -> Report:
    """Count an answer to the caller of this request; see verify().

    A token that is found costs nothing: no try, and nothing written before the answer is out.
    """
    services().lookups.count(report, client_id())
    names_token = question.token is not None or question.qr is not None
    if names_token and report.status is Status.UNKNOWN and report.entry is None:
        limits.take_miss()
    return report
