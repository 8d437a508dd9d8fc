"""Errors on their way out: one table to HTTP, one shape (RFC 9457), no detail of what nobody foresaw."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

import structlog
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from certsvc import errors
from certsvc.batch.reason import faults_of
from certsvc.domain import wording
from certsvc.errors import CertsvcError, EndorsedTodayError, Fault
from certsvc.web import pages, texts
from certsvc.web.current import language, language_tag, request_id, services, wants_html
from certsvc.web.texts import Lang

STATUS: Final[Mapping[type[CertsvcError], int]] = {
    errors.NotFoundError: 404,
    errors.OriginalNotIssuedError: 404,
    errors.EndorsedTodayError: 409,
    errors.EndorsementPendingError: 409,
    errors.IdempotencyConflictError: 409,
    errors.NoRegistrationForRenewalError: 409,
    errors.RegistrationExistsError: 409,
    errors.RegistrationEndedError: 409,
    errors.PersonalDataErasedError: 409,
    errors.RetentionNotOverError: 409,
    errors.RegistrationInForceError: 409,
    errors.FileErasedError: 410,
    errors.SuspendedError: 409,
    errors.ExpiredError: 409,
    errors.PhotoOrSignatureMissingError: 422,
    errors.NoQualificationError: 422,
    errors.TimestampPendingError: 404,
    errors.NoTimestampError: 404,
    errors.MalformedError: 400,
    errors.InvalidFieldError: 422,
    errors.ImageRejectedError: 422,
    errors.GlyphMissingError: 422,
    errors.ValidityMismatchError: 422,
    errors.OverAgeError: 422,
    errors.EffectiveInFutureError: 422,
    errors.AsOfInFutureError: 422,
    errors.TooLargeError: 413,
    errors.UnsupportedTypeError: 415,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.RoleMissingError: 403,
    errors.FormExpiredError: 403,
    errors.HolderLinkUnusableError: 410,
    errors.AssertionRefusedError: 403,
    errors.AssertionsOffError: 404,
    errors.RateLimitedError: 429,
    errors.UnavailableError: 503,
    errors.RecordDamagedError: 503,
    errors.TimeUncertainError: 503,
    errors.TimestampUnavailableError: 503,
    errors.StorageFullError: 503,
    errors.HSMUnavailableError: 503,
    errors.KeyWithdrawnError: 503,
    errors.KeyCapReachedError: 503,
    errors.SettingsError: 500,
    errors.KeyMaterialError: 500,
    errors.TemplateError: 500,
    errors.BackupDamagedError: 500,
    errors.PlaceNotEmptyError: 500,
    errors.DefectError: 500,
}
"""Every error that is raised has its row; the roots of the tree are never raised themselves."""

_STATUS_OF_CODE: Final = {kind.code: status for kind, status in STATUS.items()}

PROTOCOL: Final = {
    400: errors.MalformedError.code,
    404: errors.NotFoundError.code,
    405: "METHOD_NOT_ALLOWED",
    411: "LENGTH_REQUIRED",
    413: errors.TooLargeError.code,
    415: errors.UnsupportedTypeError.code,
}
"""Codes of what the HTTP layer itself refuses."""
INTERNAL: Final = "INTERNAL"
RETRY_AFTER_S: Final = 30
"""Seconds to wait before asking again when we cannot tell how long."""

_log = structlog.get_logger("certsvc.web")


def register(app: APIFlask) -> None:
    """Send every error of *app* out as a problem (or as a page, to a browser on a public address)."""
    # APIFlask keeps handlers of its own for these two classes; the most specific handler wins.
    for kind in (HTTPException, HTTPError, CertsvcError, Exception):
        app.register_error_handler(kind, answer)


def answer(error: Exception) -> Response | HTTPException:
    """Turn *error* into the answer."""
    if isinstance(error, RequestRedirect):
        return error
    if isinstance(error, CertsvcError):
        status = STATUS[type(error)]
        if status >= 500:
            _log.error("refused", code=error.code, note=error.note, request_id=request_id())
        return _respond(status, error.code, _faults(error), _extras(error), _retry_after(error))
    if isinstance(error, HTTPException | HTTPError):
        status = (error.code if isinstance(error, HTTPException) else error.status_code) or 500
        code = PROTOCOL.get(status, INTERNAL if status >= 500 else HTTPStatus(status).name)
        answer = _respond(status, code)
        if isinstance(error, HTTPException) and status == 405:
            answer.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
        return answer
    # The message of an unforeseen error may repeat what a caller sent; its type and place may not.
    frames = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unforeseen", error=type(error).__name__, at=frames[-6:], request_id=request_id())
    return _respond(500, INTERNAL)


def problem(
    status: int, code: str, faults: Iterable[Fault] = (), extras: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Compose the body of a problem.

    The six official sentences stand in ``detail`` whatever the language; their English gloss is the title.
    ``instance`` names the occurrence by the request's id: the path would repeat whatever was typed into it.
    """
    lang = language()
    detail = _sentence(code, lang)
    official = code in wording.OFFICIAL
    return {
        "type": f"urn:problem-type:certsvc:{code.lower().replace('_', '-')}",
        "title": wording.error_text(code).en if official else texts.problem_title(status, lang),
        "status": status,
        "detail": wording.OFFICIAL[code] if official else detail,
        "instance": f"urn:uuid:{request_id()}",
        "code": code,
        "errors": [
            {"pointer": fault.pointer, "detail": fault.en if lang == "en" else fault.zh} for fault in faults
        ],
        **(extras or {}),
    }


def problem_of(error: CertsvcError, at: str) -> dict[str, object]:
    """Compose the problem of one item of several.

    Args:
        error: why the item was refused.
        at: JSON pointer of the item in the request.
    """
    status, wait_s = STATUS[type(error)], _retry_after(error)
    if status >= 500:
        _log.error("item refused", code=error.code, note=error.note, request_id=request_id())
    faults = [Fault(f"{at}{fault.pointer}", fault.zh, fault.en) for fault in _faults(error)]
    return problem(status, error.code, faults, {} if wait_s is None else {"retry_after_s": wait_s})


def stored_problem(code: str, kept: Mapping[str, object]) -> dict[str, object]:
    """Compose the problem of an item that failed before, from what its row keeps."""
    existing = kept.get("existing_id")
    extras = _extras(EndorsedTodayError(str(existing))) if existing is not None else {}
    return problem(_STATUS_OF_CODE[code], code, faults_of(kept), extras)


def _sentence(code: str, lang: Lang) -> str:
    text = texts.PROBLEMS.get(code) or wording.error_text(code)
    return text.en if lang == "en" else text.zh


def _respond(
    status: int,
    code: str,
    faults: Iterable[Fault] = (),
    extras: Mapping[str, object] | None = None,
    retry_after_s: int | None = None,
) -> Response:
    if wants_html() and not request.path.startswith("/api/"):
        # To a person a wrong address is no missing certificate.
        sentence = (
            texts.said(texts.NO_SUCH_PAGE, language()) if status == 404 else _sentence(code, language())
        )
        answer = Response(pages.problem_page(status, sentence), status, mimetype="text/html")
    else:
        body = json.dumps(problem(status, code, faults, extras), ensure_ascii=False)
        answer = Response(body, status, mimetype="application/problem+json")
        answer.headers["Content-Language"] = language_tag()
    answer.headers["Vary"] = "Accept, Accept-Language"
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'ApiKey realm="certsvc"'
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def _faults(error: CertsvcError) -> tuple[Fault, ...]:
    told = (
        errors.InvalidFieldError
        | errors.MalformedError
        | errors.AssertionRefusedError
        | errors.UnauthenticatedError
    )
    if isinstance(error, told):
        return tuple(error.faults)
    return ()


def _extras(error: CertsvcError) -> dict[str, object]:
    """Name the endorsement that took the day, so that the caller can fetch it instead."""
    if not isinstance(error, EndorsedTodayError) or not error.existing_id:
        return {}
    try:
        body = services().enquiry.endorsement(error.existing_id)
    except CertsvcError:
        # An attempt that failed this very moment is gone again; the refusal still stands.
        return {"existing": {"endorsement_id": error.existing_id, "state": None, "files": {}}}
    return {"existing": {name: body[name] for name in ("endorsement_id", "state", "files")}}


def _retry_after(error: CertsvcError) -> int | None:
    if isinstance(
        error,
        errors.EndorsementPendingError | errors.RateLimitedError | errors.TimestampPendingError,
    ):
        return error.retry_after_s
    if isinstance(error, errors.UnavailableError):
        return error.retry_after_s or RETRY_AFTER_S
    return None
