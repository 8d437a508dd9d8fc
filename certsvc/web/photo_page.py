"""The photo tool (照片处理工具) as a page: upload, every rule in words, the picture before and after."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from certsvc.errors import Fault, InvalidFieldError, UnsupportedTypeError
from certsvc.photo.answers import finding_body, fixed_body, media_type
from certsvc.photo.rules import Conclusion, Fixed, Kind, Outcome
from certsvc.verification.photos import read_photo
from certsvc.web import limits, pages, texts_photo
from certsvc.web.api_photos import read_kind
from certsvc.web.body import file_bytes, form_fields
from certsvc.web.current import language, services, wants_html
from certsvc.web.texts import Lang

bp = APIBlueprint("photo_page", __name__, enable_openapi=False)

_TONES: Final[Mapping[Conclusion, str]] = {
    Conclusion.PASSED: "record",
    Conclusion.ADVICE: "ended",
    Conclusion.REFUSED: "refused",
    Conclusion.CANNOT_TELL: "unsure",
}
"""Never the tone and rosette of a verified file: this page verifies nothing."""
_MARKS: Final = {"passed": "pass", "failed": "fail", "cannot_tell": "unknown"}
_SHOWN: Final = 2 * 1024 * 1024
"""Bytes up to which the picture that came is shown again beside the one that was made."""


@bp.get("/photo")
def ask() -> Response:
    """Offer the form."""
    return _page(pages.photo_page(), 200)


@bp.post("/photo")
def judge() -> Response:
    """Judge and fix one picture; nothing of it stays here."""
    try:
        content, kind = _uploaded()
    except InvalidFieldError as error:
        if not wants_html():
            raise
        return _page(pages.photo_page(faults=error.faults), 422)
    fixed = read_photo(services().verifier.readers, content, kind, fix=True)
    return _page(pages.photo_page(told=_told(content, fixed)), 200)


def _uploaded() -> tuple[bytes, Kind]:
    if request.mimetype != "multipart/form-data":
        raise UnsupportedTypeError
    fields = form_fields()
    files = request.files.getlist("file")
    kind = read_kind(fields)
    if len(files) != 1 or not files[0].filename:
        text = texts_photo.NOTHING_GIVEN
        raise InvalidFieldError(Fault("/file", text.zh, text.en))
    limits.take("upload")
    return file_bytes(files[0]), kind


def _told(content: bytes, fixed: Fixed) -> Mapping[str, object]:
    """Return what the page says."""
    kind = fixed.before.kind
    shown = len(content) <= _SHOWN and content.startswith((b"\xff\xd8\xff", b"\x89PNG"))
    came = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    made = fixed.content if fixed.changes else None
    return {
        **fixed_body(fixed, lang=language()),
        "tone": _TONES[fixed.before.conclusion],
        "mark": "tick" if fixed.before.conclusion is Conclusion.PASSED else _TONES[fixed.before.conclusion],
        "rules": _worst_first(fixed, language()),
        "marks": _MARKS,
        "picture_before": _data_url(came, content) if shown else None,
        "picture_after": None if made is None else _data_url(media_type(kind), made),
        "name_after": "photo-fixed.jpg" if kind == "photo" else "signature-fixed.png",
        "kb_after": 0 if made is None else max(1, round(len(made) / 1024)),
    }


def _worst_first(fixed: Fixed, lang: Lang) -> list[dict[str, object]]:
    """Return the rules as the picture came: what failed first, then what cannot be told."""
    order = (Outcome.FAILED, Outcome.CANNOT_TELL, Outcome.PASSED)
    findings = sorted(fixed.before.findings, key=lambda finding: order.index(finding.outcome))
    return [finding_body(finding, fixed.before.kind, lang=lang) for finding in findings]


def _data_url(mimetype: str, content: bytes) -> str:
    return f"data:{mimetype};base64,{base64.b64encode(content).decode('ascii')}"


def _page(html: str, status: int) -> Response:
    answer = Response(html, status, mimetype="text/html")
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer
