"""The public pages: what a scanned code opens, and the ways to ask without one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from certsvc.domain.bodies import parse_instant
from certsvc.domain.clock import BEIJING
from certsvc.domain.identity import is_lookup_number
from certsvc.domain.report import Report, Status
from certsvc.domain.wording import Text
from certsvc.errors import Fault, InvalidFieldError, UnsupportedTypeError
from certsvc.qr.token import canonical_code, show_code
from certsvc.verification.answers import may_show_full, report_body
from certsvc.verification.question import Question
from certsvc.web import limits, lookups, pages, security, texts
from certsvc.web.answer import json_answer
from certsvc.web.body import file_bytes, form_fields
from certsvc.web.current import assets, language, services, wants_html
from certsvc.web.errors import RETRY_AFTER_S
from certsvc.web.negotiation import best_kind
from certsvc.web.report_page import Unmasking

bp = APIBlueprint("public", __name__, enable_openapi=False)

_FORMS: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_LOCAL_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_FIELD_MAX: Final = 200
_QR_MAX: Final = 4296
"""Most characters of a QR symbol (ISO/IEC 18004, version 40-L)."""


@bp.get("/")
def home() -> BaseResponse:
    """Lead to the page where people verify."""
    return redirect("/verify", 303)


@bp.get("/v/<token>")
@bp.get("/V/<token>")
@bp.get("/c/<token>")
@bp.get("/C/<token>")
def show(token: str) -> Response:
    """Verify what a scanned code names, and show it with the name masked."""
    report = lookups.verify(Question(token=token, as_of=_as_of(request.args.get("as_of"))))
    return _answer(report, None, Unmasking(action=f"/v/{token}"), of_address=True)


@bp.post("/v/<token>")
@bp.post("/V/<token>")
@bp.post("/c/<token>")
@bp.post("/C/<token>")
def unmask(token: str) -> Response:
    """Show the whole record to somebody who knows the holder's full name.

    The name comes in the body: in an address it would end up in logs and histories.
    """
    fields = _form()
    limits.take("name")
    report = lookups.verify(Question(token=token, as_of=_as_of(fields.get("as_of"))))
    return _answer(report, fields.get("name", ""), Unmasking(action=f"/v/{token}"), of_address=True)


@bp.get("/verify")
def ask() -> Response:
    """Offer the three ways to ask."""
    return security.let_scan(_page(pages.verify_page(), 200))


@bp.post("/verify")
def verify() -> Response:
    """Answer a form: a file, a code, a number with its name, or the text of a QR symbol."""
    fields: Mapping[str, str] = {}
    try:
        fields = _form()
        question = _question(fields)
        if fields.get("name") and question.number is None:
            # Beside anything else a name would unmask a record: each is a try, as at the record's address.
            limits.take("name")
        report = lookups.verify(question)
    except InvalidFieldError as error:
        if not wants_html():
            raise
        return security.let_scan(_page(pages.verify_page(faults=error.faults, kept=_kept(fields)), 422))
    return _answer(report, fields.get("name"), _again(question, report), of_address=False)


@bp.get("/offline")
def offline() -> Response:
    """Hand out the page that checks offline codes without us, also saved to a disk."""
    return security.let_scan(_page(pages.offline_page(), 200), alone=True)


@bp.get("/static/<name>")
def static_file(name: str) -> Response:
    """Serve a file whose name carries its hash: it never changes."""
    asset = assets().find(name)
    if asset is None:
        raise NotFound
    answer = Response(asset.content, mimetype=asset.mimetype)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def _form() -> dict[str, str]:
    if request.mimetype not in _FORMS:
        raise UnsupportedTypeError
    return form_fields()


def _question(fields: Mapping[str, str]) -> Question:
    """Read which way was taken; counts the try."""
    text = {name: value.strip() for name, value in fields.items()}
    if any(len(value) > (_QR_MAX if name == "qr" else _FIELD_MAX) for name, value in text.items()):
        raise InvalidFieldError(Fault("", texts.TOO_LONG.zh, texts.TOO_LONG.en))
    as_of = _as_of(text.get("as_of"))
    file = request.files.get("file")
    if file is not None and file.filename:
        limits.take("upload")
        return Question(file=file_bytes(file), as_of=as_of)
    if fields.get("qr"):
        # As a symbol leads here: what it names is found by chance no more often than an address is.
        return Question(qr=fields["qr"], as_of=as_of)
    if text.get("code"):
        limits.take("code")
        return Question(code=text["code"], as_of=as_of)
    if text.get("number") and text.get("name"):
        limits.take("number")
        return Question(number=text["number"], name=text["name"], as_of=as_of)
    raise _fault("", texts.NOTHING_GIVEN)


def _kept(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what stays in the form: a code or number as ours are; a name or a slip never comes back."""
    code, number = canonical_code(fields.get("code", "")), fields.get("number", "").strip()
    ours = any(is_lookup_number(number, kind.policy) for kind in services().kinds.values())
    return {"code": show_code(code) if code else "", "number": number if ours else ""}


def _again(question: Question, report: Report) -> Unmasking | None:
    """Return how to ask again with the name; a file of ours or a number is answered in full at once."""
    if question.code is not None:
        return Unmasking(action="/verify", hidden=(("code", question.code),))
    copy = report.entry.copy if report.entry is not None else None
    if (question.file is not None or question.qr is not None) and copy is not None:
        # A photo, a scan or a symbol: only the record it names is left, and that has an address.
        return Unmasking(action=f"/v/{copy.token}")
    return None


def _answer(report: Report, typed: str | None, unmasking: Unmasking | None, *, of_address: bool) -> Response:
    """Answer with the report as a page or as JSON, by Accept.

    Args:
        report: what was found.
        typed: the full name the asker typed; None when no name was asked for.
        unmasking: the form to type it.
        of_address: the address itself names the record, so an unknown one is 404.
    """
    full = may_show_full(report, typed)
    status = 200
    if report.status is Status.UNAVAILABLE:
        status = 503
    elif of_address and report.status is Status.UNKNOWN:
        status = 404
    if best_kind(request.headers.get("Accept")) == "json":
        issuer_name = services().settings.issuer_name
        answer = json_answer(report_body(report, issuer_name=issuer_name, lang=language(), full=full), status)
    else:
        if unmasking is not None and typed is not None and not full:
            unmasking = Unmasking(action=unmasking.action, hidden=unmasking.hidden, differs=True)
        answer = _page(pages.report_page(report, full=full, unmasking=unmasking), status)
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _page(html: str, status: int) -> Response:
    answer = Response(html, status, mimetype="text/html")
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer


def _as_of(text: str | None) -> datetime | None:
    """Read a moment: RFC 3339, or without offset, as a form field gives it, in Beijing."""
    if not text:
        return None
    try:
        if _LOCAL_TIME.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
        return parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise _fault("/as_of", texts.BAD_AS_OF) from error


def _fault(pointer: str, text: Text) -> InvalidFieldError:
    return InvalidFieldError(Fault(pointer, text.zh, text.en))
