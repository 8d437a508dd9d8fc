"""Is a file, to the last byte, laid out the way ours are? The other half of shapes and draft.

Read without a parser: objects follow each other without a gap, each is one of the shapes, every reference
leads where it must, and cross-reference and trailer are the only ones such objects can have. What a stream
holds is not looked at. Nothing is taken for ours that is not; a file of ours may be refused (chance can put
`` obj`` into a picture), and is then looked at by the reader of any PDF.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from certsvc.pdf import shapes
from certsvc.pdf.draft import (
    BYTE_RANGE,
    BYTE_RANGE_ROOM,
    CONTENTS,
    END_SIGNATURE,
    NOTHING,
    TRAILER,
    table_of,
)
from certsvc.pdf.shapes import END_OBJECT, END_STREAM, HEADER, SIGNATURE_NUMBER, Shape

if TYPE_CHECKING:
    from hashlib import _Hash

_LARGEST: Final = 32_000_000
_LARGEST_KEPT: Final = 1_000_000
_MOST_OBJECTS: Final = 200
_HOLE: Final = re.compile(rb"<[0-9A-F]{2,65000}+>")
_ID: Final = re.compile(rb"trailer\n<< /Size \d{1,9} /Root 1 0 R /Info \d{1,9} 0 R /ID \[<([0-9a-f]{32})>")
_STATE_NAME: Final = re.compile(rb"/(GS\d+) ")
_ONCE: Final = (b"/ByteRange", b"%%EOF")
"""What stands once in a file of ours, inside of streams too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """The beginning of a file, up to its page, once it was read."""

    content: bytes
    """Empty when the beginning is not kept."""
    end: int
    next: int
    """Number of the page."""
    places: tuple[int, ...]
    fonts: tuple[int, ...]
    images: tuple[int, ...]
    metadata: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of a sealed file lie that is laid out like ours."""

    signature: int
    """First byte of the signature's value."""
    hole_start: int
    """First byte of the string in /Contents, its bracket."""
    hole_end: int
    """First byte after it."""
    table: int
    """First byte of the cross-reference table."""
    start: _Start = field(repr=False, compare=False)


_KEPT: Final[deque[tuple[_Start, _Hash]]] = deque(maxlen=8)
"""Beginnings of files that were ours, with their SHA-256."""


class _OtherError(Exception):
    """Not laid out like ours."""


def read_layout(data: bytes) -> Layout | None:
    """Return how a sealed file is laid out; None for any bytes that are not, all of them, one of ours."""
    if len(data) > _LARGEST or not data.startswith(HEADER):
        return None
    for start, _ in tuple(_KEPT):
        if data.startswith(start.content):
            break
    else:
        start = None
    try:
        return _Walk(data).whole(start)
    except _OtherError:
        return None


def keep_start(data: bytes, layout: Layout) -> None:
    """Keep the beginning of a file that turned out to be ours: the next one of its template has the same."""
    end = layout.start.end
    if not layout.start.content and end <= _LARGEST_KEPT:
        content = data[:end]
        _KEPT.append((replace(layout.start, content=content), sha256(content)))


def covered_digest(data: bytes, layout: Layout) -> bytes:
    """Return the SHA-256 of all bytes of a file but its hole."""
    running = next((hashed.copy() for start, hashed in tuple(_KEPT) if start is layout.start), None)
    begun = layout.start.end if running is not None else 0
    running = running or sha256()
    view = memoryview(data)
    running.update(view[begun : layout.hole_start])
    running.update(view[layout.hole_end :])
    return running.digest()


def without_signature(data: bytes) -> bytes:
    """Return a sealed file of ours as its draft was before sealing. ValueError when it is none."""
    layout = read_layout(data)
    if layout is None:
        raise ValueError("not laid out like ours")
    before = data[: layout.signature] + NOTHING
    end = data.rindex(b"startxref\n")
    return before + data[layout.table : end] + b"startxref\n%d\n%%%%EOF\n" % len(before)


class _Walk:
    """One pass over a file, from its header to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = len(HEADER)
        self._next = 1
        """Number of the object that must come next."""
        self._places: list[int] = []

    def whole(self, start: _Start | None) -> Layout:
        """Read the whole file; *start* is what is known of its beginning."""
        start = start or self._begin()
        self._at, self._next, self._places = start.end, start.next, list(start.places)
        page = start.next
        _, _, content, states, named_fonts, named_images = self._take(shapes.PAGE)
        self._expect(int(content) == page + 1 and start.metadata == page + 3 and _each_once(states))
        self._take(shapes.CONTENT)
        self._take(shapes.INFO)
        self._take(shapes.METADATA)
        fonts = (*start.fonts, *self._fonts())
        images = (*start.images, *self._images())
        self._expect(named_fonts == b"".join([b"/F%d %d 0 R " % (each, each) for each in fonts]))
        self._expect(named_images == b"".join([b"/X%d %d 0 R " % (each, each) for each in images]))
        return self._end(start, info=page + 2)

    def _begin(self) -> _Start:
        """Read everything up to the page."""
        metadata = int(self._take(shapes.CATALOG)[0])
        page = int(self._take(shapes.PAGES)[0])
        # The signature's value has the next number and lies last.
        self._next = SIGNATURE_NUMBER + 1
        self._take(shapes.INTENT)
        self._take(shapes.PROFILE)
        self._take(shapes.CONTENT)
        _, states, _ = self._take(shapes.APPEARANCE)
        self._expect(_each_once(states))
        _, parent = self._take(shapes.FIELD)
        fonts, images = self._fonts(), self._images()
        self._expect(self._next == page == int(parent))
        return _Start(
            content=b"",
            end=self._at,
            next=self._next,
            places=tuple(self._places),
            fonts=tuple(fonts),
            images=tuple(images),
            metadata=metadata,
        )

    def _end(self, start: _Start, *, info: int) -> Layout:
        """Read the signature's value and compare all after it with what it must be."""
        data, signature = self._data, self._at
        found = shapes.SIGNATURE.pattern.match(data, signature)
        if found is None or int(found[1]) != SIGNATURE_NUMBER:
            raise _OtherError
        opening = found.end() + BYTE_RANGE_ROOM + len(CONTENTS)
        hole = _HOLE.match(data, opening)
        if hole is None:
            raise _OtherError
        end = hole.end()
        byte_range = (BYTE_RANGE % (opening, end, len(data) - end)).ljust(BYTE_RANGE_ROOM) + CONTENTS
        self._expect(data.startswith(byte_range, found.end()) and data.startswith(END_SIGNATURE, end))
        table = end + len(END_SIGNATURE)
        split = SIGNATURE_NUMBER - 1
        expected = table_of((*self._places[:split], signature, *self._places[split:]))
        name = _ID.match(data, table + len(expected))
        if name is None:
            raise _OtherError
        expected += TRAILER % (self._next, info, name[1], name[1], table)
        self._expect(data[table:] == expected)
        # In a beginning that is kept there was nothing of what stands once, and no object but those counted.
        unknown = len(start.content)
        self._expect(all(data.count(word, unknown) == 1 for word in _ONCE))
        # No object hides in a stream, where a reader that repairs files would find it.
        known = len(start.places) if unknown else 0
        self._expect(data.count(b" obj", unknown) == self._next - 1 - known)
        return Layout(signature=signature, hole_start=opening, hole_end=end, table=table, start=start)

    def _take(self, shape: Shape) -> Sequence[bytes]:
        """Read the next object, which must be of this shape; returns what is in its slots."""
        found = shape.pattern.match(self._data, self._at)
        if found is None:
            raise _OtherError
        number, *values = found.groups()
        at, last = found.end(), END_OBJECT
        if shape.is_stream:
            at += int(values[-1])
            last = END_STREAM
        if int(number) != self._next or self._next > _MOST_OBJECTS or not self._data.startswith(last, at):
            raise _OtherError
        self._places.append(self._at)
        self._next += 1
        self._at = at + len(last)
        return values

    def _fonts(self) -> list[int]:
        """Read the fonts that come next; returns the numbers by which a page names them."""
        numbers = []
        while shapes.FONT.pattern.match(self._data, self._at):
            first = self._next
            _, descendant, to_unicode = self._take(shapes.FONT)
            _, to_glyphs, descriptor, _ = self._take(shapes.DESCENDANT)
            *_, file = self._take(shapes.DESCRIPTOR)
            self._take(shapes.FONT_FILE)
            self._take(shapes.TO_GLYPHS)
            self._take(shapes.TO_UNICODE)
            led = list(map(int, (descendant, descriptor, file, to_glyphs, to_unicode)))
            self._expect(led == list(range(first + 1, first + shapes.PER_FONT)))
            numbers.append(first)
        return numbers

    def _images(self) -> list[int]:
        """Read the pictures that come next; returns the numbers by which a page names them."""
        numbers: list[int] = []
        while shapes.IMAGE.pattern.match(self._data, self._at):
            *_, mask, _ = self._take(shapes.IMAGE)
            if mask:
                # The mask is the picture before it, and no picture of the page's.
                self._expect(bool(numbers) and mask == b" /SMask %d 0 R" % numbers.pop())
            numbers.append(self._next - 1)
        return numbers

    @staticmethod
    def _expect(holds: bool) -> None:
        if not holds:
            raise _OtherError


def _each_once(states: bytes) -> bool:
    """Tell whether no state is named twice: readers differ on which of the two counts."""
    names = _STATE_NAME.findall(states)
    return len(set(names)) == len(names)
