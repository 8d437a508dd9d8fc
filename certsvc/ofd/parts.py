"""A part: one named file of the package, packed once and ready to be laid down."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from zlib import MAX_WBITS, compress

from isal import isal_zlib

from certsvc.ofd.headers import local_head, row_of

STORED: Final = 0
DEFLATE: Final = 8
_PACKED_ALREADY: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class BrokenOFDError(Exception):
    """The bytes are not an OFD our reader can follow. The only error reading hostile bytes raises."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep a finding's *code* and, for people, a *detail* in English without personal data."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the package. What depends on its bytes alone is computed once, when first asked for."""

    name: str
    """``Doc_0/Document.xml``: ASCII, slashes, none in front."""
    content: bytes
    packed: bytes
    """What stands in the container: *content* itself or its raw deflate stream."""
    method: int
    """STORED or DEFLATE."""
    crc: int
    """CRC-32 of *content*."""
    shared: bool = False
    """Made once for many documents."""

    @cached_property
    def head(self) -> bytes:
        """What stands in the container before the packed bytes."""
        return local_head(
            self.name,
            method=self.method,
            crc=self.crc,
            packed_size=len(self.packed),
            size=len(self.content),
        )

    @cached_property
    def row(self) -> tuple[bytes, bytes]:
        """Its row in the directory, before and behind its place."""
        return row_of(self.head)

    @cached_property
    def check_value(self) -> bytes:
        """SM3 of *content*, 32 bytes."""
        return hashlib.new("sm3", self.content).digest()

    @cached_property
    def line(self) -> str:
        """What Signature.xml says of it."""
        return reference_xml(self.name, self.check_value)


def reference_xml(name: str, digest: bytes) -> str:
    """Write the line of one part in Signature.xml; the name has no leading slash."""
    shown = b64encode(digest).decode()
    return f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>{shown}</ofd:CheckValue></ofd:Reference>'


def make_part(name: str, content: bytes, *, once: bool = False) -> Part:
    """Pack one part.

    Args:
        name: path in the package, without a leading slash.
        content: final bytes; they are never serialised again.
        once: packed one time for many documents, so that size counts and time does not.
    """
    packed, method = content, STORED
    if not content.startswith(_PACKED_ALREADY):
        squeezed = compress(content, 9, -MAX_WBITS) if once else isal_zlib.compress(content, 1, -MAX_WBITS)
        if len(squeezed) < len(content):
            packed, method = squeezed, DEFLATE
    return Part(
        name=name,
        content=content,
        packed=packed,
        method=method,
        crc=isal_zlib.crc32(content),
        shared=once,
    )


def packed_part(name: str, content: bytes, deflated: bytes, *, once: bool = False) -> Part:
    """Make a part of bytes that were packed before.

    Args:
        name: path in the package, without a leading slash.
        content: final bytes.
        deflated: the same as a raw deflate stream.
        once: packed one time for many documents.
    """
    return Part(
        name=name,
        content=content,
        packed=deflated,
        method=DEFLATE,
        crc=isal_zlib.crc32(content),
        shared=once,
    )
