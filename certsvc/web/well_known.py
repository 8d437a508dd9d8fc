"""Trust material for those who check without us: the list of keys, the status lists, and both in one file."""

from __future__ import annotations

import re
from typing import Final, Literal

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import BaseModel, ConfigDict

from certsvc.errors import NotFoundError
from certsvc.verification.trust_material import Published
from certsvc.web.current import services
from certsvc.web.openapi import Call, describe


class SignedDocument(BaseModel):
    """A JSON Web Signature in flattened form (RFC 7515): ES256, and a header of alg, kid and typ."""

    model_config = ConfigDict(extra="forbid")

    payload: str
    protected: str
    signature: str


class TrustBundle(BaseModel):
    """The list of keys and every status list that can be told, for checking without this service."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    trust: SignedDocument
    status: list[SignedDocument]


bp = APIBlueprint("well_known", __name__, url_prefix="/.well-known/certsvc", tag="trust")

_TRUST_KEPT_S: Final = 60
_STATUS_KEPT_S: Final = 30
"""How long others may keep an answer: with what it is old when it is sent, a change shows within a minute."""
_LIST_NUMBER: Final = re.compile("0|[1-9][0-9]{0,5}", re.ASCII)


@bp.get("/trust.json")
@describe(bp, "getTrust", Call(answers={200: SignedDocument, 304: ""}))
def trust() -> Response:
    """Publish every key that is or was ours, with the instants at which it was retired or compromised."""
    return _answer(services().trust_material.trust(), _TRUST_KEPT_S)


@bp.get("/status/<number:number>")
@describe(bp, "getStatusList", Call(answers={200: SignedDocument, 304: ""}, problems=(404,)))
def status(number: str) -> Response:
    """Publish one status list: two bits for each of 131,072 endorsed copies."""
    if _LIST_NUMBER.fullmatch(number) is None:
        raise NotFoundError
    return _answer(services().trust_material.status(int(number)), _STATUS_KEPT_S)


@bp.get("/bundle.json")
@describe(bp, "getTrustBundle", Call(answers={200: TrustBundle, 304: ""}))
def bundle() -> Response:
    """Publish the list of keys and the status lists as one file, as ``--trust`` takes it."""
    return _answer(services().trust_material.bundle(), _STATUS_KEPT_S)


def _answer(published: Published, kept_s: int) -> Response:
    answer = Response(published.body, mimetype="application/json")
    # Weak: every worker signs for itself, so equal contents are not equal bytes.
    answer.set_etag(published.etag, weak=True)
    answer.headers["Cache-Control"] = f"public, max-age={kept_s}"
    answer.make_conditional(request.environ)
    return answer
