"""A time-stamping authority of our own, its tokens and its revocation lists.

What it signs is judged by openssl and pyHanko elsewhere; here it only has to be what RFC 3161 says, or one
point away from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certsvc.sealing.cms import certificate_names
from certsvc.sealing.der import elements, inside, tlv

POLICY: Final = "1.2.3.4.5"
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_TST_INFO: Final = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("060b2a864886f70d010910022f")
_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")
_SHA512_OID: Final = bytes.fromhex("0609608648016503040203")
_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_POLICY: Final = bytes.fromhex("06042a030405")
_OTHER_POLICY: Final = bytes.fromhex("06042a030406")
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A root, a CA under it, and a certificate for time stamping."""

    root: x509.Certificate
    issuing: x509.Certificate
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    root_key: ec.EllipticCurvePrivateKey
    issuing_key: ec.EllipticCurvePrivateKey

    @property
    def root_der(self) -> bytes:
        """What is pinned."""
        return self.root.public_bytes(Encoding.DER)

    @property
    def root_pem(self) -> bytes:
        """The same for programs and settings."""
        return self.root.public_bytes(Encoding.PEM)

    def token(self, digest: bytes, at: datetime, *, nonce: bytes = b"", twist: str = "") -> bytes:
        """Make a token; *nonce* is the whole INTEGER of the request; *twist* names what is wrong with it."""
        if twist == "wrong imprint":
            digest = hashlib.sha256(digest).digest()
        if twist == "wrong nonce":
            nonce = tlv(0x02, b"\x01")
        instant = at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
        content = tlv(
            0x30,
            b"\x02\x01\x01",
            _OTHER_POLICY if twist == "other policy" else _POLICY,
            tlv(0x30, _SHA256, tlv(0x04, digest)),
            tlv(0x02, b"\x07"),
            tlv(0x18, instant),
            nonce,
            tlv(0xA1, tlv(0x30)) if twist == "extensions" else b"",
        )
        certificate = self.certificate.public_bytes(Encoding.DER)
        named = hashlib.sha256(self.root_der if twist == "names another" else certificate).digest()
        attributes = (
            tlv(0x30, _CONTENT_TYPE, tlv(0x31, _TST_INFO)),
            tlv(0x30, _MESSAGE_DIGEST, tlv(0x31, tlv(0x04, hashlib.sha256(content).digest()))),
            tlv(0x30, _SIGNING_CERTIFICATE_V2, tlv(0x31, tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, named)))))),
        )
        if twist == "names none":
            attributes = (*attributes[:2], tlv(0x30, _SHA512_OID, tlv(0x31, b"\x05\x00")))
        signed = tlv(0x31, *sorted(attributes))
        signature = self.key.sign(
            signed + (b"!" if twist == "bad signature" else b""), ec.ECDSA(hashes.SHA256())
        )
        if twist == "changed content":
            content = content.replace(instant, at.replace(year=2030).strftime("%Y%m%d%H%M%SZ").encode())
        names = certificate_names(certificate)
        info = tlv(
            0x30,
            b"\x02\x01\x01",
            tlv(0x30, names.issuer, names.serial),
            _SHA256,
            b"\xa0" + signed[1:],
            _ECDSA_SHA256,
            tlv(0x04, signature),
        )
        carried = [certificate, self.issuing.public_bytes(Encoding.DER)]
        if twist == "no certificates":
            carried = carried[1:]
        if twist == "large":
            carried += [_filler(size).public_bytes(Encoding.DER) for size in range(8)]
        data = tlv(
            0x30,
            b"\x02\x01\x03",
            tlv(0x31, _SHA256),
            tlv(0x30, _TST_INFO, tlv(0xA0, tlv(0x04, content))),
            tlv(0xA0, *sorted(carried)),
            tlv(0x31, *[info] * (2 if twist == "two signers" else 1)),
        )
        return tlv(0x30, _SIGNED_DATA, tlv(0xA0, data)) + (b"\0" if twist == "tail" else b"")

    def answer(self, request: bytes, at: datetime, twist: str = "") -> bytes:
        """Answer a TimeStampReq."""
        _, imprint, *rest = inside(elements(request)[0], 0x30, 3)
        digest = inside(imprint, 0x30, 2)[1].body
        nonce = next(part.whole for part in rest if part.tag == 0x02)
        if twist == "refused":
            return tlv(0x30, tlv(0x30, b"\x02\x01\x02"))
        return tlv(0x30, tlv(0x30, b"\x02\x01\x00"), self.token(digest, at, nonce=nonce, twist=twist))


@cache
def an_authority(
    name: str = "TSA",
    *,
    purpose: str = "stamping",
    until: datetime = LATEST,
    issuing_until: datetime = LATEST,
    is_ca: bool = True,
) -> Authority:
    """Make an authority; *purpose* is ``stamping``, ``uncritical``, ``more``, ``other`` or ``none``."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    root = _certificate(f"{name} root", keys[0], None, keys[0], ca=True)
    issuing = _certificate(f"{name} CA", keys[1], root, keys[0], ca=is_ca, until=issuing_until)
    uses = {
        "stamping": [ExtendedKeyUsageOID.TIME_STAMPING],
        "uncritical": [ExtendedKeyUsageOID.TIME_STAMPING],
        "more": [ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING],
        "other": [ExtendedKeyUsageOID.CODE_SIGNING],
        "none": [],
    }[purpose]
    own = _certificate(
        f"{name} unit", keys[2], issuing, keys[1], uses=uses, critical=purpose != "uncritical", until=until
    )
    return Authority(
        root=root, issuing=issuing, certificate=own, key=keys[2], root_key=keys[0], issuing_key=keys[1]
    )


def with_same_names(authority: Authority) -> Authority:
    """Another authority that bears every name of *authority*, but for its keys."""
    name = authority.root.subject.rfc4514_string().removeprefix("CN=").removesuffix(" root")
    other = an_authority.__wrapped__(name)
    return replace(other)


def a_list(
    issuer: x509.Certificate,
    key: PrivateKeyTypes,
    at: datetime,
    *,
    revoked: Sequence[x509.Certificate] = (),
    days: int = 7,
) -> bytes:
    """Make a revocation list, DER, issued a day before *at*."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(at - timedelta(days=1))
        .next_update(at + timedelta(days=days - 1))
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(at - timedelta(days=2)).build())
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def lists_of(keys: Path, authority: Authority, at: datetime) -> list[bytes]:
    """Make the lists of every CA: of the test PKI in *keys*, and of *authority*."""
    lists = [
        a_list(authority.root, authority.root_key, at),
        a_list(authority.issuing, authority.issuing_key, at),
    ]
    for stem in ("root", "issuing"):
        certificate = x509.load_pem_x509_certificate((keys / f"{stem}.pem").read_bytes())
        key = load_pem_private_key((keys / f"{stem}.key.pem").read_bytes(), None)
        lists.append(a_list(certificate, key, at))
    return lists


@cache
def _filler(number: int) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    return _certificate(f"{number}" * 60, key, None, key, filling=1_000)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool = False,
    uses: list[x509.ObjectIdentifier] | None = None,
    critical: bool = True,
    until: datetime = LATEST,
    filling: int = 0,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(EARLIEST)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=not ca,
                key_cert_sign=ca,
                crl_sign=ca,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=critical)
    if filling:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(filling)), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256())
