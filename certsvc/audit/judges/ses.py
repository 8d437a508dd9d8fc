"""The seal's structure (GB/T 38540, version 4) as asn1crypto reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import core

from certsvc.audit.judges.broken import JudgeError

_VERSION: Final = 4
SM2_WITH_SM3: Final = "1.2.156.10197.1.501"


class _ToSign(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    _fields = [  # noqa: RUF012  asn1crypto's own form
        ("version", core.Integer),
        ("seal", core.Any),
        ("at", core.GeneralizedTime),
        ("data_hash", core.BitString),
        ("property_info", core.IA5String),
    ]


class _Signed(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    _fields = [  # noqa: RUF012  asn1crypto's own form
        ("to_sign", _ToSign),
        ("certificate", core.OctetString),
        ("algorithm", core.ObjectIdentifier),
        ("signature", core.BitString),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a SignedValue.dat says."""

    to_sign: bytes
    """DER exactly as stored: what the signature is over."""
    seal: bytes
    at: datetime
    data_hash: bytes
    property_info: str
    certificate: bytes
    signature: bytes


def read_signed(content: bytes) -> Signed:
    """Read a SignedValue.dat. JudgeError when it is not one of version 4 with SM2 and SM3."""
    try:
        whole: Any = _Signed.load(content, strict=True)
        part: Any = whole["to_sign"]
        if part["version"].native != _VERSION or whole["algorithm"].dotted != SM2_WITH_SM3:
            raise JudgeError("a seal's signature of another kind")
        return Signed(
            to_sign=bytes(part.dump()),
            seal=bytes(part["seal"].dump()),
            at=part["at"].native,
            data_hash=_octets(part["data_hash"]),
            property_info=str(part["property_info"].native),
            certificate=bytes(whole["certificate"].native),
            signature=_octets(whole["signature"]),
        )
    except JudgeError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise JudgeError("a seal's signature that is not DER of this kind") from error


def _octets(bits: core.BitString) -> bytes:
    content = bytes(bits.contents)
    if content[:1] != b"\0":
        raise JudgeError("a bit string that is not whole bytes")
    return content[1:]
