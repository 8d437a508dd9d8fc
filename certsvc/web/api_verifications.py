"""Verification for platforms: a file, a QR text, a code, a digest, or a number with its name; one or many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from certsvc.domain.bodies import parse_body, pointer_to
from certsvc.domain.report import Report, Status
from certsvc.domain.text import Text
from certsvc.errors import CertsvcError, Fault, InvalidFieldError
from certsvc.verification.answers import report_body
from certsvc.verification.question import Question, VerificationBatch, VerificationRequest, parse_question
from certsvc.web import limits, lookups, schemas, texts
from certsvc.web.answer import json_answer
from certsvc.web.api_events import read_as_of
from certsvc.web.auth import scope
from certsvc.web.body import check_query, read_json, read_upload
from certsvc.web.current import client_id, language, language_tag, services
from certsvc.web.errors import RETRY_AFTER_S, problem_of
from certsvc.web.openapi import Call, describe

bp = APIBlueprint("verifications", __name__, url_prefix="/api/v1", tag="verifications")

_FIELDS: Final = frozenset({"as_of", "specialty", "receipt"})
_PDF: Final = "application/pdf"


@bp.post("/verifications")
@describe(
    bp,
    "verify",
    Call(
        request=VerificationRequest,
        upload=True,
        answers={200: schemas.Report},
        also=(_PDF,),
        problems=(429,),
        scope="verify",
    ),
)
@scope("verify", strangers=True)
def verify() -> Response:
    """Verify one thing; a file within the limit always gets a report.

    With `receipt: true` the answer is signed; as application/pdf it is a sealed page for people.
    """
    check_query(())
    question = _uploaded() if request.mimetype == "multipart/form-data" else parse_question(read_json())
    accepted = request.accept_mimetypes.best_match(["application/json", _PDF], default="application/json")
    if accepted == _PDF and not question.receipt:
        raise InvalidFieldError(_fault("/receipt", texts.PDF_WANTS_RECEIPT))
    if _is_guess(question):
        _take_guess(question)
    if question.file is not None:
        limits.take("upload") if client_id() is None else limits.take("client_upload", client_id())
    report = lookups.verify(replace(question, log=True))
    answer = _page(report, question) if accepted == _PDF else json_answer(_body(report, question))
    if report.status is Status.UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


@bp.post("/verifications/batch")
@describe(
    bp,
    "verifyBatch",
    Call(request=VerificationBatch, answers={200: schemas.Reports}, scope="verify"),
)
@scope("verify", strangers=True)
def verify_batch() -> Response:
    """Verify up to 1,000 things at one instant; each is answered, or refused, for itself and in its place."""
    check_query(())
    read = _limited([_read(item) for item in parse_body(VerificationBatch, read_json()).items])
    reports = iter(
        services().verifier.verify_each([replace(one, log=True) for one in read if isinstance(one, Question)])
    )
    bodies = []
    for place, one in enumerate(read):
        answer = next(reports) if isinstance(one, Question) else one
        told = _told(one, answer) if isinstance(one, Question) and isinstance(answer, Report) else answer
        bodies.append(problem_of(told, f"/items/{place}") if isinstance(told, CertsvcError) else told)
    return json_answer({"reports": bodies})


def _read(item: object) -> Question | CertsvcError:
    try:
        return parse_question(item)
    except InvalidFieldError as error:
        return error


def _limited(read: Sequence[Question | CertsvcError]) -> list[Question | CertsvcError]:
    """Count each code and number; once one is refused, all that follow are."""
    refused: CertsvcError | None = None
    counted: list[Question | CertsvcError] = []
    for one in read:
        if isinstance(one, Question) and _is_guess(one):
            try:
                if refused is None:
                    _take_guess(one)
            except CertsvcError as error:
                refused = error
            counted.append(refused or one)
        else:
            counted.append(one)
    return counted


def _told(question: Question, report: Report) -> dict[str, object] | CertsvcError:
    """Return the body of one answer; where a receipt cannot be given, why: it is not left out."""
    try:
        return _body(lookups.answered(question, report), question)
    except CertsvcError as error:
        return error


def _take_guess(question: Question) -> None:
    """Count a guess: a stolen key must not make codes or numbers guessable either."""
    if client_id() is None:
        limits.take("code" if question.code is not None else "number")
    else:
        limits.take("client", client_id())


def _is_guess(question: Question) -> bool:
    """Tell whether it may be somebody trying what exists; a token or a hash cannot be guessed."""
    return question.code is not None or question.number is not None


def _body(report: Report, question: Question) -> dict[str, object]:
    receipt = services().receipts.give(report, question) if question.receipt else None
    issuer_name = services().settings.issuer_name
    # Nobody who was not recognised sees a whole name, should the register be back by now.
    known = client_id() is not None
    return report_body(report, issuer_name=issuer_name, lang=language(), full=known, receipt=receipt)


def _page(report: Report, question: Question) -> Response:
    """Answer with the sealed page for people."""
    answer = Response(services().report_press.make(report, question, lang=language()), mimetype=_PDF)
    name = f"verification-{report.checked_at:%Y%m%dT%H%M%SZ}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Language"] = language_tag()
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer


def _uploaded() -> Question:
    """Read a file with its small fields."""
    content, fields = read_upload()
    if unknown := sorted(fields.keys() - _FIELDS):
        raise InvalidFieldError(
            *(Fault(pointer_to(name), "没有这个字段", "this field does not exist") for name in unknown)
        )
    receipt = fields.get("receipt", "false")
    if receipt not in {"true", "false"}:
        raise InvalidFieldError(_fault("/receipt", texts.RECEIPT_WORDS))
    return Question(
        file=content,
        as_of=read_as_of(fields.get("as_of")),
        specialty=fields.get("specialty"),
        receipt=receipt == "true",
    )


def _fault(pointer: str, text: Text) -> Fault:
    return Fault(pointer, text.zh, text.en)
