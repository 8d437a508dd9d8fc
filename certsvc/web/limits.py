"""How often one caller may guess: buckets that all workers share (GCRA), by kind of try and caller.

Who holds a token of ours pays nothing: a token that is found is no guess. Where the buckets cannot be
reached, nobody may guess; files go on, counted by each process alone: they are no guesses, only work.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import current_app, request

from certsvc.domain.clock import Clock
from certsvc.errors import RateLimitedError, UnavailableError
from certsvc.registry.limits import Allowance, LimitStore
from certsvc.web import observe
from certsvc.web.caller import caller_network
from certsvc.web.current import client_id, services

EXTENSION: Final = "certsvc.limits"
_REMEMBERED: Final = 20_000
"""Callers a process keeps in mind while the buckets are away; the one seen last longest ago goes first."""
_SWEEP_S: Final = 60
_AWAY_S: Final = 5
"""How long a process counts files alone after the buckets were away, before it tries them again."""
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of *burst* tries that fills up again at *per_minute*."""

    burst: int
    per_minute: float
    goes_on: bool = False
    """Tries of this kind are let through, counted in this process alone, while the buckets are away."""

    @property
    def allowance(self) -> Allowance:
        """The same in the store's measure."""
        step_us = round(60 * _SECOND_US / self.per_minute)
        return Allowance(step_us=step_us, burst_us=step_us * self.burst)


RATES: Final[Mapping[str, Rate]] = {
    "code": Rate(20, 20),
    "number": Rate(10, 10),
    "name": Rate(10, 10),
    "enter": Rate(20, 20),
    "upload": Rate(30, 30, goes_on=True),
    "token_miss": Rate(300, 300),
    "login": Rate(20, 10),
    "login_account_there": Rate(6, 2),
    "login_account": Rate(60, 2),
    "login_device": Rate(6, 2),
    "client": Rate(1200, 1200),
    "client_upload": Rate(1200, 1200, goes_on=True),
    "client_miss": Rate(3000, 3000),
}
"""Those named ``client`` are per API client, ``login`` as access/throttle.py says, others per address."""


class Limiter:
    """Counts tries; safe between threads, and one budget for all processes with the same store."""

    def __init__(
        self, store: LimitStore, clock: Clock, secret: bytes, rates: Mapping[str, Rate] = RATES
    ) -> None:
        """Count in *store* by *clock*; callers are kept under hashes keyed with *secret*, no addresses."""
        self._store = store
        self._rates = rates
        self._longest_us = max(rate.allowance.burst_us for rate in rates.values())
        self._clock = clock
        self._key = hashlib.blake2b(b"certsvc web 1: buckets", key=secret).digest()
        self._own = _OwnBuckets()
        self._swept_at: int | None = None
        self._away_at = -_AWAY_S * _SECOND_US

    def take(self, kind: str, caller: str) -> None:
        """Count one try.

        Raises:
            RateLimitedError: the bucket is empty; with the seconds to wait.
            UnavailableError: the buckets are away, and tries of this kind are guesses.
        """
        rate = self._rates[kind]
        now_us = round(self._clock.now().timestamp() * _SECOND_US)
        bucket = hashlib.blake2b(f"{kind}\0{caller}".encode(), key=self._key, digest_size=16).digest()
        if rate.goes_on and 0 <= now_us - self._away_at < _AWAY_S * _SECOND_US:
            # A store that is frozen takes seconds to say nothing; not everybody has to wait for that.
            wait_us = self._own.take(bucket, rate.allowance, now_us)
        else:
            wait_us = self._take(bucket, rate, now_us)
        if wait_us > 0:
            observe.count_refusal(kind)
            raise RateLimitedError(math.ceil(wait_us / _SECOND_US))

    def _take(self, bucket: bytes, rate: Rate, now_us: int) -> int:
        try:
            wait_us = self._store.take(bucket, rate.allowance, now_us)
            self._sweep(now_us)
        except UnavailableError:
            self._away_at = now_us
            if not rate.goes_on:
                raise
            return self._own.take(bucket, rate.allowance, now_us)
        return wait_us

    def _sweep(self, now_us: int) -> None:
        """Now and then, forget buckets that are full again."""
        if self._swept_at is None or abs(now_us - self._swept_at) >= _SWEEP_S * _SECOND_US:
            self._swept_at = now_us
            self._store.sweep(now_us, self._longest_us)


class _OwnBuckets:
    """The buckets of one process."""

    def __init__(self) -> None:
        self._full_at: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, bucket: bytes, allowance: Allowance, now_us: int) -> int:
        """Take one try; returns the microseconds to wait, 0 when it passed."""
        with self._lock:
            full_at = max(self._full_at.pop(bucket, now_us), now_us)
            # A clock that was set back must not lock anybody out.
            full_at = min(full_at, now_us + allowance.burst_us)
            wait_us = max(0, full_at + allowance.step_us - now_us - allowance.burst_us)
            self._full_at[bucket] = full_at if wait_us else full_at + allowance.step_us
            if len(self._full_at) > _REMEMBERED:
                self._full_at.popitem(last=False)
        return wait_us


def take(kind: str, caller: str | None = None) -> None:
    """Count one try of the caller of this request (default: its address)."""
    limiter = current_app.extensions[EXTENSION]
    assert isinstance(limiter, Limiter)
    limiter.take(kind, caller if caller is not None else address())


def address() -> str:
    """Return the network the request comes from."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    return caller_network(request.remote_addr or "", forwarded, services().settings.proxy_networks)


def take_miss() -> None:
    """Count a token nobody has: by client where one asks, else by address."""
    if client_id() is None:
        take("token_miss")
    else:
        take("client_miss", client_id())
