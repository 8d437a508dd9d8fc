"""What a JPEG holds besides its pixels: taken out, so that no decoder has to trust it and nobody reads it."""

from __future__ import annotations

import re
import struct
from typing import Final

_KEPT: Final = {0xE0: (b"JFIF\x00", b"\x00\x00"), 0xEE: (b"Adobe", b"")}
"""Segments that say how the colours are stored: marker -> name, and what their twelve bytes end with.

A longer one has a small picture or something else behind them, which is not kept.
"""
_APPLICATION: Final = range(0xE0, 0xF0)
_COMMENT: Final = 0xFE
_SCAN: Final = 0xDA
_END: Final = 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers that have no segment."""
_MARKER: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_EXIF: Final = b"Exif\x00\x00"
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3


def without_metadata(content: bytes) -> tuple[bytes, int]:
    """Return the picture of a JPEG alone, and the EXIF orientation it had (1 to 8).

    EXIF, profiles and comments go, also those between scans, and whatever is hung on behind the end: cameras
    put a second picture there, with its own EXIF. Source: ITU-T T.81 annex B. From the first thing that is
    no segment on, nothing is touched: the decoder judges it.
    """
    kept = [content[:2]]
    orientation, scanned = 1, False
    at = 2
    # A marker may have any number of fill bytes before it (B.1.1.2).
    while (found := _MARKER.match(content, at)) is not None:
        marker, begin = found[1][0], found.end()
        if marker == _END:
            return b"".join((*kept, b"\xff\xd9")), orientation
        if marker in _ALONE:
            at = begin
            continue
        end = begin + int.from_bytes(content[begin : begin + 2], "big")
        if marker < 0xC0 or end < begin + 2 or end > len(content):
            break
        body = content[begin + 2 : end]
        if marker in _KEPT:
            name, ending = _KEPT[marker]
            if body.startswith(name) and len(body) >= 12:
                body = body[:12] + ending
                kept += [bytes((0xFF, marker)), (len(body) + 2).to_bytes(2, "big"), body]
        elif marker not in _APPLICATION and marker != _COMMENT:
            kept += [bytes((0xFF, marker)), content[begin:end]]
        elif marker == 0xE1 and body.startswith(_EXIF) and not scanned:
            orientation = orientation_in(body[len(_EXIF) :])
        at = end
        if marker == _SCAN:
            scanned = True
            after = _AFTER_SCAN.search(content, at)
            at = len(content) if after is None else after.start()
            kept.append(content[end:at])
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
