"""Counts and one log line per request; no path, no body, no name: what is typed into them may be personal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Final

import structlog
from apiflask import APIFlask
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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
_refused: Final = Counter(
    "certsvc_limit_refusals", "Tries refused because there were too many.", ("kind",), registry=_own
)
_log = structlog.get_logger("certsvc.access")
Line = Callable[[str, str, int, float, str], None]
"""Writes the line of one answer: endpoint, method, status, milliseconds, id of the request."""


def register(app: APIFlask) -> None:
    """Count and log every request of *app*."""
    app.before_request(_begin)
    app.after_request(_end)


def exposition() -> bytes:
    """Return the counts of all worker processes in Prometheus' text form."""
    return generate_latest(_gathered())


def _gathered() -> CollectorRegistry:
    """Return the counts of all worker processes; of this one alone where there is no shared folder."""
    if not os.environ.get(_SHARED_FOLDER):
        return _own
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # untyped upstream
    return shared


def answered(statuses: Collection[int]) -> Mapping[str, Mapping[int, int]]:
    """Return how many requests got one of *statuses* since the start: endpoint -> status -> times."""
    counts: dict[str, dict[int, int]] = {}
    for metric in _gathered().collect():
        for sample in metric.samples:
            if sample.name == "certsvc_requests_total" and int(sample.labels["status"]) in statuses:
                its = counts.setdefault(sample.labels["endpoint"], {})
                status = int(sample.labels["status"])
                its[status] = its.get(status, 0) + int(sample.value)
    return counts


class _KeyUses(Collector):
    """What the registry counts for all processes together; a gauge of our own would be one process's."""

    def __init__(self, uses: Mapping[str, int], cap: int) -> None:
        self._uses = uses
        self._cap = cap

    def collect(self) -> Iterator[Metric]:
        """Yield the two gauges."""
        used = GaugeMetricFamily(
            "certsvc_key_uses_today", "Copies a key was reserved for today.", labels=("key",)
        )
        for key_id, count in self._uses.items():
            used.add_metric((key_id,), count)
        yield used
        yield GaugeMetricFamily("certsvc_key_daily_cap", "Uses of a key in a day; 0: any number.", self._cap)


def key_uses(uses: Mapping[str, int], cap: int) -> bytes:
    """Return in the same form how often each key was used today, and how often it may be (0: any number)."""
    registry = CollectorRegistry()
    registry.register(_KeyUses(uses, cap))
    return generate_latest(registry)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.began if "began" in g else 0.0
    tell(request.endpoint or "none", request.method, response.status_code, seconds, request_id())
    return response


def tell(endpoint: str, method: str, status: int, seconds: float, the_id: str) -> None:
    """Count and log one answer."""
    _count(endpoint, method, status, seconds)
    _log_line(endpoint, method, status, round(seconds * 1000, 1), the_id)


def tell_page(endpoint: str, seconds: float, the_id: str) -> None:
    """Count and log one scanned page that was shown; all of it are words of ours, none of the caller's."""
    _count(endpoint, "GET", 200, seconds)
    _line(endpoint, "GET", 200, round(seconds * 1000, 1), the_id)


def write_lines_with(line: Line) -> None:
    """Have the lines of scanned pages written by *line* from now on, in the form of all others."""
    global _line  # noqa: PLW0603  # one log for the process, as structlog's own
    _line = line


def _log_line(endpoint: str, method: str, status: int, ms: float, the_id: str) -> None:
    _log.info("answered", endpoint=endpoint, method=method, status=status, ms=ms, request_id=the_id)


_line: Line = _log_line


def _count(endpoint: str, method: str, status: int, seconds: float) -> None:
    _answered(endpoint, method, status).inc()
    _took(endpoint).observe(seconds)


def count_refusal(kind: str) -> None:
    """Count one try that was refused; *kind* is one of limits.RATES."""
    _refused.labels(kind).inc()


@cache
def _answered(endpoint: str, method: str, status: int) -> Counter:
    """Return the counter itself: finding it among the others costs more than counting."""
    return _requests.labels(endpoint, method, str(status))


@cache
def _took(endpoint: str) -> Histogram:
    return _seconds.labels(endpoint)
