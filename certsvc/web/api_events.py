"""Registration events, and registrations as they tell."""

from __future__ import annotations

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response

from certsvc.domain.bodies import parse_instant
from certsvc.errors import Fault, InvalidFieldError
from certsvc.issuing.schema import EventRequest
from certsvc.web import examples, schemas
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.body import check_query, read_json
from certsvc.web.current import services
from certsvc.web.openapi import AS_OF, Call, Parameter, describe

bp = APIBlueprint("registrations", __name__, url_prefix="/api/v1", tag="registrations")

_WITHIN_DAYS = 180


@bp.post("/events")
@describe(
    bp,
    "recordEvent",
    Call(
        request=EventRequest,
        answers={200: schemas.Recorded, 201: schemas.Recorded},
        problems=(404, 409),
        scope="issue",
        example=examples.EVENT,
    ),
)
@scope("issue")
def record_event() -> Response:
    """Record a registration event.

    The same source_id with the same body is answered again with 200.
    """
    check_query(())
    answer = services().recorder.record(read_json())
    return json_answer(answer.body, 201 if answer.created else 200)


@bp.get("/registrations/<number:number>")
@describe(
    bp,
    "getRegistration",
    Call(answers={200: schemas.Registration}, problems=(404,), parameters=(AS_OF,), scope="read"),
)
@scope("read")
def get_registration(number: str) -> Response:
    """Show a registration, by any number it ever had."""
    query = check_query({"as_of"})
    return json_answer(services().enquiry.registration(number, read_as_of(query.get("as_of"))))


@bp.get("/registrations/<number:number>/history")
@describe(bp, "getHistory", Call(answers={200: schemas.History}, problems=(404,), scope="read"))
@scope("read")
def get_history(number: str) -> Response:
    """Show the events of a registration in the order of recording."""
    check_query(())
    return json_answer(services().enquiry.history(number))


@bp.get("/expiring")
@describe(
    bp,
    "listExpiring",
    Call(
        answers={200: schemas.Expiring},
        parameters=(
            Parameter(
                name="within_days",
                description="Specialties with fewer days left than this.",
                schema={"type": "integer", "minimum": 1, "maximum": 3660, "default": _WITHIN_DAYS},
            ),
            Parameter(
                name="cursor",
                description="next_cursor of the page before.",
                schema={"type": "string", "minLength": 1, "maxLength": 400},
            ),
        ),
        scope="read",
    ),
)
@scope("read")
def list_expiring() -> Response:
    """List specialties of live registrations that run out."""
    query = check_query({"within_days", "cursor"})
    text = query.get("within_days", str(_WITHIN_DAYS))
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise InvalidFieldError(Fault("/within_days", "请填写天数,如 180", "give a number of days, e.g. 180"))
    return json_answer(services().enquiry.expiring(int(text), query.get("cursor")))


def read_as_of(text: str | None) -> datetime | None:
    """Read an instant from a query or form; InvalidFieldError when it is none."""
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise InvalidFieldError(
            Fault("/as_of", "请按 RFC 3339 填写时刻并带时区", "write an RFC 3339 instant with its offset")
        ) from error
