"""API clients: who may call, with which scopes."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.errors import Fault, ForbiddenError, InvalidFieldError, UnauthenticatedError
from certsvc.registry.port import APIClient, Registry

SCOPES: Final = ("issue", "endorse", "verify", "read")


class Clients:
    """Adds and recognises API clients; a key is shown once and kept only as a keyed hash."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        """Take the registry that keeps them."""
        self._registry = registry
        self._clock = clock

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
        """
        if not api_key or len(api_key) > 100 or not api_key.isascii():
            raise UnauthenticatedError
        with self._registry.reading() as session:
            client = session.find_client(api_key)
        if client is None:
            raise UnauthenticatedError
        if scope not in client.scopes:
            raise ForbiddenError
        return client
