"""API clients: who may call, with which scopes."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.errors import (
    Fault,
    ForbiddenError,
    InvalidFieldError,
    RecordDamagedError,
    UnauthenticatedError,
    UnavailableError,
)
from certsvc.registry.port import APIClient, Registry

SCOPES: Final = ("issue", "endorse", "verify", "read")
KNOWN_FOR: Final = timedelta(hours=1)
"""How long a key that was recognised stays known while the register is away."""
_REMEMBERED: Final = 10_000
"""Keys a process keeps in mind; the one recognised longest ago goes first."""


class Clients:
    """Adds and recognises API clients; a key is shown once and kept only as a keyed hash."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        """Take the registry that keeps them."""
        self._registry = registry
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[APIClient, datetime]] = OrderedDict()
        self._lock = Lock()

    def add(self, name: str, scopes: Collection[str]) -> tuple[APIClient, str]:
        """Add a client.

        Returns:
            The client and its API key, which cannot be shown again.

        Raises:
            InvalidFieldError: a scope is unknown, or there is none.
        """
        if not scopes or not set(scopes) <= set(SCOPES):
            known = ", ".join(SCOPES)
            raise InvalidFieldError(Fault("/scopes", f"请从以下权限中选择: {known}", f"choose from: {known}"))
        api_key = f"cs_{secrets.token_urlsafe(32)}"
        with self._registry.writing() as session:
            return session.add_client(name, frozenset(scopes), api_key, self._clock.now()), api_key

    def authenticate(self, api_key: str | None, scope: str) -> APIClient:
        """Return the client of *api_key* when it may do *scope*.

        Raises:
            UnauthenticatedError: no key, or one nobody was given.
            ForbiddenError: the scope is missing.
            UnavailableError: the register is away, and this process did not recognise the key lately.
        """
        if not api_key or len(api_key) > 100 or not api_key.isascii():
            raise UnauthenticatedError
        client = self._recognise(api_key)
        if client is None:
            raise UnauthenticatedError
        if scope not in client.scopes:
            raise ForbiddenError
        return client

    def _recognise(self, api_key: str) -> APIClient | None:
        """Ask the register; while it is away, this process's own memory of the last hour."""
        digest, now = hashlib.sha256(api_key.encode("ascii")).digest(), self._clock.now()
        try:
            with self._registry.reading() as session:
                client = session.find_client(api_key)
        except RecordDamagedError:
            raise
        except UnavailableError:
            with self._lock:
                known, at = self._known.get(digest, (None, now))
            if known is None or not timedelta() <= now - at < KNOWN_FOR:
                raise
            return known
        with self._lock:
            self._known.pop(digest, None)
            if client is not None:
                self._known[digest] = client, now
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return client
