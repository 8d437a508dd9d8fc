"""A small, bounded PDF reader: enough to look at a file's structure, never to show it.

Made for hostile bytes: every loop counts down a budget, nothing recurses, the only error is BrokenPDFError.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Final

from certsvc.sealing.pdf_syntax import BrokenPDFError, Budget, Name, PDFDict, PDFObject, Ref, Stream, parse

_MAX_TOKENS: Final = 400_000
_MAX_DEPTH: Final = 64
_MAX_ENTRIES: Final = 200_000
_MAX_REVISIONS: Final = 64
_MAX_INFLATED: Final = 32_000_000
_MAX_IN_STREAM: Final = 20_000
_MAX_PREDICTED: Final = 2_000_000

_HEADER: Final = re.compile(rb"[\0\t\n\f\r ]*+(\d{1,10}) (\d{1,5}) obj\b")
_STREAM: Final = re.compile(rb"[\0\t\n\f\r ]*+stream(?:\r\n|\n|\r)")
_SECTION: Final = re.compile(rb"\s*+(\d{1,10})\s++(\d{1,10})\s++")
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])[\r\n ]{1,2}")
_TRAILER: Final = re.compile(rb"\s*+trailer")
_STARTXREF: Final = re.compile(rb"startxref\s++(\d{1,12})\s++%%EOF[\s\0]*+\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies: at a byte offset, or as the n-th in an object stream."""

    offset: int
    container: int | None = None


class PDFFile:
    """A PDF opened by its cross-references, newest revision first."""

    def __init__(self, data: bytes) -> None:
        """Read every cross-reference section. BrokenPDFError when one cannot be followed."""
        self.data = data
        self.trailer: PDFDict = {}
        self.places: dict[int, Place] = {}
        """The newest place of each object in use."""
        self.offsets: set[int] = set()
        """Every byte offset any revision names."""
        self.sections: list[tuple[int, PDFDict]] = []
        """Offset and trailer of each section, newest first."""
        self._budget = Budget(_MAX_TOKENS)
        self._entries_left = _MAX_ENTRIES
        self._inflate_left = _MAX_INFLATED
        self._predicted_left = _MAX_PREDICTED
        self._seen: dict[int, PDFObject] = {}
        self._containers: dict[int, list[tuple[int, int]]] = {}
        self._container_data: dict[int, bytes] = {}
        self._read_sections()

    def resolve(self, item: PDFObject) -> PDFObject:
        """Return what *item* stands for: the object behind a reference, else itself."""
        for _ in range(_MAX_DEPTH):
            if not isinstance(item, Ref):
                return item
            item = self.get(item.number)
        raise BrokenPDFError("references in a circle")

    def get(self, number: int) -> PDFObject:
        """Return a numbered object; None when the file has none of that number."""
        if number not in self._seen:
            place = self.places.get(number)
            if place is None:
                self._seen[number] = None
            elif place.container is None:
                self._seen[number] = self._object_at(place.offset, number)
            else:
                self._seen[number] = self._object_inside(place.container, place.offset, number)
        return self._seen[number]

    def dictionary(self, item: PDFObject) -> PDFDict:
        """Return the dictionary *item* stands for, a stream's too; an empty one when it is none."""
        found = self.resolve(item)
        if isinstance(found, Stream):
            return found.dictionary
        return found if isinstance(found, dict) else {}

    def array(self, item: PDFObject) -> list[PDFObject]:
        """Return the array *item* stands for; an empty one when it is none."""
        found = self.resolve(item)
        return found if isinstance(found, list) else []

    @property
    def root(self) -> PDFDict:
        """The catalog of the newest revision."""
        return self.dictionary(self.trailer.get(Name(b"Root")))

    def _read_sections(self) -> None:
        # Anything after %%EOF may be the begin of a revision that was cut off.
        start = _STARTXREF.search(self.data, max(0, len(self.data) - 2048))
        if start is None:
            raise BrokenPDFError("no startxref at the end")
        ahead: list[int] = [int(start[1])]
        visited: set[int] = set()
        while ahead:
            offset = ahead.pop(0)
            if offset in visited or len(visited) >= _MAX_REVISIONS:
                raise BrokenPDFError("cross-references in a circle")
            visited.add(offset)
            trailer = self._read_section(offset)
            self.sections.append((offset, trailer))
            for key, value in trailer.items():
                self.trailer.setdefault(key, value)
            ahead += [v for k in (b"XRefStm", b"Prev") if isinstance(v := trailer.get(Name(k)), int)]

    def _read_section(self, offset: int) -> PDFDict:
        if not 0 <= offset < len(self.data):
            raise BrokenPDFError("a cross-reference lies outside the file")
        if not self.data.startswith(b"xref", offset):
            return self._read_xref_stream(offset)
        at = offset + 4
        while section := _SECTION.match(self.data, at):
            first, count, at = int(section[1]), int(section[2]), section.end()
            self._expect_entries(count)
            for number in range(first, first + count):
                entry = _ENTRY.match(self.data, at)
                if entry is None:
                    raise BrokenPDFError("a cross-reference entry is malformed")
                at = entry.end()
                self._note(number, Place(int(entry[1])) if entry[3] == b"n" else None)
        word = _TRAILER.match(self.data, at)
        if word is None:
            raise BrokenPDFError("no trailer")
        trailer, _ = parse(self.data, word.end(), self._budget)
        if not isinstance(trailer, dict):
            raise BrokenPDFError("the trailer is no dictionary")
        return trailer

    def _read_xref_stream(self, offset: int) -> PDFDict:
        stream = self._object_at(offset, None)
        if not isinstance(stream, Stream) or stream.dictionary.get(Name(b"Type")) != Name(b"XRef"):
            raise BrokenPDFError("no cross-reference where one is said to be")
        self.offsets.add(offset)
        widths = [w for w in self.array(stream.dictionary.get(Name(b"W"))) if isinstance(w, int)]
        if len(widths) != 3 or not all(0 <= w <= 8 for w in widths) or not sum(widths):
            raise BrokenPDFError("cross-reference widths")
        size = stream.dictionary.get(Name(b"Size"))
        index = stream.dictionary.get(Name(b"Index"), [0, size])
        spans = [n for n in index if isinstance(n, int)] if isinstance(index, list) else []
        rows, at = self.decoded(stream), 0
        for first, count in zip(spans[::2], spans[1::2], strict=False):
            self._expect_entries(count)
            for number in range(first, first + count):
                if at + sum(widths) > len(rows):
                    raise BrokenPDFError("the cross-reference stream is short")
                fields = []
                for width in widths:
                    fields.append(int.from_bytes(rows[at : at + width], "big"))
                    at += width
                kind = fields[0] if widths[0] else 1
                place = {1: Place(fields[1]), 2: Place(fields[2], fields[1])}.get(kind)
                self._note(number, place)
        return stream.dictionary

    def _expect_entries(self, count: int) -> None:
        self._entries_left -= count
        if count < 0 or self._entries_left < 0:
            raise BrokenPDFError("too many objects")

    def _note(self, number: int, place: Place | None) -> None:
        if place is not None and place.container is None:
            self.offsets.add(place.offset)
        if number not in self._seen and number not in self.places:
            if place is None:
                self._seen[number] = None
            else:
                self.places[number] = place

    def decoded(self, stream: Stream) -> bytes:
        """Return a stream's content: stored plainly or deflated, with the simple predictors."""
        names = self.resolve(stream.dictionary.get(Name(b"Filter")))
        chain = names if isinstance(names, list) else [names] if names is not None else []
        if chain not in ([], [Name(b"FlateDecode")]):
            raise BrokenPDFError("a filter this reader does not know")
        content = stream.stored
        if chain:
            machine = zlib.decompressobj()
            try:
                content = machine.decompress(content, self._inflate_left)
            except zlib.error as fault:
                raise BrokenPDFError("deflated data is damaged") from fault
            self._inflate_left -= len(content)
            if self._inflate_left <= 0:
                raise BrokenPDFError("too much when inflated")
        settings = self.dictionary(stream.dictionary.get(Name(b"DecodeParms")))
        predictor, columns = settings.get(Name(b"Predictor"), 1), settings.get(Name(b"Columns"), 1)
        if predictor == 1:
            return content
        if not isinstance(predictor, int) or predictor < 10 or not isinstance(columns, int) or columns < 1:
            raise BrokenPDFError("a predictor this reader does not know")
        self._predicted_left -= len(content)
        if self._predicted_left < 0:
            raise BrokenPDFError("too much behind a predictor")
        return _unpredicted(content, columns)

    def _object_inside(self, container: int, index: int, number: int) -> PDFObject:
        if container not in self._containers:
            place = self.places.get(container)
            stream = None if place is None or place.container is not None else self.get(container)
            if not isinstance(stream, Stream):
                raise BrokenPDFError("no object stream")
            content = self.decoded(stream)
            first, count = stream.dictionary.get(Name(b"First")), stream.dictionary.get(Name(b"N"))
            if not isinstance(first, int) or not isinstance(count, int):
                raise BrokenPDFError("an object stream without First or N")
            if not 0 <= count <= _MAX_IN_STREAM or not 0 <= first <= len(content):
                raise BrokenPDFError("an object stream too large")
            words = content[:first].split(None, 2 * count)[: 2 * count]
            if not all(word.isdigit() and len(word) <= 10 for word in words):
                raise BrokenPDFError("an object stream's head")
            head = [int(word) for word in words]
            self._containers[container] = list(zip(head[::2], head[1::2], strict=False))
            self._container_data[container] = content[first:]
        inside = self._containers[container]
        if not index < len(inside) or inside[index][0] != number:
            raise BrokenPDFError("an object stream does not hold its object")
        return parse(self._container_data[container], inside[index][1], self._budget)[0]

    def _object_at(self, offset: int, number: int | None) -> PDFObject:
        header = _HEADER.match(self.data, offset)
        if header is None or (number is not None and int(header[1]) != number):
            raise BrokenPDFError("a cross-reference points at another object")
        item, end = parse(self.data, header.end(), self._budget)
        if isinstance(item, dict) and (start := _STREAM.match(self.data, end)):
            length = item.get(Name(b"Length"))
            if isinstance(length, Ref):
                length = self._plain_number(length)
            if not isinstance(length, int) or not 0 <= length <= len(self.data) - start.end():
                raise BrokenPDFError("a stream's length is wrong")
            return Stream(item, self.data[start.end() : start.end() + length])
        return item

    def _plain_number(self, reference: Ref) -> PDFObject:
        # Not by get: a length that is a stream of another length could be chained without end.
        place = self.places.get(reference.number)
        header = (
            None if place is None or place.container is not None else _HEADER.match(self.data, place.offset)
        )
        if header is None or int(header[1]) != reference.number:
            raise BrokenPDFError("a stream's length is not there")
        return parse(self.data, header.end(), self._budget)[0]


def _unpredicted(content: bytes, columns: int) -> bytes:
    """Undo the PNG row filters None, Sub (one byte per sample) and Up."""
    if columns > _MAX_ENTRIES:
        raise BrokenPDFError("too many columns")
    out, above = bytearray(), bytes(columns)
    for start in range(0, len(content) - columns, columns + 1):
        kind, row = content[start], bytearray(content[start + 1 : start + 1 + columns])
        if kind == 1:
            for x in range(1, columns):
                row[x] = (row[x] + row[x - 1]) & 0xFF
        elif kind == 2:
            row = bytearray((a + b) & 0xFF for a, b in zip(row, above, strict=True))
        elif kind != 0:
            raise BrokenPDFError("a row filter this reader does not know")
        out += row
        above = bytes(row)
    return bytes(out)
