"""Counts and one log line per request; no path, no body, no name: what is typed into them may be personal."""

from __future__ import annotations

import os
import time
from typing import Final

import structlog
from apiflask import APIFlask
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from certsvc.web.current import request_id

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Set by the server before it starts its workers; without it each process counts for itself."""

_own: Final = CollectorRegistry()
_requests: Final = Counter(
    "certsvc_requests", "Answered requests.", ("endpoint", "method", "status"), registry=_own
)
_seconds: Final = Histogram(
    "certsvc_request_seconds", "Time from request to answer.", ("endpoint",), registry=_own
)
_log = structlog.get_logger("certsvc.access")


def register(app: APIFlask) -> None:
    """Count and log every request of *app*."""
    app.before_request(_begin)
    app.after_request(_end)


def exposition() -> bytes:
    """Return the counts of all worker processes in Prometheus' text form."""
    if not os.environ.get(_SHARED_FOLDER):
        return generate_latest(_own)
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # untyped upstream
    return generate_latest(shared)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    seconds = time.perf_counter() - g.began if "began" in g else 0.0
    _requests.labels(endpoint, request.method, str(response.status_code)).inc()
    _seconds.labels(endpoint).observe(seconds)
    _log.info(
        "answered",
        endpoint=endpoint,
        method=request.method,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        request_id=request_id(),
    )
    return response
