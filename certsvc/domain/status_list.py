"""Status lists: what a copy checked without us is worth, two bits for each endorsed copy.

A list says only what a reader cannot know from the paper: that a registration ended, rests, or prints
differently now. Days are on the paper, so the end of a specialty or of the time of use is in no list.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from certsvc.domain.record_state import RecordState
from certsvc.domain.report import Check, Result

BITS: Final = 2
LIST_SIZE: Final = 131_072
"""Indexes in one list: 32 KiB before compression."""
_PER_BYTE: Final = 8 // BITS
_MASK: Final = (1 << BITS) - 1


class StatusValue(IntEnum):
    """What a list says of one copy."""

    USABLE = 0
    ENDED = 1
    """Cancelled, revoked, or revoked as a penalty."""
    SUSPENDED = 2
    SUPERSEDED = 3


_BY_STANDING: Final[Mapping[str, StatusValue]] = {
    "REVOKED": StatusValue.ENDED,
    "REVOKED_PENALTY": StatusValue.ENDED,
    "CANCELLED": StatusValue.ENDED,
    "SUSPENDED": StatusValue.SUSPENDED,
}
"""By the code of the finding that tells the registration's standing."""


def value_of(state: RecordState) -> StatusValue:
    """Return what a list says of a copy in this state; of several things the most severe.

    The findings are asked and not the status: an ended specialty is more severe than a change in print, and
    would hide it.
    """
    for finding in state.findings:
        if finding.check is Check.REGISTRY and finding.code in _BY_STANDING:
            return _BY_STANDING[finding.code]
    changed = any(
        finding.check is Check.SUPERSEDED and finding.result is Result.FAIL for finding in state.findings
    )
    return StatusValue.SUPERSEDED if changed else StatusValue.USABLE


def place_of(index: int) -> tuple[int, int]:
    """Return the list that holds *index*, and the place in it."""
    return divmod(index, LIST_SIZE)


def pack(values: Mapping[int, StatusValue], count: int) -> bytes:
    """Write one list down: zlib over two bits for each place, the first in the lowest bits of byte 0.

    Args:
        values: by place in the list; a place without one is usable.
        count: how many places the list speaks of, 0 to LIST_SIZE.
    """
    packed = bytearray(-(-count // _PER_BYTE))
    for place, value in values.items():
        if place >= count:
            raise ValueError("a value lies beyond the end of its list")
        packed[place // _PER_BYTE] |= value << BITS * (place % _PER_BYTE)
    return zlib.compress(packed, 9)


def unpack(data: bytes, count: int) -> bytes:
    """Return the bytes of one list that was written by ``pack``.

    Raises:
        ValueError: it is not whole, or not as long as *count* says.
    """
    if not 0 <= count <= LIST_SIZE:
        raise ValueError(f"a list speaks of 0 to {LIST_SIZE} places")
    size = -(-count // _PER_BYTE)
    reading = zlib.decompressobj()
    try:
        # One byte more than there may be: whatever else it holds is never unpacked.
        packed = reading.decompress(data, size + 1)
    except zlib.error as fault:
        raise ValueError(f"a list does not unpack: {fault}") from fault
    if len(packed) != size or not reading.eof or reading.unused_data:
        raise ValueError("a list is not as long as it says")
    return packed


def value_at(packed: bytes, place: int) -> StatusValue:
    """Return the value at one place of an unpacked list."""
    return StatusValue(packed[place // _PER_BYTE] >> BITS * (place % _PER_BYTE) & _MASK)
