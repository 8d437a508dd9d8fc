"""A PDF before its seal, and the same file with nothing missing but the signature itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from certsvc.pdf.shapes import END_OBJECT, SIGNATURE, SIGNATURE_NUMBER

ENTRY: Final = b"%010d 00000 n \n"
TABLE_HEAD: Final = b"xref\n0 %d\n0000000000 65535 f \n"
TRAILER: Final = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R /ID [<%b> <%b>] >>\nstartxref\n%d\n%%%%EOF\n"
BYTE_RANGE: Final = b" /ByteRange [0 %d %d %d]"
BYTE_RANGE_ROOM: Final = 48
"""Bytes kept for the byte range, filled up with blanks: three numbers of up to nine digits."""
CONTENTS: Final = b" /Contents "
END_SIGNATURE: Final = b" >>" + END_OBJECT
NOTHING: Final = b"%d 0 obj\nnull" % SIGNATURE_NUMBER + END_OBJECT


class Beginning:
    """The first bytes of every file of one template: laid out and hashed once."""

    __slots__ = ("_hashed", "content", "places")

    def __init__(self, content: bytes, places: Sequence[int]) -> None:
        """Take the bytes, from the header on, and where in them objects 1, 2, 4, 5 ... begin."""
        self.content = content
        self.places = tuple(places)
        self._hashed = hashlib.sha256(content)

    def digest(self, *rest: bytes) -> bytes:
        """Return the SHA-256 of these bytes and *rest*."""
        running = self._hashed.copy()
        for part in rest:
            running.update(part)
        return running.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hollow:
    """A whole file but for the string in /Contents."""

    before: tuple[bytes, ...]
    after: bytes
    digits: int
    """Hexadecimal digits of the hole, brackets not counted."""
    digest: bytes
    """SHA-256 of all that is signed: everything but the hole with its brackets."""

    def filled(self, container: bytes) -> bytes:
        """Return the sealed file. ValueError when *container* does not fit."""
        shown = container.hex().upper().encode("ascii")
        if len(shown) > self.digits:
            raise ValueError(f"{len(shown)} digits in a hole of {self.digits}")
        return b"".join((*self.before, b"<", shown.ljust(self.digits, b"0"), b">", self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Every object but the signature's value, which lies last, behind them."""

    beginning: Beginning = field(repr=False)
    body: bytes = field(repr=False)
    """The objects after the beginning, in order of their numbers."""
    places: tuple[int, ...] = field(repr=False)
    """Where in the file each of them begins."""
    info: int
    """Number of the Info dictionary."""
    document_id: bytes
    """32 hexadecimal digits, for both parts of /ID: there is one revision."""

    def unsealed(self) -> bytes:
        """Return the whole file without a signature; equal drafts give equal bytes."""
        first = self.beginning.content
        table_at = len(first) + len(self.body) + len(NOTHING)
        return b"".join((first, self.body, NOTHING, self._table(), self._trailer(table_at)))

    def hollow(self, date: bytes, reason: bytes, location: bytes, *, digits: int) -> Hollow:
        """Lay out the file around a hole for the signature.

        Args:
            date: of sealing, as the slot of the shape wants it; *reason* and *location* too.
            reason: why.
            location: where.
            digits: hexadecimal digits the hole has.
        """
        value = SIGNATURE.begin(SIGNATURE_NUMBER, date, reason, location)
        start = len(self.beginning.content) + len(self.body) + len(value) + BYTE_RANGE_ROOM + len(CONTENTS)
        end = start + digits + 2
        table_at = end + len(END_SIGNATURE)
        after = END_SIGNATURE + self._table() + self._trailer(table_at)
        byte_range = (BYTE_RANGE % (start, end, len(after))).ljust(BYTE_RANGE_ROOM)
        value = b"%b%b%b" % (value, byte_range, CONTENTS)
        return Hollow(
            before=(self.beginning.content, self.body, value),
            after=after,
            digits=digits,
            digest=self.beginning.digest(self.body, value, after),
        )

    def _table(self) -> bytes:
        first, split = self.beginning.places, SIGNATURE_NUMBER - 1
        signature = len(self.beginning.content) + len(self.body)
        return table_of((*first[:split], signature, *first[split:], *self.places))

    def _trailer(self, table_at: int) -> bytes:
        size = len(self.beginning.places) + len(self.places) + 2
        return TRAILER % (size, self.info, self.document_id, self.document_id, table_at)


def table_of(places: tuple[int, ...]) -> bytes:
    """Write the cross-reference table of objects 1, 2, 3 ..., each at its place in the file."""
    return TABLE_HEAD % (len(places) + 1) + (ENTRY * len(places)) % places
