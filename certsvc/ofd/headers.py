"""The headers of a plain ZIP, and what ours say in them: nothing of the machine or the day."""

from __future__ import annotations

from struct import Struct
from typing import Final

LOCAL: Final = Struct("<4s5H3I2H")
CENTRAL: Final = Struct("<4s6H3I5H2I")
END: Final = Struct("<4s4H2IH")
LOCAL_MAGIC: Final = b"PK\x03\x04"
CENTRAL_MAGIC: Final = b"PK\x01\x02"
END_MAGIC: Final = b"PK\x05\x06"
VERSION: Final = 20
"""ZIP 2.0: deflate and folders, nothing later."""
TIME: Final = 0
DATE: Final = 1 << 5 | 1
"""1 January 1980, the first day DOS knows: equal parts make equal bytes on any day."""
_ROW_HEAD: Final = CENTRAL_MAGIC + VERSION.to_bytes(2, "little")
_ROW_TAIL: Final = bytes(10)
"""No comment, one disk, no attributes."""


def local_head(name: str, *, method: int, crc: int, packed_size: int, size: int) -> bytes:
    """Return what stands before a part's packed bytes: its local header and its name, which is ASCII."""
    written = name.encode("ascii")
    return (
        LOCAL.pack(LOCAL_MAGIC, VERSION, 0, method, TIME, DATE, crc, packed_size, size, len(written), 0)
        + written
    )


def row_of(head: bytes) -> tuple[bytes, bytes]:
    """Return the part's row in the directory as it stands before and behind the four bytes of its place."""
    return b"%b%b%b" % (_ROW_HEAD, head[4 : LOCAL.size], _ROW_TAIL), head[LOCAL.size :]


def directory_of(rows: list[tuple[bytes, bytes]], places: list[int]) -> bytes:
    """Return the directory with its end, which follows the last part at the last of *places*.

    Args:
        rows: of each part, as row_of() returns them.
        places: where each begins, and where the last one ends.
    """
    shown: list[bytes] = []
    for (before, behind), place in zip(rows, places, strict=False):
        shown += before, place.to_bytes(4, "little"), behind
    directory = b"".join(shown)
    count = len(rows)
    return directory + END.pack(END_MAGIC, 0, 0, count, count, len(directory), places[-1], 0)
