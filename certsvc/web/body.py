"""Reading request bodies strictly: what is not plainly what it says it is, is refused.

Flask's own reading forces JSON whatever the Content-Type, lets duplicate keys pass and turns a deep body into
a RecursionError; here every such body ends in a coded error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import LengthRequired

from certsvc.domain.json_text import check_text, parse_json
from certsvc.domain.texts_batches import NOT_A_LIST
from certsvc.errors import Fault, InvalidFieldError, MalformedError, TooLargeError, UnsupportedTypeError

JSON_LIMIT: Final = 4 * 1024 * 1024
"""Bytes: a photo and a signature in base64 with room to spare."""
FILE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one uploaded file."""
UPLOAD_LIMIT: Final = FILE_LIMIT + 64 * 1024
"""Bytes of a multipart body: one file, its headers and the small fields beside it."""
BATCH_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a batch."""
BATCHES: Final = "/api/v1/batches"
NDJSON: Final = "application/x-ndjson"
_LINES: Final = frozenset(
    {NDJSON, "application/ndjson", "application/jsonl", "application/jsonlines", "application/x-jsonlines"}
)
_MULTIPART: Final = "multipart/form-data"


def check_framing() -> None:
    """Refuse bodies whose length nobody states, and those over every limit, before a byte is read.

    The server cuts a chunked body at the limit and hands over the stump as if it were whole.
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    limit = BATCH_LIMIT if request.path == BATCHES else UPLOAD_LIMIT
    if (request.content_length or 0) > limit:
        raise TooLargeError
    request.max_content_length = limit


def read_json() -> object:
    """Return the JSON object or array of the request.

    Raises:
        UnsupportedTypeError: the Content-Type is not application/json.
        TooLargeError: over JSON_LIMIT.
        MalformedError: not UTF-8, not JSON, or JSON that parsers disagree about.
    """
    if request.mimetype != "application/json":
        raise UnsupportedTypeError
    return parse_json(_bytes(JSON_LIMIT))


def read_batch() -> bytes:
    """Return the bytes of a batch, JSON Lines or a JSON array.

    Raises:
        UnsupportedTypeError: the Content-Type is neither.
        TooLargeError: over BATCH_LIMIT.
        MalformedError: it is said to be JSON and is no array.
    """
    if request.mimetype not in _LINES and request.mimetype != "application/json":
        raise UnsupportedTypeError
    content = _bytes(BATCH_LIMIT)
    if request.mimetype == "application/json" and content.lstrip(b" \t\r\n")[:1] != b"[":
        raise MalformedError("no list", Fault("", NOT_A_LIST.zh, NOT_A_LIST.en))
    return content


def read_upload() -> tuple[bytes, dict[str, str]]:
    """Return the bytes of the one part ``file`` of a multipart body, and its other fields.

    Raises:
        InvalidFieldError: no ``file``, or more than one.
        TooLargeError: the file is over FILE_LIMIT.
        MalformedError: a field comes twice, or the multipart framing is broken.
    """
    if request.mimetype != _MULTIPART:
        raise UnsupportedTypeError
    if request.content_length is None:
        raise LengthRequired
    files = request.files.getlist("file")
    if len(files) != 1 or set(request.files) != {"file"}:
        raise InvalidFieldError(
            Fault("/file", "请上传一个文件,字段名为 file", "upload exactly one file in the field named file")
        )
    return file_bytes(files[0]), form_fields()


def file_bytes(file: FileStorage) -> bytes:
    """Return an uploaded file's bytes; TooLargeError over FILE_LIMIT."""
    content = file.stream.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise TooLargeError
    return content


def form_fields(several: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the text fields of a form; MalformedError when one has no name, comes twice or holds a NUL.

    Those named in *several* may come more often and are left to whoever asks.
    """
    fields: dict[str, str] = {}
    for name, values in request.form.lists():
        # Werkzeug's types do not say so, but a part without a name arrives under None.
        if not name:
            raise MalformedError("field unnamed", Fault("", "有字段没有名称", "a field has no name"))
        if name in several:
            for value in values:
                check_text(value)
            continue
        if len(values) != 1:
            raise MalformedError(
                "field twice", Fault("", "同一字段出现多次", "a field is there more than once")
            )
        check_text(name)
        check_text(values[0])
        fields[name] = values[0]
    return fields


def check_query(allowed: Iterable[str]) -> dict[str, str]:
    """Return the query parameters; InvalidFieldError for an unknown or repeated one.

    A misspelt ``as_of`` that is passed over would answer another question than the one asked.
    """
    known = {*allowed, "lang"}
    faults = [
        Fault("/query", "没有这个查询参数,或出现多次", "a query parameter is unknown or repeated")
        for name, values in request.args.lists()
        if name not in known or len(values) != 1
    ]
    if faults:
        raise InvalidFieldError(*faults)
    return {name: value for name, value in request.args.items() if name != "lang"}


def _bytes(limit: int) -> bytes:
    if request.content_length is None:
        raise LengthRequired
    if request.content_length > limit:
        raise TooLargeError
    return request.get_data(cache=False)
