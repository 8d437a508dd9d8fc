"""What sealing offers and needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Signer(Protocol):
    """A private key that may live in a file or in hardware; only its signatures come out."""

    @property
    def key_id(self) -> str:
        """Name in the trust list."""

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Issuing CA and up, without the root, DER."""

    @property
    def algorithm(self) -> str:
        """``p256``, ``rsa2048`` or ``rsa3072``."""

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA, or RSASSA-PKCS1-v1_5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedKey:
    """One document signing key we trust, by the exact certificate."""

    key_id: str
    certificate: bytes
    """DER."""
    valid_from: datetime
    valid_to: datetime
    retired_at: datetime | None = None
    compromised_since: datetime | None = None
    development: bool = False
    """Made by ``keys init --dev``; production refuses it."""
