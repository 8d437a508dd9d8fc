"""Revocation lists that go into a lasting file: proof that no certificate in it was revoked when it was made.

They are files the operator keeps fresh: nothing here fetches one. A list counts when its issuer signed it and
it is in force; a certificate it names is refused. Source: RFC 5280, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.errors import KeyMaterialError, TimestampUnavailableError
from certsvc.sealing.tsa_chain import parsed

LARGEST_LIST: Final = 99_999
"""Bytes of one list: it goes into every file."""
_PEM: Final = b"-----BEGIN X509 CRL-----"


def read_lists(folder: Path) -> tuple[bytes, ...]:
    """Return the ``*.crl`` files of a folder, DER or PEM, as DER.

    Raises:
        KeyMaterialError: one of them cannot be read.
    """
    try:
        return tuple(_der(path.read_bytes()) for path in sorted(folder.glob("*.crl")))
    except (OSError, ValueError) as fault:
        raise KeyMaterialError(f"a revocation list in {folder} cannot be read: {fault}") from fault


def lists_for(chain: Sequence[bytes], lists: Sequence[bytes], now: datetime) -> tuple[bytes, ...]:
    """Choose the list that clears each certificate of a chain.

    Args:
        chain: DER, the signer first and the root last, which needs no list.
        lists: DER.
        now: instant at which the lists must be in force.

    Returns:
        One list for each certificate but the root, the newest there is.

    Raises:
        TimestampUnavailableError: a certificate has no list that is in force.
        KeyMaterialError: a certificate is revoked.
    """
    chosen: list[bytes] = []
    for certificate, issuer in pairwise(chain):
        fit = [one for one in lists if signed_by(one, issuer) and _in_force(one, now)]
        if not fit:
            name = parsed(issuer).subject.rfc4514_string()
            raise TimestampUnavailableError(f"no revocation list of {name} is in force; bring a fresh one")
        newest = max(fit, key=lambda one: _read(one).last_update_utc)
        if _read(newest).get_revoked_certificate_by_serial_number(parsed(certificate).serial_number):
            name = parsed(certificate).subject.rfc4514_string()
            raise KeyMaterialError(f"the certificate {name} is revoked")
        chosen.append(newest)
    return tuple(chosen)


@lru_cache(maxsize=256)
def signed_by(crl: bytes, issuer: bytes) -> bool:
    """Tell whether a list, DER, is by the CA of this certificate, DER."""
    try:
        found, key = _read(crl), parsed(issuer).public_key()
        if found.issuer != parsed(issuer).subject:
            return False
        return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and found.is_signature_valid(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _in_force(crl: bytes, now: datetime) -> bool:
    found = _read(crl)
    return found.next_update_utc is not None and found.last_update_utc <= now < found.next_update_utc


@lru_cache(maxsize=64)
def _read(crl: bytes) -> x509.CertificateRevocationList:
    if len(crl) > LARGEST_LIST:
        raise ValueError(f"a revocation list of {len(crl)} bytes; {LARGEST_LIST} are allowed")
    found = x509.load_der_x509_crl(crl)
    if found.public_bytes(Encoding.DER) != crl:
        raise ValueError("a revocation list is not DER, or something follows it")
    return found


def _der(content: bytes) -> bytes:
    if _PEM in content:
        content = x509.load_pem_x509_crl(content).public_bytes(Encoding.DER)
    _read(content)
    return content
