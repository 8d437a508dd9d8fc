"""Verification for platforms: a file, a QR text, a code, a digest, or a number with its name."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from certsvc.domain.bodies import pointer_to
from certsvc.errors import Fault, InvalidFieldError
from certsvc.verification.answers import report_body
from certsvc.verification.question import Question, VerificationRequest, parse_question
from certsvc.web import limits, schemas, texts
from certsvc.web.answer import json_answer
from certsvc.web.api_events import read_as_of
from certsvc.web.auth import scope
from certsvc.web.body import check_query, read_json, read_upload
from certsvc.web.current import client, language, services
from certsvc.web.openapi import Call, describe

bp = APIBlueprint("verifications", __name__, url_prefix="/api/v1", tag="verifications")

_FIELDS = frozenset({"as_of", "specialty", "receipt"})


@bp.post("/verifications")
@describe(
    bp,
    "verify",
    Call(
        request=VerificationRequest,
        upload=True,
        answers={200: schemas.Report},
        problems=(429,),
        scope="verify",
    ),
)
@scope("verify")
def verify() -> Response:
    """Verify one thing; a file within the limit always gets a report."""
    check_query(())
    question = _uploaded() if request.mimetype == "multipart/form-data" else _asked(read_json())
    if question.code is not None or question.number is not None:
        # A stolen key must not make codes or numbers guessable either.
        limits.take("client", client().client_id)
    report = services().verifier.verify(question)
    issuer_name = services().settings.issuer_name
    return json_answer(report_body(report, issuer_name=issuer_name, lang=language(), full=True))


def _asked(body: object) -> Question:
    """Read a JSON form; a receipt is not to be had yet and is refused rather than left out."""
    if isinstance(body, dict) and body.get("receipt") is True:
        raise InvalidFieldError(_no_receipt())
    return parse_question(body)


def _uploaded() -> Question:
    """Read a file with its small fields."""
    content, fields = read_upload()
    if unknown := sorted(fields.keys() - _FIELDS):
        raise InvalidFieldError(
            *(Fault(pointer_to(name), "没有这个字段", "this field does not exist") for name in unknown)
        )
    if fields.get("receipt", "false") != "false":
        raise InvalidFieldError(_no_receipt())
    specialty = fields.get("specialty")
    if specialty is not None and not 0 < len(specialty) <= 200:
        raise InvalidFieldError(Fault("/specialty", "请填写注册专业名称", "name one specialty"))
    return Question(file=content, as_of=read_as_of(fields.get("as_of")), specialty=specialty)


def _no_receipt() -> Fault:
    return Fault("/receipt", texts.NO_RECEIPT.zh, texts.NO_RECEIPT.en)
