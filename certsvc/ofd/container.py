"""Parts to bytes: a plain ZIP that every reader opens and that says nothing of the machine that made it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Final

from certsvc.errors import DefectError
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import BrokenOFDError, Part

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
_SAID: Final = (VERSION, VERSION, 0, TIME, DATE, 0, 0)
"""Made by, needed, flags, time, date, attributes inside and outside: of each of our entries."""
_STEP: Final = r'(?!\.{1,2}(?:/|$))[^\0-\x1f\x7f-\U0010ffff\\/:*?"<>|]+'
_PLAIN: Final = re.compile(f"{_STEP}(?:/{_STEP})*")
"""ASCII steps between slashes: none empty or a dot or two, no character that some file system forbids."""
MAX_ENTRIES: Final = 500
MAX_UNPACKED: Final = 64 << 20
"""Bytes of all contents together."""
MAX_RATIO: Final = 100
RATIO_FROM: Final = 1 << 16
"""A file that unpacks to less may be packed as tightly as it likes: a blank font table, a short list."""


def write_container(parts: Sequence[Part]) -> bytes:
    """Lay *parts* down one after the other, in the order given.

    Raises:
        DefectError: OFD.xml is not first, a name comes twice or is not plain, or there is too much; our own
            reader would refuse the file.
    """
    _check(parts)
    body: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for part in parts:
        name = part.name.encode("ascii")
        sizes = (part.crc, len(part.packed), len(part.content), len(name))
        body += (
            LOCAL.pack(LOCAL_MAGIC, VERSION, 0, part.method, TIME, DATE, *sizes, 0),
            name,
            part.packed,
        )
        directory += (
            CENTRAL.pack(
                CENTRAL_MAGIC, VERSION, VERSION, 0, part.method, TIME, DATE, *sizes, 0, 0, 0, 0, 0, offset
            ),
            name,
        )
        offset += LOCAL.size + len(name) + len(part.packed)
    size = sum(map(len, directory))
    end = END.pack(END_MAGIC, 0, 0, len(parts), len(parts), size, offset, 0)
    return b"".join((*body, *directory, end))


def _check(parts: Sequence[Part]) -> None:
    names = [part.name for part in parts]
    if not names or names[0] != OFD:
        raise DefectError("OFD.xml is not the first part")
    if len({name.casefold() for name in names}) != len(names):
        raise DefectError("two parts share one name")
    if not all(plain_name(name) for name in names):
        raise DefectError("a part's name is not plain")
    if len(parts) > MAX_ENTRIES or sum(len(part.content) for part in parts) > MAX_UNPACKED:
        raise DefectError("too many parts, or too large ones")


@lru_cache(maxsize=256)  # of our own files the names are always the same few
def plain_name(name: str) -> bool:
    """Tell whether *name* means the same file to every reader on every system."""
    return _PLAIN.fullmatch(name) is not None


def check_plain(data: bytes) -> None:
    """Check that a container which read_container() takes also carries nothing but what we write into one.

    Raises:
        BrokenOFDError: CONTAINER_BROKEN: an entry has another date, system, attribute or flag. Programs show
            the same files whatever stands there, so an honest stranger's may; ours say nothing.
    """
    *_, size, directory_at, _ = END.unpack_from(data, len(data) - END.size)
    at = directory_at
    while at < directory_at + size:
        _, *said, name_size, _, _, _, internal, external, _ = CENTRAL.unpack_from(data, at)
        if (*said[:3], *said[4:6], internal, external) != _SAID:
            raise BrokenOFDError("CONTAINER_BROKEN", "an entry says more than ours do")
        at += CENTRAL.size + name_size
