"""The certificates of a time-stamping authority: what they may do, and whether they lead to a pinned root."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

_LONGEST_CHAIN: Final = 5
_LEAST_RSA_BITS: Final = 2048
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA: Final = frozenset(
    bytes.fromhex(oid)
    for oid in (
        "300d06092a864886f70d0101010500",
        "300d06092a864886f70d01010b0500",
        "300d06092a864886f70d01010c0500",
        "300d06092a864886f70d01010d0500",
    )
)
"""rsaEncryption, and RSA with SHA-256, SHA-384 and SHA-512; the digest is named beside it in any case."""
_ECDSA: Final = frozenset(
    bytes.fromhex(oid)
    for oid in ("300a06082a8648ce3d040302", "300a06082a8648ce3d040303", "300a06082a8648ce3d040304")
)


@lru_cache(maxsize=64)
def parsed(certificate: bytes) -> x509.Certificate:
    """Read a DER certificate and its key and extensions once. ValueError when one of them cannot be read."""
    try:
        found = x509.load_der_x509_certificate(certificate)
        found.public_key()
        _ = found.extensions
    except (
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
    ) as fault:
        raise ValueError(f"a certificate cannot be read: {fault}") from fault
    return found


def holds(certificate: bytes, algorithm: bytes, digest_name: str, signature: bytes, message: bytes) -> bool:
    """Tell whether *signature* over *message* is by the key of this certificate.

    Args:
        certificate: DER.
        algorithm: AlgorithmIdentifier of the signature, DER: RSASSA-PKCS1-v1_5 or ECDSA.
        digest_name: ``sha256``, ``sha384`` or ``sha512``.
        signature: as it stands in the SignerInfo.
        message: what was signed.
    """
    key, digest = parsed(certificate).public_key(), _HASHES[digest_name]
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm in _RSA and key.key_size >= _LEAST_RSA_BITS:
            key.verify(signature, message, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm in _ECDSA:
            key.verify(signature, message, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def check_purpose(certificate: bytes) -> None:
    """Refuse a certificate that is not for time stamping alone, said so critically (RFC 3161 section 2.3).

    Raises:
        ValueError: it is not.
    """
    try:
        usage = parsed(certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise ValueError("the authority's certificate is not for time stamping") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the authority's certificate is not for time stamping alone")


def chain_of(
    signer: bytes, carried: Sequence[bytes], roots: Sequence[bytes], at: datetime
) -> tuple[tuple[bytes, ...], bytes | None]:
    """Follow a certificate up to a root.

    Args:
        signer: DER.
        carried: DER, what came with it; a root among them counts for nothing.
        roots: DER, those that are pinned.
        at: instant at which all of them must be valid.

    Returns:
        The chain, the signer first, without the root, and the root. With no root pinned it is the signer
        alone, and None.

    Raises:
        ValueError: it leads to none of the pinned roots, or not validly.
    """
    _check_validity(parsed(signer), at)
    if not roots:
        return (signer,), None
    if signer in roots:
        return (signer,), signer
    chain = [signer]
    above = [one for one in (*roots, *carried) if one != signer]
    while len(chain) < _LONGEST_CHAIN:
        issuer = next((one for one in above if one not in chain and issued(one, chain[-1])), None)
        if issuer is None:
            break
        _check_validity(parsed(issuer), at)
        if issuer in roots:
            return tuple(chain), issuer
        chain.append(issuer)
    raise ValueError("the authority's certificate leads to no pinned root")


def read_roots(pem: bytes) -> tuple[bytes, ...]:
    """Return the certificates of a PEM file, DER. ValueError when it holds none or something else."""
    return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(pem))


def _check_validity(certificate: x509.Certificate, at: datetime) -> None:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise ValueError("a certificate of the authority was not valid at the instant it states")


@lru_cache(maxsize=256)
def issued(issuer: bytes, subject: bytes) -> bool:
    """Tell whether *issuer* is a CA and signed *subject*."""
    try:
        above = parsed(issuer)
        basic = above.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = above.extensions.get_extension_for_class(x509.KeyUsage).value
        if not basic.ca or not usage.key_cert_sign:
            return False
        parsed(subject).verify_directly_issued_by(above)
    except (ValueError, TypeError, x509.ExtensionNotFound, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
