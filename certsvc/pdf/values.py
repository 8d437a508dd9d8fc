"""Simple values as they stand in a PDF, and outlines as drawing operators."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from zlib import MAX_WBITS, compress

from isal import isal_zlib

OPERATORS: Final = {"M": "m", "L": "l", "C": "c", "Z": "h"}
_ZLIB_HEAD: Final = b"\x78\x01"
_PLAIN_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def text_string(text: str) -> bytes:
    """Write *text* as the digits of a hexadecimal UTF-16BE string: all of Unicode, nothing to escape."""
    return b"FEFF%b" % text.encode("utf-16-be").hex().upper().encode("ascii")


def date(moment: str) -> bytes:
    """Write an RFC 3339 instant in UTC, whole seconds, ending in Z. ValueError when it is none."""
    if not _PLAIN_DATE.fullmatch(moment):
        raise ValueError(f"no instant in UTC: {moment}")
    return b"D:" + moment.translate(str.maketrans("", "", "-:T")).encode("ascii")


def date_of(moment: datetime) -> bytes:
    """Write an aware instant in UTC; parts of a second are dropped."""
    return b"D:%bZ" % moment.astimezone(UTC).strftime("%Y%m%d%H%M%S").encode("ascii")


def deflate(content: bytes, *, once: bool = False) -> bytes:
    """Deflate *content*, with what zlib puts around it.

    Args:
        content: any bytes.
        once: packed one time for many documents, so that size counts and time does not.
    """
    return zlib_of(content, raw_deflate(content, once=once))


def raw_deflate(content: bytes, *, once: bool = False) -> bytes:
    """Deflate *content*, with nothing around it, as a ZIP file holds it too."""
    return compress(content, 9, -MAX_WBITS) if once else isal_zlib.compress(content, 1, -MAX_WBITS)


def zlib_of(content: bytes, deflated: bytes) -> bytes:
    """Put around a raw deflate stream of *content* what a PDF wants."""
    return b"%b%b%b" % (_ZLIB_HEAD, deflated, isal_zlib.adler32(content).to_bytes(4, "big"))


def number(value: float) -> str:
    """Write a number with three decimals at most."""
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def colour(text: str) -> str:
    """Write ``#RRGGBB`` as three numbers from 0 to 1."""
    return " ".join(number(channel / 255) for channel in bytes.fromhex(text.removeprefix("#")))


def outline_operators(
    segments: Iterable[tuple[str | float, ...]], *, stroke: str | None, fill: str | None, width: float
) -> str:
    """Write one outline in the units it is given in.

    Args:
        segments: ("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y) or ("Z",).
        stroke: colour ``#RRGGBB`` of the line, or None.
        fill: colour of the area, or None.
        width: of the line.
    """
    parts = []
    if stroke is not None:
        parts.append(f"{colour(stroke)} RG {number(width)} w")
    if fill is not None:
        parts.append(f"{colour(fill)} rg")
    for verb, *points in segments:
        parts.append(" ".join([*(number(float(point)) for point in points), OPERATORS[str(verb)]]))
    paint = {(True, True): "B", (True, False): "S", (False, True): "f", (False, False): "n"}
    parts.append(paint[stroke is not None, fill is not None])
    return " ".join(parts)
