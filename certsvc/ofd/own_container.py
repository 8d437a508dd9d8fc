"""Containers in the one way we write them: what lies in them is found without asking what else it could be.

Such a container is, byte for byte, what write_container() makes of its parts: read_container() takes it too
and sees the same files. A part met before is known by its packed bytes and not unpacked or hashed anew.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Final

from isal import isal_zlib

from certsvc.ofd.container import (
    CENTRAL_MAGIC,
    DATE,
    END,
    END_MAGIC,
    LOCAL,
    LOCAL_MAGIC,
    MAX_ENTRIES,
    MAX_RATIO,
    MAX_UNPACKED,
    RATIO_FROM,
    TIME,
    VERSION,
)
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
from certsvc.ofd.parts import DEFLATE, STORED
from certsvc.ofd.signature import reference_xml

_SAID: Final = (VERSION, 0, TIME, DATE, 0)
_ROW_HEAD: Final = CENTRAL_MAGIC + VERSION.to_bytes(2, "little")
_ROW_TAIL: Final = bytes(10)
"""No comment, one disk, no attributes."""
_NAMES: Final = frozenset(
    (
        OFD, DOCUMENT, PUBLIC_RES, DOCUMENT_RES, TEMPLATE, PAGE, SIGNATURES, SIGNATURE, SEAL, SIGNED_VALUE,
    )
)  # fmt: skip
_RESOURCE: Final = re.compile(re.escape(RES) + r"[a-z]{1,16}_[0-9]{1,6}\.(?:ttf|jpg|png)")
_GENERATION: Final = 64
"""Parts. Two generations are kept: some megabytes, and 32 at the very most."""
_LARGEST_KEPT: Final = 1 << 18
"""Bytes of one content."""


class _Unread:
    """A page nobody has looked at."""


_UNREAD: Final = _Unread()


class OwnPart:
    """One file of a container."""

    __slots__ = ("__weakref__", "_digest", "_line", "_objects", "content", "name", "packed")

    def __init__(self, name: str, content: bytes, packed: bytes) -> None:
        """Take what read_own() found."""
        self.name = name
        self.content = content
        self.packed = packed
        self._digest = b""
        self._line = ""
        self._objects: list[Found] | _Unread | None = _UNREAD

    @property
    def digest(self) -> bytes:
        """SM3 of the content; of a part met again it is known."""
        if not self._digest:
            self._digest = hashlib.new("sm3", self.content).digest()
        return self._digest

    @property
    def line(self) -> str:
        """What Signature.xml says of it."""
        if not self._line:
            self._line = reference_xml(self.name, self.digest)
        return self._line

    @property
    def objects(self) -> list[Found] | None:
        """What is drawn, if it is a page of ours; None when it is no such page."""
        if isinstance(self._objects, _Unread):
            self._objects = read_own_page(self.content)
        return self._objects


class _Met:
    """Parts met lately, by header and name. Those that come again and again stay, the others soon go.

    Without a lock: whatever threads do to each other here, a part found is compared with the bytes at hand.
    """

    def __init__(self) -> None:
        self._young: dict[bytes, OwnPart] = {}
        self._old: dict[bytes, OwnPart] = {}

    def find(self, head: bytes, data: bytes, at: int) -> OwnPart | None:
        """Return the part with that *head* whose packed bytes stand in *data* from *at* on."""
        part = self._young.get(head)
        if part is None:
            part = self._old.get(head)
            if part is None:
                return None
            self.keep(head, part)
        return part if data.startswith(part.packed, at) else None

    def keep(self, head: bytes, part: OwnPart) -> None:
        """Keep *part* until as many others were met twice over."""
        if len(part.content) > _LARGEST_KEPT:
            return
        if len(self._young) >= _GENERATION:
            self._old, self._young = self._young, {}
        self._young[head] = part


_met: Final = _Met()


def read_own(data: bytes) -> dict[str, OwnPart] | None:
    """Return the files of a container in order; None when it is not just what we write, or too large."""
    parts: dict[str, OwnPart] = {}
    rows: list[bytes] = []
    at = total = 0
    while data.startswith(LOCAL_MAGIC, at) and at + LOCAL.size <= len(data) and len(rows) < MAX_ENTRIES:
        _, version, flags, method, time, date, crc, packed_size, size, name_size, extra = LOCAL.unpack_from(
            data, at
        )
        begin = at + LOCAL.size + name_size
        end = begin + packed_size
        total += size
        if (version, flags, time, date, extra) != _SAID or end > len(data) or total > MAX_UNPACKED:
            return None
        if size > RATIO_FROM and size > MAX_RATIO * packed_size:
            return None
        head = data[at:begin]
        part = _met.find(head, data, begin)
        if part is None:
            part = _unpacked(head[LOCAL.size :], data[begin:end], method, crc, size)
            if part is None:
                return None
            _met.keep(head, part)
        parts[part.name] = part
        rows.append(b"%b%b%b%b%b" % (_ROW_HEAD, head[4:30], _ROW_TAIL, at.to_bytes(4, "little"), head[30:]))
        at = end
    directory = b"".join(rows)
    count = len(rows)
    tail = END.pack(END_MAGIC, 0, 0, count, count, len(directory), at, 0)
    if data[at:] != directory + tail or len(parts) != count or next(iter(parts), "") != OFD:
        return None
    return parts


def _unpacked(name: bytes, packed: bytes, method: int, crc: int, size: int) -> OwnPart | None:
    shown = name.decode("latin-1")
    if shown not in _NAMES and _RESOURCE.fullmatch(shown) is None:
        return None
    if method == STORED:
        content = packed
    elif method == DEFLATE:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = unpack.decompress(packed, size + 1)
        except zlib.error:
            return None
        if not unpack.eof or unpack.unused_data:
            return None
    else:
        return None
    if len(content) != size or isal_zlib.crc32(content) != crc:
        return None
    return OwnPart(shown, content, packed)
