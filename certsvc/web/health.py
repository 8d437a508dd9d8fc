"""Is it alive, is it ready, what has it counted; and the page of the API's description."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from apiflask import APIBlueprint
from flask import Response, current_app

from certsvc.domain.clock import beijing_day
from certsvc.errors import CertsvcError, UnavailableError
from certsvc.sealing.pki import COUNTED
from certsvc.web import observe, pages, schemas
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.current import services
from certsvc.web.errors import RETRY_AFTER_S, problem
from certsvc.web.openapi import Call, describe
from certsvc.web.security import DOCS_POLICY

bp = APIBlueprint("health", __name__, tag="health")

EXTENSION: Final = "certsvc.readiness"
_KEPT_S: Final = 1.0


@dataclass(slots=True)
class Readiness:
    """The last look at every part, kept for a second: a look writes and syncs a file, and anybody may ask."""

    parts: Mapping[str, str] = field(default_factory=dict)
    looked_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


@bp.get("/healthz")
@describe(bp, "getHealth", Call(answers={200: schemas.Health}))
def healthz() -> Response:
    """Tell that the process answers."""
    return json_answer({"status": "ok"})


@bp.get("/readyz")
@describe(bp, "getReadiness", Call(answers={200: schemas.Health}))
def readyz() -> Response:
    """Tell for each part whether work can be done."""
    parts = parts_now()
    if all(state == "ok" for state in parts.values()):
        return json_answer({"status": "ok", "parts": parts})
    body = problem(503, "UNAVAILABLE", extras={"parts": parts})
    answer = Response(json.dumps(body, ensure_ascii=False), 503, mimetype="application/problem+json")
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def parts_now() -> Mapping[str, str]:
    """Return for each part ``ok`` or the code of what is wrong, at most a second old."""
    readiness = current_app.extensions[EXTENSION]
    assert isinstance(readiness, Readiness)
    with readiness.lock:
        if time.monotonic() - readiness.looked_at > _KEPT_S:
            readiness.parts, readiness.looked_at = _look(), time.monotonic()
        return dict(readiness.parts)


@bp.get("/metrics")
@describe(bp, "getMetrics", Call(answers={200: "text/plain"}, scope="read"))
@scope("read")
def metrics() -> Response:
    """Show the counts in Prometheus' text form."""
    return Response(observe.exposition() + _key_uses(), content_type=observe.CONTENT_TYPE)


@bp.get("/docs")
@bp.doc(hide=True)
def docs() -> Response:
    """Show the description of the API, with files served here."""
    answer = Response(pages.docs_page(), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = DOCS_POLICY
    return answer


def _key_uses() -> bytes:
    """Return the counts of keys; none while the registry is away, which must not hide all the others."""
    held = services()
    used = [key.key_id for key in held.keystore.keys if key.use in COUNTED]
    try:
        with held.registry.reading() as session:
            uses = session.key_uses(used, beijing_day(held.clock.now()))
    except UnavailableError:
        return b""
    return observe.key_uses(uses, held.settings.key_daily_cap)


def _look() -> dict[str, str]:
    held = services()
    looks: dict[str, Callable[[], object]] = {
        "registry": held.registry.ping,
        "storage": held.storage.check,
        "keys": lambda: held.keystore.signer(held.settings.signature, held.clock.now()),
        # A copy is two files: with one of the two keys alone every request for one would fail.
        "log": held.sequencer.check,
        "seal": lambda: held.keystore.seal_signer(held.settings.issuer_name, held.clock.now()),
    }
    return {name: _state(look) for name, look in looks.items()}


def _state(look: Callable[[], object]) -> str:
    """Return ``ok`` or the code of what is wrong."""
    try:
        look()
    except CertsvcError as error:
        return error.code
    return "ok"
