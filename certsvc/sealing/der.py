"""DER for hostile bytes: strict reading, and writing the one way there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MAX_ELEMENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class TLV:
    """One DER element."""

    tag: int
    whole: bytes
    body: bytes


def elements(der: bytes) -> list[TLV]:
    """Split *der* into its top-level elements. ValueError unless it is strict DER without a rest."""
    found: list[TLV] = []
    at = 0
    while at < len(der):
        if len(found) == _MAX_ELEMENTS:
            raise ValueError("too many elements")
        if at + 2 > len(der) or der[at] & 0x1F == 0x1F:
            raise ValueError("no DER element")
        size, start = der[at + 1], at + 2
        if size >= 0x80:
            count = size & 0x7F
            raw = der[start : start + count]
            if not 1 <= count <= 4 or len(raw) < count or raw[0] == 0:
                raise ValueError("length is not DER")
            size, start = int.from_bytes(raw, "big"), start + count
            if size < 0x80:
                raise ValueError("length is not the shortest")
        end = start + size
        if end > len(der):
            raise ValueError("element is cut")
        found.append(TLV(der[at], der[at:end], der[start:end]))
        at = end
    return found


def first_element(der: bytes) -> bytes:
    """Return the first whole element of *der*, whatever follows it. ValueError when there is none."""
    if len(der) < 2:
        raise ValueError("no DER element")
    size, start = der[1], 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or len(der) < 2 + count:
            raise ValueError("length is not DER")
        size, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    if start + size > len(der):
        raise ValueError("element is cut")
    return der[: start + size]


def inside(element: TLV, tag: int, least: int = 0) -> list[TLV]:
    """Return the children of *element*, which must have *tag* and at least *least* children."""
    if element.tag != tag:
        raise ValueError(f"tag {element.tag:#x} where {tag:#x} belongs")
    children = elements(element.body)
    if len(children) < least:
        raise ValueError("too few elements")
    return children


def tlv(tag: int, *parts: bytes) -> bytes:
    """Write one element."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(raw))) + raw + body
