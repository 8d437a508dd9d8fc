"""RFC 3161 time-stamp tokens: reading, and every check before one is believed.

A token is CMS SignedData around a TSTInfo. It is read as strict DER; the authority is pinned by its root, its
certificate must be for time stamping and nothing else, and must have been valid at the instant it states.
Sources: RFC 3161 sections 2.3 and 2.4, RFC 5816 (ESSCertIDv2), RFC 5652. Whether the authority's certificate
was revoked is not asked: nothing here opens a connection (docs/timestamps.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from certsvc.sealing.cms import SIGNED_DATA, certificate_names
from certsvc.sealing.der import TLV, elements, inside
from certsvc.sealing.tsa_chain import chain_of, check_purpose, holds

LARGEST_TOKEN: Final = 8_000
"""Bytes. With the certificates of its authority one takes 3,000 to 6,500; each file keeps room for one."""

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_CONTEXT_0: Final = 0xA0
_OCTETS: Final = 0x04
_INTEGER: Final = 0x02
_TIME: Final = 0x18
_BOOLEAN: Final = 0x01
_EXTENSIONS: Final = 0xA1
_MOST_CERTIFICATES: Final = 10

_TST_INFO: Final = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE: Final = bytes.fromhex("060b2a864886f70d010910020c")
_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("060b2a864886f70d010910022f")
_SHA256: Final = bytes.fromhex("0609608648016503040201")
_HASHES: Final[Mapping[bytes, str]] = {
    _SHA256: "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
}
"""DER of the object identifier -> name. SHA-1 is not among them."""
_NULL: Final = b"\x05\x00"


class TokenError(ValueError):
    """A token that is not believed; the message says why, in words for operators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that passed every check."""

    der: bytes
    gen_time: datetime
    """When the authority had the digest before it, UTC."""
    policy: str
    """Object identifier, dotted."""
    chain: tuple[bytes, ...]
    """DER: the authority's certificate and those above it, without the root."""
    certificates: tuple[bytes, ...]
    """DER: every one it carries."""
    root: bytes | None
    """The pinned root, DER; None when there was none to hold it against: all else was checked."""

    @property
    def pinned(self) -> bool:
        """Whether it is by somebody we trust."""
        return self.root is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Info:
    """What a TSTInfo says."""

    policy: str
    digest: bytes
    gen_time: datetime
    nonce: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """A token taken apart."""

    content: bytes
    """The TSTInfo, DER."""
    certificates: tuple[bytes, ...]
    issuer: bytes
    serial: bytes
    digest_name: str
    attributes: Mapping[bytes, list[TLV]]
    attributes_der: bytes
    """As they are signed."""
    algorithm: bytes
    """The signature's AlgorithmIdentifier, DER."""
    signature: bytes


def read_token(
    der: bytes,
    *,
    digest: bytes,
    roots: Sequence[bytes],
    nonce: int | None = None,
    policy: str | None = None,
) -> Token:
    """Read a token and check all of it but its instant, which only the caller can judge.

    Args:
        der: any bytes.
        digest: SHA-256 it must be about.
        roots: certificates, DER, one of which its chain must end in; with none it is checked but not pinned.
        nonce: what was sent with the request; None for a token that is kept.
        policy: the one that was asked for, if any.

    Raises:
        TokenError: it is not believed.
    """
    if len(der) > LARGEST_TOKEN:
        raise TokenError(f"a token of {len(der)} bytes; there is room for {LARGEST_TOKEN}")
    try:
        signed = _take_apart(der)
        info = _read_info(signed.content)
        if info.digest != digest:
            raise TokenError("the token is about other bytes")
        if nonce is not None and info.nonce != nonce:
            raise TokenError("the token answers another request")
        if policy is not None and info.policy != policy:
            raise TokenError("the token was issued under another policy")
        _check_attributes(signed)
        signer = _signer_of(signed)
        if not holds(signer, signed.algorithm, signed.digest_name, signed.signature, signed.attributes_der):
            raise TokenError("the token's signature does not hold")
        check_purpose(signer)
        chain, root = chain_of(signer, signed.certificates, roots, info.gen_time)
    except TokenError:
        raise
    except (ValueError, TypeError) as fault:
        raise TokenError(f"the token cannot be read: {fault}") from fault
    return Token(
        der=der,
        gen_time=info.gen_time,
        policy=info.policy,
        chain=chain,
        certificates=signed.certificates,
        root=root,
    )


def _take_apart(der: bytes) -> _Signed:
    whole = elements(der)
    if len(whole) != 1:
        raise TokenError("bytes after the token")
    kind, wrapped = inside(whole[0], _SEQUENCE, 2)
    if kind.whole != SIGNED_DATA:
        raise TokenError("the token is not signed data")
    parts = inside(inside(wrapped, _CONTEXT_0, 1)[0], _SEQUENCE, 4)
    content_kind, content = inside(parts[2], _SEQUENCE, 2)
    if content_kind.whole != _TST_INFO:
        raise TokenError("the token states no time")
    octets = inside(content, _CONTEXT_0, 1)[0]
    carried = [c.whole for p in parts[3:] if p.tag == _CONTEXT_0 for c in inside(p, _CONTEXT_0)]
    signer_infos = inside(parts[-1], _SET, 1)
    if octets.tag != _OCTETS or len(signer_infos) != 1 or len(carried) > _MOST_CERTIFICATES:
        raise TokenError("the token has another shape: one signer, a plain content, few certificates")
    info = inside(signer_infos[0], _SEQUENCE, 6)
    issuer, serial = inside(info[1], _SEQUENCE, 2)
    if info[3].tag != _CONTEXT_0 or info[5].tag != _OCTETS:
        raise TokenError("the token has no signed attributes")
    attributes: dict[bytes, list[TLV]] = {}
    for attribute in inside(info[3], _CONTEXT_0, 3):
        name, values = inside(attribute, _SEQUENCE, 2)
        if name.whole in attributes:
            raise TokenError("an attribute of the token stands twice")
        attributes[name.whole] = inside(values, _SET, 1)
    return _Signed(
        content=octets.body,
        certificates=tuple(carried),
        issuer=issuer.whole,
        serial=serial.whole,
        digest_name=_hash_name(info[2]),
        attributes=attributes,
        attributes_der=bytes((_SET,)) + info[3].whole[1:],
        algorithm=info[4].whole,
        signature=info[5].body,
    )


def _hash_name(algorithm: TLV) -> str:
    name, *parameters = inside(algorithm, _SEQUENCE, 1)
    if name.whole not in _HASHES or [one.whole for one in parameters] not in ([], [_NULL]):
        raise TokenError("a digest this service does not rely on")
    return _HASHES[name.whole]


def _read_info(content: bytes) -> _Info:
    whole = elements(content)
    if len(whole) != 1:
        raise TokenError("bytes after the token's content")
    version, policy, imprint, serial, instant, *rest = inside(whole[0], _SEQUENCE, 5)
    if (version.whole, serial.tag, instant.tag) != (b"\x02\x01\x01", _INTEGER, _TIME):
        raise TokenError("the token's content has another shape")
    algorithm, digest = inside(imprint, _SEQUENCE, 2)
    if _hash_name(algorithm) != "sha256" or digest.tag != _OCTETS:
        raise TokenError("the token is about a digest of another kind")
    if any(one.tag == _EXTENSIONS for one in rest):
        raise TokenError("the token has extensions nobody asked for")
    nonces = [int.from_bytes(one.body, "big", signed=True) for one in rest if one.tag == _INTEGER]
    return _Info(
        policy=_dotted(policy),
        digest=digest.body,
        gen_time=_instant(instant.body),
        nonce=nonces[0] if len(nonces) == 1 else None,
    )


def _check_attributes(signed: _Signed) -> None:
    """Check that the signed attributes are about this content."""
    digest = hashlib.new(signed.digest_name, signed.content).digest()
    kinds = [one.whole for one in signed.attributes.get(_CONTENT_TYPE, [])]
    digests = [one.body for one in signed.attributes.get(_MESSAGE_DIGEST, [])]
    if kinds != [_TST_INFO] or digests != [digest]:
        raise TokenError("the token's signature is over another content")


def _signer_of(signed: _Signed) -> bytes:
    """Return the certificate that the signed attributes and the signer's name both lead to."""
    named = _named_hashes(signed)
    for certificate in signed.certificates:
        names = certificate_names(certificate)
        if (names.issuer, names.serial) == (signed.issuer, signed.serial) and all(
            hashlib.new(name, certificate, usedforsecurity=False).digest() == value for name, value in named
        ):
            return certificate
    raise TokenError("the certificate that the token names is not in it")


def _named_hashes(signed: _Signed) -> list[tuple[str, bytes]]:
    """Return the hashes by which the attributes name the signer: the first identifier of each."""
    found: list[tuple[str, bytes]] = []
    for kind in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2):
        for value in signed.attributes.get(kind, []):
            first = inside(inside(inside(value, _SEQUENCE, 1)[0], _SEQUENCE, 1)[0], _SEQUENCE, 1)
            # The older form knows SHA-1 only: it names a certificate, whose chain is checked by itself.
            name = "sha1" if kind == _SIGNING_CERTIFICATE else "sha256"
            if kind == _SIGNING_CERTIFICATE_V2 and first[0].tag == _SEQUENCE:
                name = _hash_name(first.pop(0))
            found.append((name, first[0].body))
    if not found:
        raise TokenError("the token does not say by which certificate it was signed")
    return found


def _dotted(oid: TLV) -> str:
    if oid.tag != 0x06 or not oid.body:
        raise TokenError("no object identifier where one belongs")
    first, *rest = _arcs(oid.body)
    top = min(first // 40, 2)
    return ".".join(map(str, (top, first - 40 * top, *rest)))


def _arcs(body: bytes) -> list[int]:
    arcs, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    return arcs


def _instant(body: bytes) -> datetime:
    """Read a GeneralizedTime as DER has it: ``20261130193000Z``, with or without a fraction."""
    whole, _, fraction = body.decode("ascii").removesuffix("Z").partition(".")
    if not body.endswith(b"Z") or not whole.isdecimal() or (fraction and not fraction.isdecimal()):
        raise TokenError("the token's instant is not UTC")
    instant = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return instant + timedelta(microseconds=int(fraction[:6].ljust(6, "0"))) if fraction else instant
