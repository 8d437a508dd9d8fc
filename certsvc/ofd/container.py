"""Parts to bytes: a plain ZIP that every reader opens and that says nothing of the machine that made it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from certsvc.errors import DefectError
from certsvc.ofd.headers import CENTRAL, DATE, END, TIME, VERSION, directory_of
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import BrokenOFDError, Part

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
    if sum([len(part.content) for part in parts]) > MAX_UNPACKED:
        raise DefectError("the parts are too large")
    _check(tuple([part.name for part in parts]))
    body: list[bytes] = []
    places = [0]
    for part in parts:
        body += part.head, part.packed
        places.append(places[-1] + len(part.head) + len(part.packed))
    return b"".join((*body, directory_of([part.row for part in parts], places)))


@lru_cache(maxsize=64)  # the names of most documents are the same
def _check(names: tuple[str, ...]) -> None:
    if not names or names[0] != OFD:
        raise DefectError("OFD.xml is not the first part")
    if len({name.casefold() for name in names}) != len(names):
        raise DefectError("two parts share one name")
    if not all(plain_name(name) for name in names):
        raise DefectError("a part's name is not plain")
    if len(names) > MAX_ENTRIES:
        raise DefectError("too many parts")


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
