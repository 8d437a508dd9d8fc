"""Containers in the one way we write them: what lies in them is found without asking what else it could be.

Such a container is, byte for byte, what write_container() makes of its parts: read_container() takes it too
and sees the same files. A part met before is known by its packed bytes and not unpacked or hashed anew.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from isal import isal_zlib

from certsvc.ofd.container import MAX_ENTRIES, MAX_RATIO, MAX_UNPACKED, RATIO_FROM
from certsvc.ofd.headers import DATE, LOCAL, LOCAL_MAGIC, TIME, VERSION, directory_of, row_of
from certsvc.ofd.names import (
    DOCUMENT,
    DOCUMENT_RES,
    OFD,
    PAGE,
    PUBLIC_RES,
    RES,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
)
from certsvc.ofd.own_page import Found, read_own_page
from certsvc.ofd.parts import DEFLATE, STORED, Part, reference_xml

_SAID: Final = (VERSION, 0, TIME, DATE, 0)
_NAMES: Final = frozenset(
    (
        OFD, DOCUMENT, PUBLIC_RES, DOCUMENT_RES, TEMPLATE, PAGE, SIGNATURES, SIGNATURE, SEAL, SIGNED_VALUE,
    )
)  # fmt: skip
_RESOURCE: Final = re.compile(re.escape(RES) + r"[a-z]{1,16}_[0-9]{1,6}\.(?:ttf|jpg|png)")
_GENERATION: Final = 192
"""Parts. Two generations are kept: what of some copies, made together, comes again when they are sealed."""
_GENERATION_BYTES: Final = 8 << 20
"""Of contents and packed bytes; a generation ends with the part that fills it."""
_LARGEST_KEPT: Final = 1 << 18
"""Bytes of one content."""
_NEVER_AGAIN: Final = frozenset((SIGNATURE, SIGNED_VALUE))
"""Parts of which no two are alike, and that are read once."""
_NOTHING: Final[Mapping[bytes, bytes]] = MappingProxyType({})
_NAME_SIZE_AT: Final = 26
"""Two bytes in a local header."""


class OwnPart:
    """One file of a container."""

    __slots__ = (
        "__weakref__",
        "_digest",
        "_is_page",
        "_line",
        "_made",
        "content",
        "head",
        "name",
        "packed",
        "row",
    )  # fmt: skip

    def __init__(self, head: bytes, content: bytes, packed: bytes, made: Part | None = None) -> None:
        """Take what read_own() found, or what it will find of the part that was *made*."""
        self.head = head
        self.name = head[LOCAL.size :].decode("latin-1")
        self.row = row_of(head)
        self.content = content
        self.packed = packed
        self._made = made
        self._digest = b""
        self._line = ""
        self._is_page: bool | None = None

    @property
    def digest(self) -> bytes:
        """SM3 of the content; of a part met again it is known."""
        if not self._digest:
            made = self._made
            if made is not None and not made.shared:
                # These very bytes were hashed for the seal. A digest that stays for many files is
                # computed here once more: a bit of it that fell over would spoil them all.
                self._digest = made.check_value
            else:
                self._digest = hashlib.new("sm3", self.content).digest()
        return self._digest

    @property
    def line(self) -> str:
        """What Signature.xml says of it."""
        if not self._line:
            self._line = reference_xml(self.name, self.digest)
        return self._line

    @property
    def is_page(self) -> bool:
        """Whether it is a page of ours."""
        if self._is_page is None:
            self._is_page = self.objects() is not None
        return self._is_page

    def objects(
        self, outlines: Sequence[str] = (), known: Mapping[str, Found] | None = None
    ) -> list[Found] | None:
        """Return what is drawn; None when it is no page of ours. Arguments as read_own_page()."""
        return read_own_page(self.content, outlines, known or {})

    def take_as_page(self) -> None:
        """Take it for a page of ours: its outlines were read apart from the rest, and are outlines."""
        self._is_page = True


class _Met:
    """Parts met lately, by header and name. Those that come again and again stay, the others soon go.

    Without a lock: whatever threads do to each other here, a part found is compared with the bytes at hand.
    """

    def __init__(self) -> None:
        self._young: dict[bytes, OwnPart] = {}
        self._old: dict[bytes, OwnPart] = {}
        self._bytes = 0

    def find(self, head: bytes, data: bytes, at: int) -> OwnPart | None:
        """Return the part with that *head* whose packed bytes stand in *data* from *at* on."""
        part = self._young.get(head)
        if part is None:
            part = self._old.get(head)
            if part is None:
                return None
            self.keep(part)
        return part if data.startswith(part.packed, at) else None

    def keep(self, part: OwnPart) -> None:
        """Keep *part* until as many others were met twice over."""
        if len(part.content) > _LARGEST_KEPT or part.name in _NEVER_AGAIN:
            return
        if len(self._young) >= _GENERATION or self._bytes >= _GENERATION_BYTES:
            self._old, self._young, self._bytes = self._young, {}, 0
        self._young[part.head] = part
        self._bytes += len(part.content) + len(part.packed)


_met: Final = _Met()


def read_own(data: bytes) -> dict[str, OwnPart] | None:
    """Return the files of a container in order; None when it is not just what we write, or too large."""
    parts: dict[str, OwnPart] = {}
    rows: list[tuple[bytes, bytes]] = []
    places = [0]
    at = total = 0
    while data.startswith(LOCAL_MAGIC, at) and at + LOCAL.size <= len(data) and len(rows) < MAX_ENTRIES:
        begin = at + LOCAL.size + int.from_bytes(data[at + _NAME_SIZE_AT : at + _NAME_SIZE_AT + 2], "little")
        head = data[at:begin]
        part = _met.find(head, data, begin) or _read(head, data, begin, MAX_UNPACKED - total)
        if part is None:
            return None
        total += len(part.content)
        if total > MAX_UNPACKED:
            return None
        parts[part.name] = part
        rows.append(part.row)
        at = begin + len(part.packed)
        places.append(at)
    if len(parts) != len(rows) or next(iter(parts), "") != OFD or data[at:] != directory_of(rows, places):
        return None
    return parts


def open_own(made: Sequence[Part], unpacked: Mapping[bytes, bytes] = _NOTHING) -> dict[str, OwnPart] | None:
    """Return what read_own() finds of *made* once they are laid down; None when it would find nothing.

    Args:
        made: the parts.
        unpacked: raw deflate streams that were unpacked to their very ends, and what of.
    """
    parts: dict[str, OwnPart] = {}
    for one in made:
        part = _met.find(one.head, one.packed, 0)
        if part is None:
            part = _read(one.head, one.packed, 0, MAX_UNPACKED, one, unpacked)
        if part is None:
            return None
        parts[part.name] = part
    return parts if len(parts) == len(made) else None


def _read(
    head: bytes,
    data: bytes,
    begin: int,
    most: int,
    made: Part | None = None,
    unpacked: Mapping[bytes, bytes] = _NOTHING,
) -> OwnPart | None:
    """Read the part with that *head*, whose packed bytes begin there in *data*; None if over *most* bytes."""
    _, version, flags, method, time, date, crc, packed_size, size, _, extra = LOCAL.unpack_from(head)
    if (version, flags, time, date, extra) != _SAID or begin + packed_size > len(data) or size > most:
        return None
    if size > RATIO_FROM and size > MAX_RATIO * packed_size:
        return None
    name = head[LOCAL.size :].decode("latin-1")
    if name not in _NAMES and _RESOURCE.fullmatch(name) is None:
        return None
    packed = data[begin : begin + packed_size]
    content = unpacked.get(packed) if method == DEFLATE else None
    if content is None:
        content = _unpacked(packed, method, size)
    if content is None or len(content) != size or isal_zlib.crc32(content) != crc:
        return None
    if made is not None and made.content == content:
        part = OwnPart(head, made.content, made.packed, made)
    else:
        part = OwnPart(head, content, packed)
    _met.keep(part)
    return part


def _unpacked(packed: bytes, method: int, size: int) -> bytes | None:
    if method == STORED:
        return packed
    if method != DEFLATE:
        return None
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpack.decompress(packed, size + 1)
    except zlib.error:
        return None
    return content if unpack.eof and not unpack.unused_data else None
