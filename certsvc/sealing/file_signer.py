"""Signers whose private keys lie in the key folder."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

from certsvc.sealing.pki import PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A signer whose private key lies in the key folder."""

    key_id: str
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    private_key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA, or RSASSA-PKCS1-v1_5; with Ed25519: 64 bytes (RFC 8032)."""
        key = self.private_key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(message)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, ec.ECDSA(hashes.SHA256()))
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
