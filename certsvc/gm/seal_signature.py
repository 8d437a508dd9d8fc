"""Signatures made with an electronic seal: SES_Signature version 4 of GB/T 38540."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from certsvc.gm import der
from certsvc.gm.certificate import SM2_WITH_SM3
from certsvc.gm.seal import EXTENSION, VERSION

_VERSION: Final = der.integer(VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSignature:
    """A signature as read. Nobody has checked it, nor looked into the seal and the certificate."""

    signed: bytes
    """What the signer signed: toSign, DER exactly as read."""
    seal_der: bytes
    at: datetime
    """When it was sealed, as the signer says."""
    digest: bytes
    """dataHash: of the file that lists what is sealed."""
    property_info: str
    """Where that file lies in its package."""
    certificate: bytes
    """The signer's, DER."""
    signature: bytes
    """DER, over *signed*."""
    has_extensions: bool
    """It carries what we never write: signed extDatas, or a time stamp that the signature does not cover."""


def make_seal_signature(
    *,
    seal: bytes,
    certificate: bytes,
    at: datetime,
    digest: bytes,
    property_info: str,
    sign: Callable[[bytes], bytes],
) -> bytes:
    """Make a signature, DER.

    Args:
        seal: SESeal, DER; taken over unread.
        certificate: the signer's, DER; taken over unread.
        at: instant of sealing; parts of a second are dropped.
        digest: SM3 of the file that lists what is sealed.
        property_info: ASCII path of that file.
        sign: returns the signer's DER signature with SM2 and SM3.
    """
    signed = der.sequence(
        _VERSION, seal, der.generalized_time(at), der.bit_string(digest), der.ia5_string(property_info)
    )
    return der.sequence(signed, der.octet_string(certificate), SM2_WITH_SM3, der.bit_string(sign(signed)))


def read_seal_signature(content: bytes) -> SealSignature:
    """Read a signature of version 4, ours or another's.

    Raises:
        ValueError: anything else, also one made with another algorithm than SM2 and SM3.
    """
    frame = der.Reader(content)
    whole = frame.sequence()
    frame.finish()
    signed = whole.element(der.SEQUENCE)
    certificate = whole.octet_string()
    whole.expect(SM2_WITH_SM3)
    signature = whole.bit_string()
    stamped = _skip_extension(whole)
    whole.finish()

    part = der.Reader(signed).sequence()
    part.expect(_VERSION)
    seal = part.element(der.SEQUENCE)
    at = part.generalized_time()
    digest = part.bit_string()
    property_info = part.ia5_string()
    extended = _skip_extension(part)
    part.finish()
    return SealSignature(
        signed=signed,
        seal_der=seal,
        at=at,
        digest=digest,
        property_info=property_info,
        certificate=certificate,
        signature=signature,
        has_extensions=stamped or extended,
    )


def _skip_extension(part: der.Reader) -> bool:
    if part.peek() != EXTENSION:
        return False
    part.content(EXTENSION)
    return True
