"""One-time links that let a holder in to 我的证书."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from certsvc.web import schemas_holders
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.body import check_query
from certsvc.web.current import client, services
from certsvc.web.openapi import Call, describe

bp = APIBlueprint("holder_links", __name__, url_prefix="/api/v1", tag="holders")


@bp.post("/registrations/<number:number>/holder-links")
@describe(
    bp,
    "makeHolderLink",
    Call(answers={201: schemas_holders.HolderLink}, problems=(404, 409), scope="issue"),
)
@scope("issue")
def make_holder_link(number: str) -> Response:
    """Make a link that lets the holder in once, within 15 minutes; hand it to nobody else.

    Scope issue: the link opens all that is the holder's, so it is for the system that knows its people, not
    for every platform that may ask for copies.
    """
    check_query(())
    made = services().holders.links.make(number, client().client_id)
    return json_answer({"url": made.url, "expires_at": made.expires_at.isoformat()}, 201)
