"""One item of a batch: what it may hold, and the order it becomes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from certsvc.domain import texts_batches as texts
from certsvc.domain.bodies import StrictBody, parse_body
from certsvc.domain.text import Text
from certsvc.errors import CertsvcError, Fault, InvalidFieldError, MalformedError
from certsvc.issuing.counter import Operation, Order
from certsvc.issuing.discretion import check_label


class Form(StrEnum):
    """What the lines of a submission are."""

    ITEMS = "items"
    """Items as the API takes them."""
    EVENTS = "events"
    """Bare events; the line names each."""


_ItemId = Annotated[str, Field(min_length=1, max_length=100)]
_Number = Annotated[str, Field(min_length=1, max_length=40)]


class EndorseItem(StrictBody):
    """An endorsed copy."""

    item_id: _ItemId
    op: str
    registration_number: _Number
    purpose: Annotated[str, Field(max_length=1000)]


class OriginalItem(StrictBody):
    """The original of the version in force."""

    item_id: _ItemId
    op: str
    registration_number: _Number


class EventItem(StrictBody):
    """A registration event; its own shape is looked at when it is recorded."""

    item_id: _ItemId
    op: str
    registration_number: _Number | None = None
    event: dict[str, object]


_MODELS: Final[Mapping[str, type[EndorseItem | OriginalItem | EventItem]]] = {
    Operation.ENDORSE.value: EndorseItem,
    Operation.ORIGINAL.value: OriginalItem,
    Operation.EVENT.value: EventItem,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one line asks for, as far as it could be read."""

    item_id: str | None = None
    op: Operation | None = None
    registration_number: str | None = None
    """Of an event, the one in its body."""
    body: bytes | None = None
    """JSON of the order's body; None with an error."""
    error: CertsvcError | None = None


def read_item(value: object, form: Form, number: int) -> Asked:
    """Read what line *number* asks for; a fault of it stands in the answer."""
    if not isinstance(value, dict):
        return Asked(error=MalformedError("no object", _fault("", texts.NOT_AN_OBJECT)))
    if form is Form.EVENTS:
        return _event(f"line-{number}", value)
    item_id = _shown_id(value.get("item_id"))
    model = _MODELS.get(op) if isinstance(op := value.get("op"), str) else None
    if model is None:
        return Asked(item_id=item_id, error=InvalidFieldError(_fault("/op", texts.OPERATIONS)))
    try:
        item = parse_body(model, value)
        check_label(item.item_id, pointer="/item_id")
        if item.registration_number is not None:
            check_label(item.registration_number, pointer="/registration_number")
    except InvalidFieldError as error:
        return Asked(item_id=item_id, op=Operation(item_op) if (item_op := op) else None, error=error)
    if isinstance(item, EventItem):
        return _stated_event(item)
    body = {"purpose": item.purpose} if isinstance(item, EndorseItem) else {}
    return Asked(
        item_id=item.item_id,
        op=Operation(item.op),
        registration_number=item.registration_number,
        body=_written(body),
    )


def order_of(
    batch_id: str, client_id: str, asked_op: str, number: str | None, key: str, body: bytes
) -> Order:
    """Return the order of an item; the same item gives the same order, whoever takes it and how often."""
    read: dict[str, object] = json.loads(body)
    op, named = Operation(asked_op), f"{batch_id} {key}".encode()
    return Order(
        op=op,
        registration_number="" if op is Operation.EVENT else number or "",
        body=read,
        client_id=client_id,
        key=f"batch-{hashlib.sha256(named).hexdigest()[:40]}",
    )


def _stated_event(item: EventItem) -> Asked:
    asked = _event(item.item_id, item.event)
    if item.registration_number is not None and item.registration_number != asked.registration_number:
        fault = _fault("/registration_number", texts.OTHER_NUMBER)
        return Asked(item_id=item.item_id, op=Operation.EVENT, error=InvalidFieldError(fault))
    return asked


def _event(item_id: str, event: Mapping[str, object]) -> Asked:
    number = event.get("registration_number")
    return Asked(
        item_id=item_id,
        op=Operation.EVENT,
        registration_number=number if isinstance(number, str) else None,
        body=_written(event),
    )


def _shown_id(item_id: object) -> str | None:
    """Return an item_id that may be kept and shown; None for anything else."""
    if not isinstance(item_id, str) or not 1 <= len(item_id) <= 100:
        return None
    try:
        check_label(item_id, pointer="/item_id")
    except InvalidFieldError:
        return None
    return item_id


def _written(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _fault(pointer: str, text: Text) -> Fault:
    return Fault(pointer, text.zh, text.en)
