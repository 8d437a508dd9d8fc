"""What stands in a JPEG before its pixels: taken out, so that no decoder has to trust it."""

from __future__ import annotations

import struct
from typing import Final

_KEPT: Final = frozenset({0xE0, 0xEE})
"""JFIF and Adobe: both say how the colours are stored."""
_APPLICATION: Final = range(0xE0, 0xF0)
_COMMENT: Final = 0xFE
_SCAN: Final = 0xDA
_EXIF: Final = b"Exif\x00\x00"
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3


def without_metadata(content: bytes) -> tuple[bytes, int]:
    """Return a JPEG without EXIF, profiles and comments, and the EXIF orientation it had (1 to 8).

    Source: ITU-T T.81 annex B. From the first thing that is no segment on, nothing is touched: the decoder
    judges it.
    """
    kept = [content[:2]]
    orientation = 1
    at = 2
    while content[at : at + 1] == b"\xff" and at + 4 <= len(content):
        marker = content[at + 1]
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _SCAN or marker < 0xC0 or marker == 0xFF or end > len(content):
            break
        segment = content[at:end]
        if segment[4:10] == _EXIF and marker == 0xE1:
            orientation = orientation_in(segment[10:])
        if marker in _KEPT or (marker not in _APPLICATION and marker != _COMMENT):
            kept.append(segment)
        at = end
    return b"".join((*kept, content[at:])), orientation


def orientation_in(exif: bytes) -> int:
    """Return the orientation an EXIF block (TIFF bytes) states; 1, upright, when it is absent or damaged."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
