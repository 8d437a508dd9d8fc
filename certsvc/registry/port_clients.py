"""API clients and the certificates bound to them; part of the port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class APIClient:
    """Somebody who calls the API."""

    client_id: str
    name: str
    scopes: frozenset[str]
    """Of issue, endorse, verify, read."""
    certificates: frozenset[str] = frozenset()
    """SHA-256 (hex, of the DER) of each certificate bound to it; the key alone is not enough while any is."""


class ClientReading(Protocol):
    """Look-ups."""

    def find_client(self, api_key: str) -> APIClient | None:
        """Find a client by its API key (looked up by keyed hash)."""

    def clients(self) -> Sequence[APIClient]:
        """List every client, those added first first."""


class ClientWriting(ClientReading, Protocol):
    """Changes."""

    def add_client(self, name: str, scopes: frozenset[str], api_key: str, at: datetime) -> APIClient:
        """Add an API client; only a keyed hash of the key is stored."""

    def bind_certificate(self, client_id: str, sha256: str, at: datetime) -> bool:
        """Bind a certificate to a client; False when it is bound already."""

    def unbind_certificate(self, client_id: str, sha256: str) -> bool:
        """Take a certificate from a client; False when it was not bound."""

    def change_api_key(self, client_id: str, api_key: str) -> None:
        """Give a client another key; the one before is nobody's from the commit on."""
