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
        """``p256``, ``rsa2048`` or ``rsa3072``; of the log's key ``ed25519``."""

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA, or RSASSA-PKCS1-v1_5; an Ed25519 key by itself, 64 bytes.

        Raises:
            HSMUnavailableError: the token that holds the key does not answer; nothing was signed.
        """


class HSM(Protocol):
    """Hardware that holds private keys and lets none out (PKCS#11)."""

    def signer(
        self, label: str, *, key_id: str, certificate: bytes, chain: tuple[bytes, ...], algorithm: str
    ) -> Signer:
        """Return the signer of the private key named *label*.

        Raises:
            KeyMaterialError: there is no such key, it is of another kind, or not the certificate's.
            HSMUnavailableError: the token does not answer.
        """

    def public_key(self, label: str) -> bytes:
        """Return the public key that belongs to *label*: SubjectPublicKeyInfo, DER. Errors as ``signer``."""


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


class SealSigner(Protocol):
    """An SM2 key that seals OFD files; the key may live in a file or in hardware."""

    @property
    def key_id(self) -> str:
        """Name in the trust list."""

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER; it stands in the seal's list."""

    @property
    def seal(self) -> bytes:
        """The electronic seal (SESeal, GB/T 38540), DER, signed by its maker."""

    def sign(self, message: bytes) -> bytes:
        """Sign with SM2 and SM3 under the identity ``1234567812345678``: DER SEQUENCE of r and s.

        It is verified before it is returned: one that a fault of the machine spoilt could give the key away.
        """

    def sign_unverified(self, message: bytes) -> bytes:
        """Sign the same; for who verifies it, as it stands in the file, before the file goes anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedSeal:
    """One electronic seal we trust: the exact seal and the exact certificate that may use it."""

    key_id: str
    certificate: bytes
    """The signer's, DER."""
    seal: bytes
    """SESeal, DER."""
    valid_from: datetime
    """Since when both the seal and the certificate are valid."""
    valid_to: datetime
    """Until when both are."""
    retired_at: datetime | None = None
    compromised_since: datetime | None = None
    development: bool = False
    """Made by ``keys init --dev``; production refuses it."""
