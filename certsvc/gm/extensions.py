"""The four extensions of a certificate that count here: what its key may do, and which key signed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from certsvc.gm import der

_BASIC_CONSTRAINTS: Final = "2.5.29.19"
_KEY_USAGE: Final = "2.5.29.15"
_KEY_ID: Final = "2.5.29.14"
_ISSUER_KEY_ID: Final = "2.5.29.35"

_USAGES: Final = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
"""In the order of their bits. Source: RFC 5280, 4.2.1.3."""
_TRUE: Final = b"\x01\x01\xff"
_BOOLEAN: Final = 0x01
_ISSUER_KEY: Final = 0x80
_ISSUER_NAMES: Final = 0xA1
_ISSUER_SERIAL: Final = 0x82
_LONGEST_PATH: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What the extensions say; what is missing has the value that its absence means."""

    is_ca: bool = False
    path_length: int | None = None
    usages: frozenset[str] = frozenset()
    key_id: bytes = b""
    issuer_key_id: bytes = b""


def write_extensions(extensions: Extensions) -> bytes:
    """Return all four as a SEQUENCE, DER; constraints and usage are critical. There is at least one usage."""
    path = b"" if extensions.path_length is None else der.integer(extensions.path_length)
    constraints = der.sequence(_TRUE if extensions.is_ca else b"", path)
    issuer = der.element(_ISSUER_KEY, extensions.issuer_key_id) if extensions.issuer_key_id else b""
    return der.sequence(
        _extension(_BASIC_CONSTRAINTS, constraints, critical=True),
        _extension(_KEY_USAGE, _usage_bits(extensions.usages), critical=True),
        _extension(_KEY_ID, der.octet_string(extensions.key_id), critical=False),
        _extension(_ISSUER_KEY_ID, der.sequence(issuer), critical=False),
    )


def read_extensions(content: bytes) -> Extensions:
    """Read a SEQUENCE of extensions, DER.

    Raises:
        ValueError: it is none, one comes twice, one of the four is malformed, or another one is critical.
    """
    frame = der.Reader(content)
    listed = frame.sequence()
    frame.finish()
    values: dict[str, bytes] = {}
    while listed.peek() >= 0:
        extension = listed.sequence()
        kind = extension.object_identifier()
        critical = extension.peek() == _BOOLEAN
        if critical:
            extension.expect(_TRUE)
        if kind in values:
            raise ValueError("an extension that comes twice")
        values[kind] = extension.octet_string()
        extension.finish()
        if critical and kind not in (_BASIC_CONSTRAINTS, _KEY_USAGE, _KEY_ID, _ISSUER_KEY_ID):
            raise ValueError("a critical extension that nobody here understands")
    is_ca, path_length = _read_constraints(values.get(_BASIC_CONSTRAINTS))
    return Extensions(
        is_ca=is_ca,
        path_length=path_length,
        usages=_read_usages(values.get(_KEY_USAGE)),
        key_id=_read_key_id(values.get(_KEY_ID)),
        issuer_key_id=_read_issuer_key_id(values.get(_ISSUER_KEY_ID)),
    )


def _extension(kind: str, value: bytes, *, critical: bool) -> bytes:
    return der.sequence(der.object_identifier(kind), _TRUE if critical else b"", der.octet_string(value))


def _usage_bits(usages: Iterable[str]) -> bytes:
    places = [_USAGES.index(usage) for usage in usages]
    count = max(places) + 1
    unused = -count % 8
    bits = sum(1 << count - 1 - place for place in places) << unused
    return der.element(der.BIT_STRING, bytes((unused,)) + bits.to_bytes((count + unused) // 8, "big"))


def _read_constraints(value: bytes | None) -> tuple[bool, int | None]:
    if value is None:
        return False, None
    frame = der.Reader(value)
    part = frame.sequence()
    frame.finish()
    is_ca = part.peek() == _BOOLEAN
    if is_ca:
        part.expect(_TRUE)
    path_length = part.integer() if is_ca and part.peek() == der.INTEGER else None
    part.finish()
    if path_length is not None and path_length > _LONGEST_PATH:
        raise ValueError("a path longer than any")
    return is_ca, path_length


def _read_usages(value: bytes | None) -> frozenset[str]:
    if value is None:
        return frozenset()
    frame = der.Reader(value)
    content = frame.content(der.BIT_STRING)
    frame.finish()
    if not content or content[0] > 7:
        raise ValueError("a bit string that says nothing of its end")
    count = 8 * (len(content) - 1) - content[0]
    bits = int.from_bytes(content[1:], "big")
    # DER leaves out the zeros at the end: the last bit that stands there is set, and nothing after it.
    if count > len(_USAGES) or bits & -bits != 1 << content[0]:
        raise ValueError("a key usage with bits that mean nothing")
    bits >>= content[0]
    return frozenset(usage for place, usage in enumerate(_USAGES[:count]) if bits >> count - 1 - place & 1)


def _read_key_id(value: bytes | None) -> bytes:
    if value is None:
        return b""
    frame = der.Reader(value)
    key_id = frame.octet_string()
    frame.finish()
    return key_id


def _read_issuer_key_id(value: bytes | None) -> bytes:
    if value is None:
        return b""
    frame = der.Reader(value)
    part = frame.sequence()
    frame.finish()
    key_id = part.content(_ISSUER_KEY) if part.peek() == _ISSUER_KEY else b""
    for tag in (_ISSUER_NAMES, _ISSUER_SERIAL):
        if part.peek() == tag:
            part.content(tag)
    part.finish()
    return key_id
