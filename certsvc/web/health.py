"""Is it alive, is it ready, what has it counted; and the page of the API's description."""

from __future__ import annotations

import json
from collections.abc import Mapping

from apiflask import APIBlueprint
from flask import Response, current_app

from certsvc.domain.clock import beijing_day
from certsvc.errors import UnavailableError
from certsvc.sealing.pki import COUNTED
from certsvc.web import figures, observe, pages, schemas_health, texts_health
from certsvc.web.answer import json_answer
from certsvc.web.auth import scope
from certsvc.web.current import language, language_tag, services
from certsvc.web.errors import RETRY_AFTER_S, problem
from certsvc.web.openapi import Call, describe
from certsvc.web.readiness import EXTENSION, OK, TOLD_ONLY, Readiness, looks
from certsvc.web.security import DOCS_POLICY

bp = APIBlueprint("health", __name__, tag="health")


@bp.get("/healthz")
@describe(bp, "getHealth", Call(answers={200: schemas_health.Health}))
def healthz() -> Response:
    """Tell that the process answers."""
    return json_answer({"status": "ok"})


@bp.get("/readyz")
@describe(bp, "getReadiness", Call(answers={200: schemas_health.Health}))
def readyz() -> Response:
    """Tell for each part whether work can be done."""
    parts = parts_now()
    ill = [texts_health.told(name, state, language()) for name, state in parts.items() if state != OK]
    if all(one["part"] in TOLD_ONLY for one in ill):
        return json_answer({"status": "ok", "parts": parts} | ({"ill": ill} if ill else {}))
    body = problem(503, "UNAVAILABLE", extras={"parts": parts, "ill": ill})
    answer = Response(json.dumps(body, ensure_ascii=False), 503, mimetype="application/problem+json")
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    answer.headers["Content-Language"] = language_tag()
    answer.headers["Vary"] = "Accept-Language"
    return answer


def parts_now() -> Mapping[str, str]:
    """Return for each part ``ok`` or the code of what is wrong, as it was at the last look."""
    readiness = current_app.extensions[EXTENSION]
    assert isinstance(readiness, Readiness)
    return readiness.look(looks(services()))


@bp.get("/metrics")
@describe(bp, "getMetrics", Call(answers={200: "text/plain"}, scope="read"))
@scope("read")
def metrics() -> Response:
    """Show the counts in Prometheus' text form."""
    return Response(
        observe.exposition() + _key_uses() + figures.exposition(services()), content_type=observe.CONTENT_TYPE
    )


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
