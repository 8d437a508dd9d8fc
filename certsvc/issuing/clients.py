"""API clients: who may call, with which scopes."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Literal

from certsvc.domain.clock import Clock
from certsvc.errors import (
    Fault,
    ForbiddenError,
    InvalidFieldError,
    NotFoundError,
    RecordDamagedError,
    UnauthenticatedError,
    UnavailableError,
)
from certsvc.issuing import client_certificate
from certsvc.issuing.client_certificate import ClientCertificate
from certsvc.registry.port import APIClient, Registry

SCOPES: Final = ("issue", "endorse", "verify", "read")
KNOWN_FOR: Final = timedelta(hours=1)
"""How long a key that was recognised stays known while the register is away."""
_REMEMBERED: Final = 10_000
"""Keys a process keeps in mind; the one recognised longest ago goes first."""
TakesCertificates = Literal["off", "optional", "required"]


class Clients:
    """Adds and recognises API clients; a key is shown once and kept only as a keyed hash."""

    def __init__(self, registry: Registry, clock: Clock, certificates: TakesCertificates = "off") -> None:
        """Take the registry that keeps them, and whether this server is told of *certificates*."""
        self._registry = registry
        self._certificates = certificates
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[APIClient, datetime]] = OrderedDict()
        self._lock = Lock()

    def add(
        self, name: str, scopes: Collection[str], certificate: ClientCertificate | None = None
    ) -> tuple[APIClient, str]:
        """Add a client, whose key counts together with *certificate* only where one is given.

        Returns:
            The client and its API key, which cannot be shown again.

        Raises:
            InvalidFieldError: a scope is unknown, or there is none.
        """
        if not scopes or not set(scopes) <= set(SCOPES):
            known = ", ".join(SCOPES)
            raise InvalidFieldError(Fault("/scopes", f"请从以下权限中选择: {known}", f"choose from: {known}"))
        api_key = _new_key()
        with self._registry.writing() as session:
            now = self._clock.now()
            client = session.add_client(name, frozenset(scopes), api_key, now)
            if certificate is not None:
                session.bind_certificate(client.client_id, certificate.sha256, now)
                client = replace(client, certificates=frozenset({certificate.sha256}))
            return client, api_key

    def everybody(self) -> Sequence[APIClient]:
        """List the clients, those added first first."""
        with self._registry.reading() as session:
            return session.clients()

    def rekey(self, who: str) -> tuple[APIClient, str]:
        """Give the client *who*, its name or id, a new API key; the old one is refused at once.

        Only while the register is away a process that recognised the old one within the hour still knows it.

        Returns:
            The client and its new key, which cannot be shown again.

        Raises:
            NotFoundError: nobody is called so.
            InvalidFieldError: several are.
        """
        api_key = _new_key()
        with self._registry.writing() as session:
            client = _named(session.clients(), who)
            session.change_api_key(client.client_id, api_key)
        return client, api_key

    def bind(self, who: str, certificate: ClientCertificate) -> tuple[APIClient, bool]:
        """Bind a certificate to the client *who*, its name or id; False when it was bound already.

        Raises:
            NotFoundError: nobody is called so.
            InvalidFieldError: several are.
        """
        with self._registry.writing() as session:
            client = _named(session.clients(), who)
            return client, session.bind_certificate(client.client_id, certificate.sha256, self._clock.now())

    def unbind(self, who: str, sha256: str) -> tuple[APIClient, bool]:
        """Take a certificate from the client *who*; False when it was not bound. Raises as bind() does."""
        with self._registry.writing() as session:
            client = _named(session.clients(), who)
            return client, session.unbind_certificate(client.client_id, sha256)

    def authenticate(
        self, api_key: str | None, scope: str, certificate: ClientCertificate | None = None
    ) -> APIClient:
        """Return the client of *api_key* when it may do *scope*.

        Args:
            api_key: what the caller sent.
            scope: what it wants to do.
            certificate: what it showed to a proxy we believe.

        Raises:
            UnauthenticatedError: no key, one nobody was given, or not together with a certificate of its own.
            ForbiddenError: the scope is missing.
            UnavailableError: the register is away, and this process did not recognise the key lately.
        """
        if not api_key or len(api_key) > 100 or not api_key.isascii():
            raise UnauthenticatedError
        client = self._recognise(api_key)
        if client is None:
            raise UnauthenticatedError
        self._check_certificate(client, certificate)
        if scope not in client.scopes:
            raise ForbiddenError
        return client

    def _check_certificate(self, client: APIClient, shown: ClientCertificate | None) -> None:
        """Refuse a client whose key is not enough; also where this server was not told to ask.

        Of several servers one that was forgotten would otherwise open to a stolen key alone.
        """
        if not client.certificates and self._certificates != "required":
            return
        if shown is None:
            asked = self._certificates != "off"
            fault = client_certificate.MISSING if asked else client_certificate.NOT_TAKEN
        elif shown.sha256 not in client.certificates:
            fault = client_certificate.NOT_BOUND
        elif not shown.is_valid(self._clock.now()):
            fault = client_certificate.OUT_OF_TIME
        else:
            return
        raise UnauthenticatedError(fault.en, fault)

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


def _new_key() -> str:
    return f"cs_{secrets.token_urlsafe(32)}"


def _named(clients: Sequence[APIClient], who: str) -> APIClient:
    found = [one for one in clients if who in {one.client_id, one.name}]
    if not found:
        raise NotFoundError
    if len(found) > 1:
        ids = ", ".join(one.client_id for one in found)
        raise InvalidFieldError(
            Fault(
                "/client",
                f"有多个同名调用方, 请改用编号: {ids}",
                f"several have this name; take an id: {ids}",
            )
        )
    return found[0]
