"""The photo tool for platforms: judge and fix a one-inch photo or a signature image; nothing is stored."""

from __future__ import annotations

from typing import Final

from apiflask import APIBlueprint
from flask import Response

from certsvc.domain.bodies import pointer_to
from certsvc.errors import Fault, InvalidFieldError
from certsvc.photo.answers import fixed_body, photo_body
from certsvc.photo.rules import Kind
from certsvc.verification.photos import read_photo
from certsvc.web import limits, schemas_photos
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.body import check_query, read_upload
from certsvc.web.current import client_id, language, services
from certsvc.web.openapi import JSON, Call, describe

bp = APIBlueprint("photos", __name__, url_prefix="/api/v1", tag="photos")

_FIELDS: Final[JSON] = {
    "kind": {"enum": ["photo", "signature"], "default": "photo", "description": "What the picture is."}
}
_TOLD: Final = "JPEG or PNG up to 10 MB"


@bp.post("/photos/check")
@describe(
    bp,
    "checkPhoto",
    Call(
        upload=True,
        upload_fields=_FIELDS,
        upload_file=_TOLD,
        answers={200: schemas_photos.PhotoReport},
        problems=(429,),
        scope="issue",
    ),
)
@scope("issue")
def check() -> Response:
    """Judge a picture by every rule at once; any file within the limit gets a report."""
    content, kind = _uploaded()
    fixed = read_photo(services().verifier.readers, content, kind, fix=False)
    return json_answer(photo_body(fixed.before, lang=language()))


@bp.post("/photos/fix")
@describe(
    bp,
    "fixPhoto",
    Call(
        upload=True,
        upload_fields=_FIELDS,
        upload_file=_TOLD,
        answers={200: schemas_photos.FixedPhoto},
        problems=(429,),
        scope="issue",
    ),
)
@scope("issue")
def fix() -> Response:
    """Put right what can be without touching the person; the new file comes as base64 beside both reports."""
    content, kind = _uploaded()
    fixed = read_photo(services().verifier.readers, content, kind, fix=True)
    return json_answer(fixed_body(fixed, lang=language()))


def read_kind(fields: dict[str, str]) -> Kind:
    """Read which picture it is; a photo when nothing is said."""
    kind = fields.get("kind", "photo")
    if kind == "photo":
        return "photo"
    if kind == "signature":
        return "signature"
    raise InvalidFieldError(Fault("/kind", "kind 请写 photo 或 signature", "write photo or signature"))


def _uploaded() -> tuple[bytes, Kind]:
    """Read the file and its kind; counts the work."""
    check_query(())
    content, fields = read_upload()
    if unknown := sorted(fields.keys() - {"kind"}):
        raise InvalidFieldError(
            *(Fault(pointer_to(name), "没有这个字段", "this field does not exist") for name in unknown)
        )
    kind = read_kind(fields)
    limits.take("client_upload", client_id())
    return content, kind
