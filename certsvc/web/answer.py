"""Answers that are not pages: JSON bodies and issued files."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Response, request

from certsvc.issuing.enquiry import IssuedBytes
from certsvc.web.current import language_tag

_MIME = {
    "pdf": "application/pdf",
    "ofd": "application/ofd",
    "png": "image/png",
    "tsr": "application/timestamp-reply",
}


def json_answer(body: Mapping[str, object], status: int = 200) -> Response:
    """Answer with a JSON body in UTF-8."""
    answer = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    answer.headers["Content-Language"] = language_tag()
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer


def file_answer(file: IssuedBytes, fmt: str) -> Response:
    """Hand out one file; its ETag is its sha256, so a caller that has it already is told so."""
    answer = Response(file.content, mimetype=_MIME[fmt])
    answer.set_etag(file.sha256)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.filename}"'
    answer.make_conditional(request.environ)
    return answer
