"""Reading request bodies: JSON values in, strict models or coded faults with JSON pointers out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema

from certsvc.errors import Fault, InvalidFieldError

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)

_PLAIN: Final = re.compile(r"(?!.*\d{8})[\x21-\x7e]{1,64}", re.ASCII)
"""A name of a field as somebody may have meant it: it may be repeated in an answer."""


def parse_day(value: object) -> date:
    """Read ``YYYY-MM-DD``; ValueError for anything else."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("write a day as YYYY-MM-DD")
    return date.fromisoformat(value)


def parse_instant(value: object) -> datetime:
    """Read an RFC 3339 instant with offset into UTC; ValueError for anything else."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("write an instant as RFC 3339 with offset, e.g. 2026-11-20T10:00:00+08:00")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the instant is out of range") from error


Day = Annotated[date, BeforeValidator(parse_day), WithJsonSchema({"type": "string", "format": "date"})]
Instant = Annotated[
    datetime, BeforeValidator(parse_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]


class StrictBody(BaseModel):
    """A body that refuses unknown fields and converts nothing silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Model = TypeVar("_Model", bound=BaseModel)


def parse_body(model: type[_Model], body: object) -> _Model:
    """Check *body* (JSON values) against *model*.

    Raises:
        InvalidFieldError: with one fault per wrong field, each with its JSON pointer.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise InvalidFieldError(*(_fault(e["loc"], e["type"], e["msg"]) for e in error.errors())) from error


def pointer_to(*parts: int | str) -> str:
    """Return the JSON pointer of a field.

    Where a value was put in the place of a name, an identity number even, it ends at the object around it: a
    pointer is repeated in answers.
    """
    shown = parts if all(_PLAIN.fullmatch(str(part)) for part in parts) else parts[:-1]
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in shown)


def _fault(loc: tuple[int | str, ...], kind: str, message: str) -> Fault:
    """Turn one pydantic error into a fault; the value itself is never repeated."""
    pointer = pointer_to(*loc)
    match kind:
        case "extra_forbidden":
            return Fault(
                pointer, "没有这个字段,请删除或改正名称", "this field does not exist; remove or rename it"
            )
        case "missing":
            return Fault(pointer, "缺少这个字段,请补充", "this field is missing; add it")
        case "value_error":
            return Fault(pointer, "格式不正确,请按接口文档填写", message.removeprefix("Value error, "))
        case _:
            return Fault(pointer, "取值不符合接口文档,请改正", message)
