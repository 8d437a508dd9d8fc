"""Originals and endorsed copies (加注件): asking for them, reading them, downloading them."""

from __future__ import annotations

from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from certsvc.domain.endorsement import FORMATS
from certsvc.errors import Fault, InvalidFieldError
from certsvc.issuing.schema import EndorsementRequest
from certsvc.web import examples, schemas
from certsvc.web.answer import file_answer, json_answer
from certsvc.web.auth import scope
from certsvc.web.body import check_query, read_json
from certsvc.web.current import client, services
from certsvc.web.openapi import Call, Parameter, describe

bp = APIBlueprint("endorsements", __name__, url_prefix="/api/v1", tag="endorsements")

_KEY_HEADER: Final = "Idempotency-Key"
_KEY_MAX: Final = 200
_FORMAT: Final = Parameter(
    name="format",
    place="query",
    required=False,
    description="Of which file the time stamp is; pdf when it is left out.",
    schema={"type": "string", "enum": list(FORMATS)},
)


@bp.post("/registrations/<number:number>/original")
@describe(
    bp,
    "issueOriginal",
    Call(answers={200: schemas.Original, 201: schemas.Original}, problems=(404, 409), scope="issue"),
)
@scope("issue")
def issue_original(number: str) -> Response:
    """Issue the original of the version in force; 200 when it has one."""
    check_query(())
    answer = services().desk.original(number)
    return json_answer(answer.body, 201 if answer.created else 200)


@bp.get("/registrations/<number:number>/original.pdf")
@describe(
    bp,
    "getOriginalPDF",
    Call(answers={200: "application/pdf", 304: ""}, problems=(404, 410), scope="read"),
)
@scope("read")
def get_original_pdf(number: str) -> Response:
    """Download the original."""
    check_query(())
    return file_answer(services().enquiry.original_file(number, "pdf"), "pdf")


@bp.get("/registrations/<number:number>/original.ofd")
@describe(
    bp,
    "getOriginalOFD",
    Call(answers={200: "application/ofd", 304: ""}, problems=(404, 410), scope="read"),
)
@scope("read")
def get_original_ofd(number: str) -> Response:
    """Download the original in the national format; its face is that of the PDF."""
    check_query(())
    return file_answer(services().enquiry.original_file(number, "ofd"), "ofd")


@bp.get("/registrations/<number:number>/original.png")
@describe(bp, "getOriginalPNG", Call(answers={200: "image/png", 304: ""}, problems=(404, 410), scope="read"))
@scope("read")
def get_original_png(number: str) -> Response:
    """Download a picture of the original, for a look only."""
    check_query(())
    return file_answer(services().enquiry.original_file(number, "png"), "png")


@bp.get("/registrations/<number:number>/original.tsr")
@describe(
    bp,
    "getOriginalTimestamp",
    Call(
        answers={200: "application/timestamp-reply", 304: ""},
        problems=(404,),
        parameters=(_FORMAT,),
        scope="read",
    ),
)
@scope("read")
def get_original_timestamp(number: str) -> Response:
    """Download the time stamp that lies beside a file of the original."""
    return file_answer(services().enquiry.original_timestamp(number, _format_asked()), "tsr")


@bp.post("/registrations/<number:number>/endorsements")
@describe(
    bp,
    "endorse",
    Call(
        request=EndorsementRequest,
        answers={200: schemas.Endorsement, 201: schemas.Endorsement},
        problems=(404, 409),
        parameters=(
            Parameter(
                name=_KEY_HEADER,
                place="header",
                required=True,
                description="Any text of the client's own; the same key and body give the same endorsement.",
                # Blanks at the ends are no part of a header's value.
                schema={"type": "string", "pattern": "^[!-~]([ -~]*[!-~])?$", "maxLength": _KEY_MAX},
            ),
        ),
        scope="endorse",
        example=examples.ENDORSEMENT,
    ),
)
@scope("endorse")
def endorse(number: str) -> Response:
    """Issue an endorsed copy: one per holder and day."""
    check_query(())
    key = request.headers.get(_KEY_HEADER, "")
    if not (0 < len(key) <= _KEY_MAX and key.isascii() and key.isprintable()):
        raise InvalidFieldError(
            Fault(
                f"/{_KEY_HEADER}",
                f"请在请求头 {_KEY_HEADER} 中提供 1 至 {_KEY_MAX} 个可见 ASCII 字符",
                f"send the header {_KEY_HEADER} with 1 to {_KEY_MAX} printable ASCII characters",
            )
        )
    answer = services().desk.endorse(number, read_json(), client_id=client().client_id, key=key)
    return json_answer(answer.body, 201 if answer.created else 200)


@bp.get("/endorsements/<number:endorsement_id>")
@describe(bp, "getEndorsement", Call(answers={200: schemas.Endorsement}, problems=(404,), scope="read"))
@scope("read")
def get_endorsement(endorsement_id: str) -> Response:
    """Show one endorsed copy."""
    check_query(())
    return json_answer(services().enquiry.endorsement(endorsement_id))


@bp.get("/endorsements/<number:endorsement_id>.pdf")
@describe(
    bp,
    "getEndorsementPDF",
    Call(answers={200: "application/pdf", 304: ""}, problems=(404, 410), scope="read"),
)
@scope("read")
def get_endorsement_pdf(endorsement_id: str) -> Response:
    """Download one endorsed copy: identical bytes for ever."""
    check_query(())
    return file_answer(services().enquiry.endorsement_file(endorsement_id, "pdf"), "pdf")


@bp.get("/endorsements/<number:endorsement_id>.ofd")
@describe(
    bp,
    "getEndorsementOFD",
    Call(answers={200: "application/ofd", 304: ""}, problems=(404, 410), scope="read"),
)
@scope("read")
def get_endorsement_ofd(endorsement_id: str) -> Response:
    """Download one endorsed copy in the national format: identical bytes for ever."""
    check_query(())
    return file_answer(services().enquiry.endorsement_file(endorsement_id, "ofd"), "ofd")


@bp.get("/endorsements/<number:endorsement_id>.tsr")
@describe(
    bp,
    "getEndorsementTimestamp",
    Call(
        answers={200: "application/timestamp-reply", 304: ""},
        problems=(404,),
        parameters=(_FORMAT,),
        scope="read",
    ),
)
@scope("read")
def get_endorsement_timestamp(endorsement_id: str) -> Response:
    """Download the time stamp that lies beside a file of one endorsed copy."""
    return file_answer(services().enquiry.endorsement_timestamp(endorsement_id, _format_asked()), "tsr")


def _format_asked() -> str:
    """Return which file is meant. InvalidFieldError for a format there is not."""
    check_query(("format",))
    fmt = request.args.get("format", FORMATS[0])
    if fmt not in FORMATS:
        raise InvalidFieldError(Fault("/format", "请填写 pdf 或 ofd", "give pdf or ofd"))
    return fmt
