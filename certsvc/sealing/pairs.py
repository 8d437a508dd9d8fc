"""Certificates and their private keys as pairs of files: all but those for SM2."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.pki import ED25519, RSA_SIZES, CertificatePlan, PrivateKey, make_certificate, make_key
from certsvc.sealing.trust import read_certificate

Pair = tuple[x509.Certificate, PrivateKey]
"""A certificate and the private key of its subject."""


def ensure_pair(folder: Path, plan: CertificatePlan, stem: str, since: datetime, issuer: Pair | None) -> Pair:
    """Return certificate and key of one part of the PKI; make what is missing, the key always first.

    Args:
        folder: a key folder whose lock the caller holds.
        plan: what the certificate says.
        stem: names the files ``<stem>.pem`` and ``<stem>.key.pem``.
        since: a certificate made now is valid from then on.
        issuer: None makes the certificate self-signed.

    Raises:
        KeyMaterialError: a file is there but not usable, or the two do not belong together.
    """
    certificate_path, key_path = folder / f"{stem}.pem", folder / f"{stem}.key.pem"
    if certificate_path.exists():
        certificate = x509.load_der_x509_certificate(read_certificate(certificate_path))
        return certificate, read_key(key_path, plan.algorithm, certificate)
    if not key_path.exists():
        made = make_key(plan.algorithm)
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files.write_new(key_path, pem)
    key = read_key(key_path, plan.algorithm, None)
    above, above_key = issuer or (None, key)
    certificate = make_certificate(
        plan, key.public_key(), issuer=above, issuer_key=above_key, not_before=since
    )
    files.write_new(certificate_path, certificate.public_bytes(Encoding.PEM))
    return certificate, key


def read_key(path: Path, algorithm: str, certificate: x509.Certificate | None) -> PrivateKey:
    """Read a private key of *algorithm*.

    Raises:
        KeyMaterialError: it is missing, damaged, readable by others, of another algorithm, or not the one of
            *certificate*.
    """
    pem = files.read_private(path, "a private key")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise KeyMaterialError(f"{path} holds no usable private key; restore it from your backup") from fault
    found: PrivateKey | None = None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        found = key if algorithm == "p256" else None
    elif isinstance(key, rsa.RSAPrivateKey):
        found = key if key.key_size == RSA_SIZES.get(algorithm) else None
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        found = key if algorithm == ED25519 else None
    if found is None:
        raise KeyMaterialError(f"{path} is not a {algorithm} key; restore the right one from your backup")
    if certificate is not None and certificate.public_key() != found.public_key():
        raise KeyMaterialError(f"{path} does not belong to its certificate; restore both from one backup")
    return found
