"""Bringing in a real key: a certificate issued to us, and its private key in a file or in hardware."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.key_choice import succeeded
from certsvc.sealing.keystore import ISSUING
from certsvc.sealing.pairs import read_key
from certsvc.sealing.pki import ED25519, IN_HSM, RSA_SIZES, SERVICE_ALGORITHMS, SERVICES, Use
from certsvc.sealing.port import HSM
from certsvc.sealing.trust import TrustedKey, read_certificate, read_trust, write_trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """What a CA and the operator give us."""

    certificate: Path
    """PEM."""
    key: Path | None = None
    """PKCS#8 PEM, readable by its owner only; it is copied into the key folder."""
    hsm_label: str | None = None
    """Label of the private key in the PKCS#11 token."""


def rotate_real_key(
    folder: Path, name: str, successor: Successor, *, now: datetime, at: datetime | None, hsm: HSM | None
) -> TrustedKey:
    """Let a real key follow those before it; the trust list changes last and at once.

    Args:
        folder: a key folder.
        name: ``p256``, ``rsa2048``, ``rsa3072``, ``offline``, ``receipt``, ``trust`` or ``log``.
        successor: the new key.
        now: the present instant.
        at: when it takes over; None for now.
        hsm: where the key is, unless it is in a file.

    Raises:
        KeyMaterialError: certificate and key do not belong together or are not for *name*, the certificate
            has ended, does not stand under issuing.pem, or is in the list already.
        HSMUnavailableError: the token does not answer.
    """
    der = read_certificate(successor.certificate)
    certificate = x509.load_der_x509_certificate(der)
    use = next((one for one in SERVICES if one == name), None)
    algorithm = name if use is None else SERVICE_ALGORITHMS[use]
    _check(certificate, algorithm, "seal" if use is None else use, now, folder)
    key_id = f"{name}-{hashlib.sha256(der).hexdigest()[:12]}"
    line = TrustedKey(
        key_id=key_id,
        algorithm=algorithm,
        use="seal" if use is None else use,
        certificate=f"{key_id}.pem",
        hsm_label=successor.hsm_label,
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
    )
    secret = _check_private(line, certificate, successor, hsm)
    with files.locked_folder(folder):
        keys = read_trust(folder)
        if any(key.key_id == key_id for key in keys):
            raise KeyMaterialError(f"{key_id} is in the trust list already; nothing was changed")
        before = {key.key_id for key in keys if (key.use, key.algorithm) == (line.use, algorithm)}
        # Named after its certificate: what a crash left is what is written now.
        if secret is not None:
            files.replace(folder / f"{key_id}.key.pem", secret)
        files.replace(folder / line.certificate, certificate.public_bytes(Encoding.PEM))
        changed = succeeded(keys, before, line, now=now, at=at)
        write_trust(folder, changed)
    return changed[-1]


def _check(certificate: x509.Certificate, algorithm: str, use: Use, now: datetime, folder: Path) -> None:
    if _algorithm_of(certificate) != algorithm:
        raise KeyMaterialError(
            f"the certificate is for {_algorithm_of(certificate)}, not {algorithm}; ask for another"
        )
    if certificate.not_valid_after_utc <= now:
        raise KeyMaterialError(f"the certificate ended at {certificate.not_valid_after_utc}; ask for another")
    if use != "seal":
        return
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        fit = usage.digital_signature and usage.content_commitment
    except x509.ExtensionNotFound:
        fit = False
    if not fit:
        raise KeyMaterialError(
            "the certificate lacks the key usages digitalSignature and contentCommitment; ask for another"
        )
    issuing = x509.load_der_x509_certificate(read_certificate(folder / f"{ISSUING}.pem"))
    try:
        certificate.verify_directly_issued_by(issuing)
    except (ValueError, TypeError, InvalidSignature) as fault:
        raise KeyMaterialError(
            f"the certificate was not issued by {ISSUING}.pem; put its CA there, or bring another"
        ) from fault


def _algorithm_of(certificate: x509.Certificate) -> str:
    public = certificate.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return "p256"
    if isinstance(public, rsa.RSAPublicKey):
        return next((name for name, bits in RSA_SIZES.items() if bits == public.key_size), "another RSA size")
    return ED25519 if isinstance(public, ed25519.Ed25519PublicKey) else "another kind of key"


def _check_private(
    line: TrustedKey, certificate: x509.Certificate, successor: Successor, hsm: HSM | None
) -> bytes | None:
    """Refuse a private key that is not the certificate's; returns the file's content, None for hardware."""
    if (successor.key is None) == (successor.hsm_label is None):
        raise KeyMaterialError("name the private key: a file, or its label in the PKCS#11 token")
    if successor.key is not None:
        read_key(successor.key, line.algorithm, certificate)
        return files.read_private(successor.key, "a private key")
    if hsm is None:
        raise KeyMaterialError("no PKCS#11 token is set; set CERTSVC_PKCS11_MODULE and CERTSVC_PKCS11_TOKEN")
    if line.algorithm not in IN_HSM:
        raise KeyMaterialError(f"a key for {line.use} cannot be in a PKCS#11 token in this version")
    assert successor.hsm_label is not None
    hsm.signer(
        successor.hsm_label,
        key_id=line.key_id,
        certificate=certificate.public_bytes(Encoding.DER),
        chain=(),
        algorithm=line.algorithm,
    )
    return None
