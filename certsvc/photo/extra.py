"""Bytes of a picture file that are no picture: EXIF, comments, profiles, and what was hung on behind."""

from __future__ import annotations

import struct
from typing import Final

from certsvc.photo.jpeg import without_metadata

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PICTURE_CHUNKS: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"pHYs"}
)
"""Chunks of a PNG that say how it looks (W3C PNG, third edition, 11); the rest says who, where and when."""


def extra_bytes(content: bytes) -> int:
    """Return how many bytes of a JPEG or PNG are no part of the picture; 0 for what is neither."""
    if content.startswith(_PNG):
        return _extra_in_png(content)
    return len(content) - len(without_metadata(content)[0]) if content.startswith(b"\xff\xd8\xff") else 0


def _extra_in_png(content: bytes) -> int:
    extra, at = 0, len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name = content[at + 4 : at + 8]
        if name not in _PICTURE_CHUNKS:
            extra += 12 + length
        at += 12 + length
        if name == b"IEND":
            break
    return min(extra, len(content)) + max(0, len(content) - at)
