"""X.509 certificates with SM2 keys: issuing them, and reading them strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from certsvc.gm import der, pem
from certsvc.gm.extensions import Extensions, read_extensions, write_extensions
from certsvc.gm.keys import KEY_ALGORITHM, KeyProvider
from certsvc.gm.name import COMMON_NAME, first_of, read_name, text_of
from certsvc.gm.sm2 import PublicKey
from certsvc.gm.sm3 import sm3

SM2_WITH_SM3: Final = der.object_identifier("1.2.156.10197.1.501")
"""The signature algorithm, bare as seals name it."""

_ALGORITHM: Final = der.sequence(SM2_WITH_SM3)
_ALGORITHM_WITH_NULL: Final = der.sequence(SM2_WITH_SM3, b"\x05\x00")
"""Some authorities write parameters that say nothing."""
_VERSION: Final = 0xA0
_V3: Final = der.element(_VERSION, der.integer(2))
_EXTENSIONS: Final = 0xA3
_LABEL: Final = "CERTIFICATE"
_KEY_ID_BYTES: Final = 20
_MOST_SERIAL_BYTES: Final = 20
_LAST_UTC_TIME: Final = 2049
_NAMES: Final = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "common_name": NameOID.COMMON_NAME,
}
_AUTHORITY: Final = frozenset({"keyCertSign", "cRLSign"})
_END_ENTITY: Final = frozenset(
    {"digitalSignature", "nonRepudiation"}
)  # validators want both of a document signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A version 3 certificate of an SM2 key, signed with SM2 and SM3; its signature is unchecked."""

    der: bytes
    signed: bytes
    """TBSCertificate, DER exactly as read."""
    signature: bytes
    serial: int
    subject: str
    """As text, RFC 4514."""
    common_name: str
    """The first of the subject; empty when it has none."""
    subject_name: bytes
    """DER exactly as read."""
    issuer_name: bytes
    """DER exactly as read."""
    not_before: datetime
    """First instant of validity, included."""
    not_after: datetime
    """Last instant of validity, included."""
    public_key: PublicKey
    is_ca: bool
    path_length: int | None
    """How many authorities may stand below this one; None: any number, or it is no authority."""
    usages: frozenset[str]
    """``digitalSignature``, ``nonRepudiation``, ``keyCertSign`` …, as X.509 names them."""
    key_id: bytes
    """Subject key identifier; empty when it has none."""
    issuer_key_id: bytes
    """Authority key identifier; empty when it has none."""


def read_certificate(content: bytes) -> Certificate:
    """Read a DER certificate.

    Raises:
        ValueError: anything else than a version 3 certificate of an SM2 key, signed with SM2 and SM3, in
            strict DER, without critical extensions that nobody here understands.
    """
    frame = der.Reader(content)
    whole = frame.sequence()
    frame.finish()
    signed = whole.element(der.SEQUENCE)
    algorithm = whole.element(der.SEQUENCE)
    signature = whole.bit_string()
    whole.finish()
    if algorithm not in (_ALGORITHM, _ALGORITHM_WITH_NULL):
        raise ValueError("a certificate signed with another algorithm than SM2 with SM3")
    part = der.Reader(signed).sequence()
    part.expect(_V3)
    serial = part.integer()
    part.expect(algorithm)
    issuer_name = part.element(der.SEQUENCE)
    validity = part.sequence()
    not_before, not_after = _read_time(validity), _read_time(validity)
    validity.finish()
    subject_name = part.element(der.SEQUENCE)
    key = part.sequence()
    key.expect(KEY_ALGORITHM)
    public_key = PublicKey.from_point(key.bit_string())
    key.finish()
    extensions = read_extensions(part.content(_EXTENSIONS))
    part.finish()
    read_name(issuer_name)
    subject = read_name(subject_name)
    if not 0 < serial < 1 << 8 * _MOST_SERIAL_BYTES:
        raise ValueError("a certificate whose serial number is zero or too long")
    return Certificate(
        der=bytes(content),
        signed=signed,
        signature=signature,
        serial=serial,
        subject=text_of(subject),
        common_name=first_of(subject, COMMON_NAME),
        subject_name=subject_name,
        issuer_name=issuer_name,
        not_before=not_before,
        not_after=not_after,
        public_key=public_key,
        is_ca=extensions.is_ca,
        path_length=extensions.path_length,
        usages=extensions.usages,
        key_id=extensions.key_id,
        issuer_key_id=extensions.issuer_key_id,
    )


def issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Say whether *certificate* bears the name, the key identifier (if any) and the signature of *issuer*.

    The issuer must be an authority. Neither validity in time nor the length of the path is looked at.
    """
    return (
        issuer.is_ca
        and "keyCertSign" in issuer.usages
        and certificate.issuer_name == issuer.subject_name
        and certificate.issuer_key_id in (b"", issuer.key_id)
        and issuer.public_key.verify(certificate.signed, certificate.signature)
    )


def issue_certificate(
    *,
    subject: Mapping[str, str] | x509.Name,
    public: PublicKey,
    issuer: Certificate | None,
    issuer_key: KeyProvider,
    not_before: datetime,
    not_after: datetime,
    path_length: int | None,
) -> bytes:
    """Issue one certificate, DER.

    Args:
        subject: a name, or its parts under country, organization and common_name.
        public: the subject's key.
        issuer: the authority's certificate; None makes a self-signed one.
        issuer_key: signs.
        not_before: first instant of validity, included; whole seconds.
        not_after: last instant of validity, included; whole seconds.
        path_length: for an authority; None makes an end entity that signs documents.

    Raises:
        ValueError: the key is not the issuer's, the validity is empty, or the name has an unknown part.
    """
    if issuer_key.public != (public if issuer is None else issuer.public_key):
        raise ValueError("the key that signs is not the issuer's")
    if not_before >= not_after:
        raise ValueError("a certificate that is never valid")
    name = (subject if isinstance(subject, x509.Name) else _name(subject)).public_bytes()
    key_id = _key_id(public)
    extensions = Extensions(
        is_ca=path_length is not None,
        path_length=path_length,
        usages=_END_ENTITY if path_length is None else _AUTHORITY,
        key_id=key_id,
        issuer_key_id=key_id if issuer is None else issuer.key_id,
    )
    signed = der.sequence(
        _V3,
        der.integer(x509.random_serial_number()),
        _ALGORITHM,
        name if issuer is None else issuer.subject_name,
        der.sequence(_time(not_before), _time(not_after)),
        name,
        der.sequence(KEY_ALGORITHM, der.bit_string(public.point)),
        der.element(_EXTENSIONS, write_extensions(extensions)),
    )
    return der.sequence(signed, _ALGORITHM, der.bit_string(issuer_key.sign(signed)))


def pem_of(content: bytes) -> bytes:
    """Return a DER certificate as PEM."""
    return pem.write_block(_LABEL, content)


def der_of(content: bytes) -> bytes:
    """Return the only certificate of a PEM file as DER, unread. ValueError when there is not exactly one."""
    return pem.read_block(_LABEL, content)


def _name(parts: Mapping[str, str]) -> x509.Name:
    unknown = parts.keys() - _NAMES.keys()
    if unknown:
        raise ValueError(f"unknown parts of a name: {sorted(unknown)}")
    return x509.Name([x509.NameAttribute(_NAMES[part], value) for part, value in parts.items()])


def _key_id(public: PublicKey) -> bytes:
    return sm3(public.point)[:_KEY_ID_BYTES]


def _time(at: datetime) -> bytes:
    """Return an instant as X.509 wants it: two digits of the year as long as they are unmistakable."""
    if at.astimezone(UTC).year > _LAST_UTC_TIME:
        return der.generalized_time(at)
    return der.element(der.UTC_TIME, at.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


def _read_time(validity: der.Reader) -> datetime:
    return validity.utc_time() if validity.peek() == der.UTC_TIME else validity.generalized_time()
