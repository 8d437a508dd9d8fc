"""Objects of a PDF with one plain cross-reference table: found by number, read by pattern."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple

_END: Final = re.compile(rb"startxref\n([0-9]{1,10})\n%%EOF\n\Z")
_TABLE: Final = re.compile(rb"xref\n0 ([0-9]{1,6})\n0000000000 65535 f ?[\r\n]")
_ENTRY: Final = 20
_LONGEST_TAIL: Final = 40
_STREAM: Final = re.compile(rb">>\s*stream\r?\n")
_KIDS: Final = re.compile(rb"/Kids \[ ?([0-9]{1,6}) 0 R ?\]")
_CONTENTS: Final = re.compile(rb"/Contents (?:\[ ?)?((?:[0-9]{1,6} 0 R ?)+)")
_REFERENCE: Final = re.compile(rb"([0-9]{1,6}) 0 R")
_NAMED: Final = re.compile(rb"/([A-Za-z0-9+]{1,16}) ([0-9]{1,6}) 0 R")
_LARGEST: Final = 16 << 20


class OtherShapeError(Exception):
    """Not written in the way read here."""


class Sheet(NamedTuple):
    """The only page."""

    contents: tuple[bytes, ...]
    """Its content streams as stored."""
    forms: tuple[bytes, ...]
    """Form XObjects it may draw, as stored."""
    fonts: Mapping[str, int]
    """Resource name of each font and the number of its object."""


class PDFObjects:
    """The objects of one file."""

    def __init__(self, data: bytes) -> None:
        """Read the table. OtherShapeError when the file has another, or several."""
        end = _END.search(data, max(0, len(data) - _LONGEST_TAIL))
        at = int(end[1]) if end else len(data)
        table = _TABLE.match(data, at)
        if end is None or table is None:
            raise OtherShapeError("no plain table of objects")
        first, count = table.end() - _ENTRY, int(table[1])
        rows = data[first : first + _ENTRY * count]
        self._data = data
        self._places = [int(rows[row : row + 10]) for row in range(0, len(rows), _ENTRY)]
        self._order = sorted({*self._places[1:], at})
        self._trailer = data[first + len(rows) :]
        if b"/Prev" in self._trailer or b"/XRefStm" in self._trailer:
            raise OtherShapeError("several tables of objects")

    def body(self, number: int) -> bytes:
        """Return an object from its dictionary on."""
        at = self._places[number]
        after = bisect_right(self._order, at)
        head = b"%d 0 obj\n" % number
        if not self._data.startswith(head, at) or after >= len(self._order):
            raise OtherShapeError("an object is not at its place")
        return self._data[at + len(head) : self._order[after]]

    def stream(self, number: int) -> bytes:
        """Return a stream as stored, with its dictionary in front."""
        body = self.body(number)
        if _STREAM.search(body) is None:
            raise OtherShapeError("no stream")
        return body

    def page(self) -> Sheet:
        """Return the only page."""
        catalog = self.body(number_of(b"Root", self._trailer))
        pages = self.body(number_of(b"Pages", catalog))
        page = self.body(int(only(_KIDS, pages)))
        contents = tuple(self.stream(int(number)) for number in _REFERENCE.findall(only(_CONTENTS, page)))
        fonts = self._resources(b"Font", page)
        drawn = [self.stream(number) for number in self._resources(b"XObject", page).values()]
        forms = tuple(body for body in drawn if b"/Subtype /Form" in body[: _STREAM.search(body).end()])  # type: ignore[union-attr]  # stream() found it
        return Sheet(contents, forms, fonts)

    def _resources(self, kind: bytes, page: bytes) -> Mapping[str, int]:
        """Return the resources of one kind, listed in the page or in an object of their own."""
        found = re.search(rb"/%b (?:([0-9]{1,6}) 0 R|<<([^<>]*)>>)" % kind, page)
        if found is None:
            return {}
        listed = self.body(int(found[1])) if found[1] else found[2]
        return {name.decode(): int(number) for name, number in _NAMED.findall(listed)}


def only(pattern: re.Pattern[bytes], head: bytes) -> bytes:
    """Return the first group of the one place where *pattern* is found in a dictionary."""
    found = pattern.findall(head)
    if len(found) != 1:
        raise OtherShapeError("an entry is missing or comes twice")
    return bytes(found[0])


def number_of(key: bytes, head: bytes) -> int:
    """Return the number of the object that *key* refers to."""
    return int(only(re.compile(rb"/%b \[? ?([0-9]{1,6}) 0 R" % key), head))


def unpacked(stream: bytes) -> bytes:
    """Return the content of a stream with its dictionary in front: plain, or Flate."""
    found = _STREAM.search(stream)
    if found is None:
        raise OtherShapeError("no stream")
    head = stream[: found.start()]
    length = int(only(_LENGTH, head))
    stored = stream[found.end() : found.end() + length]
    if b"/Filter" not in head:
        return stored
    if _FLATE.search(head) is None:
        raise OtherShapeError("another filter")
    unpack = zlib.decompressobj()
    try:
        content = unpack.decompress(stored, _LARGEST)
    except zlib.error as fault:
        raise OtherShapeError("a stream is broken") from fault
    if not unpack.eof or unpack.unused_data.strip():
        raise OtherShapeError("a stream does not end where it should")
    return content


_LENGTH: Final = re.compile(rb"/Length ([0-9]{1,9})(?![0-9])")
_FLATE: Final = re.compile(rb"/Filter (?:/FlateDecode|\[ ?/FlateDecode ?\])(?! /DecodeParms)")
