"""What is sent to a time-stamping authority and what comes back: TimeStampReq, TimeStampResp (RFC 3161)."""

from __future__ import annotations

from typing import Final

from certsvc.sealing.der import elements, inside, tlv
from certsvc.sealing.tokens import TokenError

_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")
_GRANTED: Final = (0, 1)


def request_of(digest: bytes, nonce: int, policy: str | None = None) -> bytes:
    """Return a TimeStampReq, DER, for a SHA-256 *digest*, that asks for the certificates too."""
    imprint = tlv(0x30, _SHA256, tlv(0x04, digest))
    wanted = _oid(policy) if policy is not None else b""
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    return tlv(0x30, b"\x02\x01\x01", imprint, wanted, tlv(0x02, number), b"\x01\x01\xff")


def token_of(response: bytes) -> bytes:
    """Return the token in an authority's answer (TimeStampResp, DER).

    Raises:
        TokenError: it is no answer, or the authority refused.
    """
    try:
        whole = elements(response)
        parts = inside(whole[0], _SEQUENCE, 1) if len(whole) == 1 else []
        status = inside(parts[0], _SEQUENCE, 1)[0] if parts else None
        if status is None or status.tag != _INTEGER:
            raise TokenError("the answer is no time-stamp response")
        if int.from_bytes(status.body, "big") not in _GRANTED or len(parts) != 2:
            raise TokenError(f"the authority refused: status {status.body.hex()}")
    except TokenError:
        raise
    except ValueError as fault:
        raise TokenError(f"the answer is not DER: {fault}") from fault
    return parts[1].whole


def response_of(token: bytes) -> bytes:
    """Return a token as the answer programs expect in a ``.tsr`` file: granted, and the token."""
    return tlv(_SEQUENCE, tlv(_SEQUENCE, tlv(_INTEGER, b"\0")), token)


def is_policy(text: str) -> bool:
    """Tell whether *text* is a dotted object identifier."""
    parts = text.split(".")
    if not all(part.isascii() and part.isdecimal() and len(part) <= 10 for part in parts):
        return False
    return len(parts) > 2 and int(parts[0]) <= 2 and (int(parts[1]) < 40 or parts[0] == "2")


def _oid(dotted: str) -> bytes:
    top, second, *rest = map(int, dotted.split("."))
    return tlv(0x06, b"".join(map(_arc, (40 * top + second, *rest))))


def _arc(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))
