"""The one CMS shape our PDF seals have: built here and read back here, byte for byte.

RFC 5652 SignedData, detached, one SignerInfo, SHA-256, DER throughout. Signed attributes are those of
PAdES-B-B (ETSI EN 319 142-1): content-type, message-digest, signing-certificate-v2; the claimed time
stands in the PDF's /M. The signing-certificate-v2 attribute names every certificate the container carries,
the signer first, so nothing in the container can be exchanged without breaking the signature or the shape.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certsvc.sealing.der import elements, inside, tlv

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_CONTEXT_0: Final = 0xA0
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_DIGEST_SIZE: Final = 32
_USUAL_SIZE: Final = {"ecdsa": 71, "rsa": 256}
"""Bytes of a signature."""
_LARGEST_SIGNATURE: Final = 1024
_LONGEST_ECDSA: Final = 72
"""Bytes of a DER P-256 signature, at most."""
_ANY_DIGEST: Final = hashlib.sha256(b"certsvc").digest()
"""Holds the place of a digest in what is written once for all documents."""

_OID_DATA: Final = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_OID_CONTENT_TYPE: Final = bytes.fromhex("06092a864886f70d010903")
_OID_MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
_OID_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("060b2a864886f70d010910022f")
_SHA256: Final = bytes.fromhex("300b0609608648016503040201")
_SIGNATURE_ALGORITHMS: Final = {
    "ecdsa": bytes.fromhex("300a06082a8648ce3d040302"),
    "rsa": bytes.fromhex("300d06092a864886f70d01010b0500"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealCMS:
    """What one container of our shape says."""

    certificates: tuple[bytes, ...]
    """DER, the signer first, then the CAs, without the root."""
    digest: bytes
    """SHA-256 of the covered bytes."""
    family: str
    """``ecdsa`` or ``rsa``."""
    signature: bytes
    """DER ECDSA with the smaller s, or RSASSA-PKCS1-v1_5."""

    @property
    def signed_bytes(self) -> bytes:
        """The DER set of attributes the signature is over."""
        return signed_attributes(self.certificates, self.digest)


_READ_BEFORE: Final[deque[tuple[tuple[bytes, ...], str]]] = deque(maxlen=8)
"""Certificates and family of containers read before. Whoever fills it with his own only makes it useless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateNames:
    """The parts of a certificate a look-alike copies, each as DER."""

    issuer: bytes
    subject: bytes
    serial: bytes
    public_key: bytes


@lru_cache(maxsize=64)
def certificate_names(certificate: bytes) -> CertificateNames:
    """Read names, serial and key of a DER certificate. ValueError when it is none."""
    whole = elements(certificate)
    if len(whole) != 1:
        raise ValueError("not one certificate")
    to_be_signed = inside(inside(whole[0], _SEQUENCE, 3)[0], _SEQUENCE, 7)
    return CertificateNames(
        serial=to_be_signed[1].whole,
        issuer=to_be_signed[3].whole,
        subject=to_be_signed[5].whole,
        public_key=to_be_signed[6].whole,
    )


@lru_cache(maxsize=64)
def key_identifier(certificate: bytes) -> bytes:
    """Return the subject key identifier of one of our certificates; empty when it has none."""
    extensions = x509.load_der_x509_certificate(certificate).extensions
    try:
        return extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""


def signed_attributes(certificates: Sequence[bytes], digest: bytes) -> bytes:
    """Return the DER set of attributes to sign for a document with this SHA-256 *digest*."""
    before, after = _attributes_around(tuple(certificates))
    return b"%b%b%b" % (before, digest, after)


def build_cms(certificates: Sequence[bytes], digest: bytes, family: str, signature: bytes) -> bytes:
    """Put the container together.

    Args:
        certificates: DER, the signer first, then the CAs up to but without the root.
        digest: SHA-256 of the covered bytes, 32 bytes.
        family: ``ecdsa`` or ``rsa``.
        signature: over ``signed_attributes(certificates, digest)``.
    """
    before, between = _container_around(tuple(certificates), family, len(signature))
    if len(digest) != _DIGEST_SIZE:
        raise ValueError("not a SHA-256")
    return b"%b%b%b%b" % (before, digest, between, signature)


def largest_container(certificates: Sequence[bytes]) -> int:
    """Return how many bytes a container by the key of the first of *certificates* takes at most."""
    key = _public_key(certificates[0])
    if isinstance(key, rsa.RSAPublicKey):
        before, between = _container_around(tuple(certificates), "rsa", key.key_size // 8)
        return len(before) + _DIGEST_SIZE + len(between) + key.key_size // 8
    before, between = _container_around(tuple(certificates), "ecdsa", _LONGEST_ECDSA)
    return len(before) + _DIGEST_SIZE + len(between) + _LONGEST_ECDSA


def read_cms(der: bytes) -> SealCMS:
    """Read a container of exactly our shape. ValueError for everything else, however slightly other.

    The parts are taken out and the container is built anew from them; only an equal result is accepted, so
    there is one container for one set of parts and no place left for an attacker's bytes. One whose
    certificates were read before is held against what such containers have in common first.
    """
    for certificates, family in tuple(_READ_BEFORE):
        seal = _read_again(der, certificates, family)
        if seal is not None:
            return seal
    seal = _read_anew(der)
    if (seal.certificates, seal.family) not in _READ_BEFORE:
        _READ_BEFORE.append((seal.certificates, seal.family))
    return seal


def _read_again(der: bytes, certificates: tuple[bytes, ...], family: str) -> SealCMS | None:
    """Read a container with these certificates; None for any other, and for any fault."""
    # How much stands around the signature depends on its size only where a length takes one byte more.
    before, between = _container_around(certificates, family, _USUAL_SIZE[family])
    size = len(der) - len(before) - _DIGEST_SIZE - len(between)
    if not 0 < size < _LARGEST_SIGNATURE:
        return None
    before, between = _container_around(certificates, family, size)
    middle = len(before) + _DIGEST_SIZE
    signature = der[middle + len(between) :]
    if not der.startswith(before) or not der.startswith(between, middle) or len(signature) != size:
        return None
    if family == "ecdsa" and not _is_smaller(signature):
        return None
    return SealCMS(
        certificates=certificates, digest=der[len(before) : middle], family=family, signature=signature
    )


def _is_smaller(signature: bytes) -> bool:
    try:
        return smaller_s(signature) == signature
    except ValueError:
        return False


def _read_anew(der: bytes) -> SealCMS:
    whole = elements(der)
    if len(whole) != 1:
        raise ValueError("bytes after the container")
    content = inside(inside(whole[0], _SEQUENCE, 2)[1], _CONTEXT_0, 1)[0]
    signed_data = inside(content, _SEQUENCE, 5)
    carried = {hashlib.sha256(c.whole).digest(): c.whole for c in inside(signed_data[3], _CONTEXT_0, 1)}
    signer_info = inside(inside(signed_data[4], _SET, 1)[0], _SEQUENCE, 6)
    attributes = {
        kind.whole: values
        for kind, values in (inside(a, _SEQUENCE, 2)[:2] for a in inside(signer_info[3], _CONTEXT_0, 3))
    }
    family = next((f for f, oid in _SIGNATURE_ALGORITHMS.items() if oid == signer_info[4].whole), None)
    if family is None or not {_OID_MESSAGE_DIGEST, _OID_SIGNING_CERTIFICATE_V2} <= attributes.keys():
        raise ValueError("not our attributes or algorithm")
    named = inside(inside(attributes[_OID_SIGNING_CERTIFICATE_V2], _SET, 1)[0], _SEQUENCE, 1)[0]
    hashes = [inside(identifier, _SEQUENCE, 1)[0].body for identifier in inside(named, _SEQUENCE, 1)]
    if not set(hashes) <= carried.keys():
        raise ValueError("a named certificate is missing")
    seal = SealCMS(
        certificates=tuple(carried[h] for h in hashes),
        digest=inside(attributes[_OID_MESSAGE_DIGEST], _SET, 1)[0].body,
        family=family,
        signature=signer_info[5].body,
    )
    if build_cms(seal.certificates, seal.digest, seal.family, seal.signature) != der:
        raise ValueError("not byte for byte our shape")
    if family == "ecdsa" and smaller_s(seal.signature) != seal.signature:
        raise ValueError("the twin of an ECDSA signature")
    return seal


def smaller_s(signature: bytes) -> bytes:
    """Return the DER P-256 signature with the smaller of its two s values; (r, s) and (r, n - s) both verify.

    Taking one of them leaves one valid file for one act of sealing. ValueError when it is not DER ECDSA.
    """
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, _P256_ORDER - s))


def verifies(certificate: bytes, family: str, signature: bytes, message: bytes) -> bool:
    """Tell whether *signature* over *message* is by the key of this DER certificate, one of ours."""
    key = _public_key(certificate)
    try:
        if family == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        elif family == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(certificate: bytes) -> object:
    return x509.load_der_x509_certificate(certificate).public_key()


@lru_cache(maxsize=64)
def _attributes_around(certificates: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Return the set of attributes before and after the digest, which is all that varies in it."""
    content_type, signing_certificate = _constant_attributes(certificates)
    message_digest = tlv(_SEQUENCE, _OID_MESSAGE_DIGEST, tlv(_SET, tlv(_OCTETS, _ANY_DIGEST)))
    # A digest is the last of what decides their order: the lengths differ.
    written = tlv(_SET, *sorted((content_type, message_digest, signing_certificate)))
    before, after = written.split(_ANY_DIGEST)
    return before, after


@lru_cache(maxsize=256)
def _container_around(certificates: tuple[bytes, ...], family: str, size: int) -> tuple[bytes, bytes]:
    """Return a container before the digest, and between it and a signature of *size* bytes, its end."""
    before, after = _frame(certificates, family)
    attributes = _ANY_DIGEST.join(_attributes_around(certificates))
    signature = tlv(_OCTETS, bytes(size))
    # In the container they stand with an implicit tag.
    signer_info = tlv(_SEQUENCE, before, bytes((_CONTEXT_0,)), attributes[1:], after, signature)
    signed_data = tlv(_SEQUENCE, _head(certificates), tlv(_SET, signer_info))
    whole = tlv(_SEQUENCE, SIGNED_DATA, tlv(_CONTEXT_0, signed_data))
    front, _, back = whole.rpartition(_ANY_DIGEST)
    return front, back[: len(back) - size]


@lru_cache(maxsize=64)
def _constant_attributes(certificates: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    content_type = tlv(_SEQUENCE, _OID_CONTENT_TYPE, tlv(_SET, _OID_DATA))
    identifiers = (tlv(_SEQUENCE, tlv(_OCTETS, hashlib.sha256(c).digest())) for c in certificates)
    named = tlv(_SEQUENCE, tlv(_SEQUENCE, *identifiers))
    return content_type, tlv(_SEQUENCE, _OID_SIGNING_CERTIFICATE_V2, tlv(_SET, named))


@lru_cache(maxsize=64)
def _head(certificates: tuple[bytes, ...]) -> bytes:
    """Return everything of SignedData before the signer infos."""
    return b"".join(
        (
            tlv(_INTEGER, b"\x01"),
            tlv(_SET, _SHA256),
            tlv(_SEQUENCE, _OID_DATA),
            tlv(_CONTEXT_0, *sorted(certificates)),
        )
    )


@lru_cache(maxsize=64)
def _frame(certificates: tuple[bytes, ...], family: str) -> tuple[bytes, bytes]:
    """Return the parts of the SignerInfo before and after its attributes."""
    names = certificate_names(certificates[0])
    signer_id = tlv(_SEQUENCE, names.issuer, names.serial)
    return tlv(_INTEGER, b"\x01") + signer_id + _SHA256, _SIGNATURE_ALGORITHMS[family]
