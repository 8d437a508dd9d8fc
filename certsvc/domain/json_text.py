"""Reading JSON strictly: what parsers disagree about, or no text may hold, is refused with a coded reason."""

from __future__ import annotations

import json
from typing import Final, NoReturn

from certsvc.errors import Fault, MalformedError

DEPTH_LIMIT: Final = 32


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


def check_text(text: str) -> None:
    """Refuse what no text may hold; MalformedError."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise MalformedError(
            "bad character",
            Fault("", "文本含有空字符或不成对的代理项", "a text holds NUL or a lone surrogate"),
        )


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
                check_text(key)
            waiting.extend((member, depth + 1) for member in value.values())
        elif isinstance(value, list):
            waiting.extend((member, depth + 1) for member in value)
        elif isinstance(value, str):
            check_text(value)
        elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
            _refuse_constant("")
