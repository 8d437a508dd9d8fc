"""The change feed: what became of the certificates a client verified."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict

from certsvc.domain.report import Status
from certsvc.errors import Fault, InvalidFieldError
from certsvc.issuing.changes import PAGE, PAGE_MAX
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.body import check_query
from certsvc.web.current import client, services
from certsvc.web.openapi import Call, Parameter, describe

bp = APIBlueprint("changes", __name__, url_prefix="/api/v1", tag="verifications")

_DIGITS_MAX: Final = 6


class ChangeItem(BaseModel):
    """One change of a certificate this client verified, or one specialty of it that is about to end."""

    model_config = ConfigDict(extra="forbid")

    token: str | None
    """As it was verified; null when only its number and name were."""
    licence_id: str
    """As it was shown when it was verified."""
    status: Status
    """Of this certificate, after the change."""
    changed_fields: list[str]
    at: datetime
    """When it was recorded, or announced."""
    specialty: str | None
    """Named when it fell under 180 days; null for a change."""
    valid_to: date | None
    days_left: int | None
    """On the day of *at*."""


class ChangePage(BaseModel):
    """One page of the feed, oldest first; the next one begins at *next_cursor*, also after the last item."""

    model_config = ConfigDict(extra="forbid")

    items: list[ChangeItem]
    next_cursor: str


@bp.get("/changes")
@describe(
    bp,
    "listChanges",
    Call(
        answers={200: ChangePage},
        parameters=(
            Parameter(name="since", description="The next_cursor of the page before; default the beginning."),
            Parameter(
                name="limit",
                description="Items at most.",
                schema={"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE},
            ),
        ),
        scope="verify",
    ),
)
@scope("verify")
def list_changes() -> Response:
    """List what changed in certificates this client verified, and specialties of theirs that end soon."""
    given = check_query(("since", "limit"))
    limit = _limit(given.get("limit"))
    # What this client verified a moment ago, in this process, is followed from the first page on.
    services().lookups.flush()
    return json_answer(services().changes.page(client().client_id, given.get("since"), limit))


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise InvalidFieldError(Fault("/limit", "请填写整数", "give a whole number"))
    return int(text)
