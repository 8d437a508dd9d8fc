"""Reading request bodies strictly: what is not plainly what it says it is, is refused.

Flask's own reading forces JSON whatever the Content-Type, lets duplicate keys pass and turns a deep body into
a RecursionError; here every such body ends in a coded error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, NoReturn

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import LengthRequired

from certsvc.errors import Fault, InvalidFieldError, MalformedError, TooLargeError, UnsupportedTypeError

JSON_LIMIT: Final = 4 * 1024 * 1024
"""Bytes: a photo and a signature in base64 with room to spare."""
FILE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one uploaded file."""
UPLOAD_LIMIT: Final = FILE_LIMIT + 64 * 1024
"""Bytes of a multipart body: one file, its headers and the small fields beside it."""
DEPTH_LIMIT: Final = 32
_MULTIPART: Final = "multipart/form-data"


def check_framing() -> None:
    """Refuse bodies whose length nobody states, and those over every limit, before a byte is read.

    The server cuts a chunked body at the limit and hands over the stump as if it were whole.
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    if (request.content_length or 0) > UPLOAD_LIMIT:
        raise TooLargeError


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


def parse_json(content: bytes) -> object:
    """Parse JSON *content* strictly; MalformedError says where it fails."""
    try:
        value: object = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise _too_deep() from error
    except UnicodeDecodeError as error:
        raise MalformedError(
            "not UTF-8", Fault("", "请求内容不是有效的 UTF-8", "the body is not valid UTF-8")
        ) from error
    except ValueError as error:
        where = f" ({error.lineno}:{error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise MalformedError(
            "not JSON", Fault("", f"请求内容不是有效的 JSON{where}", f"the body is not valid JSON{where}")
        ) from error
    if not isinstance(value, dict | list):
        raise MalformedError(
            "bare value", Fault("", "请求内容须为 JSON 对象或数组", "the body must be a JSON object or array")
        )
    _check_values(value)
    return value


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


def form_fields() -> dict[str, str]:
    """Return the text fields of a form; MalformedError when one has no name, comes twice or holds a NUL."""
    fields: dict[str, str] = {}
    for name, values in request.form.lists():
        # Werkzeug's types do not say so, but a part without a name arrives under None.
        if not name:
            raise MalformedError("field unnamed", Fault("", "有字段没有名称", "a field has no name"))
        if len(values) != 1:
            raise MalformedError(
                "field twice", Fault("", "同一字段出现多次", "a field is there more than once")
            )
        _check_text(name)
        _check_text(values[0])
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


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("key twice", Fault("", "同一个键出现多次", "a key is there more than once"))
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise MalformedError(
        "not a number", Fault("", "数字不能为 NaN 或 Infinity", "NaN and Infinity are not JSON")
    )


def _too_deep() -> MalformedError:
    return MalformedError(
        "too deep",
        Fault("", f"嵌套不能超过 {DEPTH_LIMIT} 层", f"nesting is limited to {DEPTH_LIMIT} levels"),
    )


def _check_values(root: object) -> None:
    """Walk all values without recursion: depth, infinite numbers, characters no text may hold."""
    waiting: list[tuple[object, int]] = [(root, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEPTH_LIMIT and isinstance(value, dict | list):
            raise _too_deep()
        if isinstance(value, dict):
            for key in value:
                _check_text(key)
            waiting.extend((member, depth + 1) for member in value.values())
        elif isinstance(value, list):
            waiting.extend((member, depth + 1) for member in value)
        elif isinstance(value, str):
            _check_text(value)
        elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
            _refuse_constant("")


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise MalformedError(
            "bad character",
            Fault("", "文本含有空字符或不成对的代理项", "a text holds NUL or a lone surrogate"),
        )
