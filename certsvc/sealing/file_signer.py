"""A private key that lies in the key folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certsvc.sealing.pairs import read_key
from certsvc.sealing.pki import PrivateKey
from certsvc.sealing.trust import TrustedKey, read_certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A signer whose private key was read from a file."""

    key_id: str
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    private_key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA, or RSASSA-PKCS1-v1_5; an Ed25519 key by itself, 64 bytes."""
        if isinstance(self.private_key, ec.EllipticCurvePrivateKey):
            return self.private_key.sign(message, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            return self.private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.private_key.sign(message)


def load_file_signer(folder: Path, key: TrustedKey, chain: Sequence[bytes]) -> FileSigner:
    """Load one key of the trust list.

    Raises:
        KeyMaterialError: the private key is missing, damaged, readable by others, or another certificate's.
    """
    certificate = read_certificate(folder / key.certificate)
    path = folder / f"{Path(key.certificate).stem}.key.pem"
    return FileSigner(
        key_id=key.key_id,
        certificate=certificate,
        chain=tuple(chain),
        algorithm=key.algorithm,
        private_key=read_key(path, key.algorithm, x509.load_der_x509_certificate(certificate)),
    )
