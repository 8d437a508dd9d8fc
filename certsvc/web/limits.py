"""How often one caller may guess: a bucket per client address and kind of look-up.

The buckets live in this process, so a server with n worker processes lets n times the rate through. A
limiter shared by all workers needs a store that every worker reaches faster than the database answers;
choosing one is an issue of its own. Until then the figures below are set so that n times them still makes
guessing hopeless: a code has 55 random bits.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import current_app, request

from certsvc.errors import RateLimitedError

EXTENSION: Final = "certsvc.limits"
_REMEMBERED: Final = 20_000
"""Callers kept in mind; the one not seen for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of *burst* tries that fills up again at *per_minute*."""

    burst: int
    per_minute: float


RATES: Final = {
    "code": Rate(20, 20),
    "number": Rate(10, 10),
    "name": Rate(10, 10),
    "upload": Rate(30, 30),
    "client": Rate(1200, 1200),
}
"""``client`` is per API client, the others per address of the public."""


class Limiter:
    """Counts tries; safe between threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Read seconds from *now*; they need a steady pace, not a calendar."""
        self._now = now
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, kind: str, caller: str) -> None:
        """Count one try; RateLimitedError, with the seconds to wait, when the bucket is empty."""
        rate = RATES[kind]
        step = 60 / rate.per_minute
        with self._lock:
            now = self._now()
            full_at = max(self._full_at.pop((kind, caller), now), now)
            wait = full_at + step - now - rate.burst * step
            self._full_at[kind, caller] = full_at if wait > 0 else full_at + step
            if len(self._full_at) > _REMEMBERED:
                self._full_at.popitem(last=False)
        if wait > 0:
            raise RateLimitedError(math.ceil(wait))


def take(kind: str, caller: str | None = None) -> None:
    """Count one try of the caller of this request (default: its address)."""
    limiter = current_app.extensions[EXTENSION]
    assert isinstance(limiter, Limiter)
    limiter.take(kind, caller if caller is not None else _network(request.remote_addr or ""))


def _network(address: str) -> str:
    """Return what one household or office shares: the IPv4 address, or the IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
