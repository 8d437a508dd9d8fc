"""What one look at the register and the keys gives for /metrics: the same whichever process is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from certsvc.errors import UnavailableError
from certsvc.registry.port_figures import Figures
from certsvc.wiring import Services

_COUNTS: Final = (
    ("certsvc_batch_items_waiting", "Items of batches not settled yet.", "items_waiting"),
    ("certsvc_batch_items_failed", "Items that failed, of batches of the last day.", "items_failed"),
    ("certsvc_batch_portions_left", "Portions whose worker is gone and nobody took.", "portions_left"),
    ("certsvc_copies_left", "PENDING copies over a minute past their lease.", "copies_left"),
    ("certsvc_log_entries_waiting", "Entries without a place in the log's tree.", "log_waiting"),
    ("certsvc_lookups_waiting", "Rows in the journal of look-ups.", "lookups_waiting"),
)


def exposition(held: Services) -> bytes:
    """Return the figures in Prometheus' text form; none of the register's while it is away."""
    now = held.clock.now()
    try:
        with held.registry.reading() as session:
            figures = session.figures(now)
    except UnavailableError:
        figures = None
    registry = CollectorRegistry()
    registry.register(_Look(figures, _ends(held, now), now))
    return generate_latest(registry)


def _ends(held: Services, now: datetime) -> dict[str, datetime]:
    """Return for each use when the certificate of the key that ends last ends; retired keys do not count.

    A use whose next key is there already is not short of one.
    """
    ends: dict[str, datetime] = {}
    for key in held.keystore.keys:
        if key.retired_at is None and key.compromised_since is None:
            ends[key.use] = max(key.valid_to, ends.get(key.use, key.valid_to))
    return ends


class _Look(Collector):
    def __init__(self, figures: Figures | None, ends: dict[str, datetime], now: datetime) -> None:
        self._figures = figures
        self._ends = ends
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        if self._figures is not None:
            for name, words, attribute in _COUNTS:
                yield GaugeMetricFamily(name, words, getattr(self._figures, attribute))
            if self._figures.checkpoint_at is not None:
                age = (self._now - self._figures.checkpoint_at).total_seconds()
                words = "Age of the newest checkpoint of the log."
                yield GaugeMetricFamily("certsvc_log_checkpoint_age_seconds", words, age)
        left = GaugeMetricFamily(
            "certsvc_key_days_left", "Days until the last key of a use runs out.", labels=("use",)
        )
        for use, end in self._ends.items():
            left.add_metric((use,), (end - self._now) / timedelta(days=1))
        yield left
