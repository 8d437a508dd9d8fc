"""Is a file, to the last byte, laid out the way ours are? The other half of shapes and draft.

Read without a parser: objects follow each other without a gap, each is one of the shapes, every reference
leads where it must, and cross-reference and trailer are the only ones such objects can have. What a stream
holds is not looked at. Nothing is taken for ours that is not; a file of ours may be refused (chance can put
`` obj`` into a picture), and is then looked at by the reader of any PDF.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
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
from certsvc.pdf.layout import Body, FontPlace, Layout, Start
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


_KEPT: Final[deque[tuple[Start, _Hash]]] = deque(maxlen=8)
"""Beginnings of files that were ours, with their SHA-256."""


class _OtherError(Exception):
    """Not laid out like ours."""


def read_body(unsealed: bytes) -> Body | None:
    """Return the objects of a file before its seal; None for any bytes that are not, all of them, a draft."""
    try:
        return _Walk(unsealed).unsealed()
    except _OtherError:
        return None


def read_layout(data: bytes, known: Body | None = None) -> Layout | None:
    """Return how a sealed file is laid out; None for any bytes that are not, all of them, one of ours.

    Args:
        data: any bytes.
        known: what was read of the same file before it was sealed. A file that begins with these very bytes
            is read from their end on.
    """
    try:
        return _Walk(data).sealed(known if known is not None and known.begins(data) else None)
    except _OtherError:
        return None


def keep_start(data: bytes, start: Start) -> None:
    """Keep the beginning of a file that turned out to be ours: the next one of its template has the same."""
    if not start.content and start.end <= _LARGEST_KEPT:
        content = data[: start.end]
        if all(kept.content != content for kept, _ in tuple(_KEPT)):
            _KEPT.append((replace(start, content=content), sha256(content)))


def digests_of(data: bytes, layout: Layout, *, whole: bool) -> tuple[bytes, str]:
    """Return the SHA-256 of all bytes of a file but its hole; if *whole*, in hex also that of all its bytes.

    Both begin with the same bytes, nearly all there are, which are gone through once.
    """
    start = layout.start
    running = next((hashed.copy() for kept, hashed in tuple(_KEPT) if kept is start), None)
    begun = start.end if running is not None else 0
    running = running or sha256()
    view = memoryview(data)
    running.update(view[begun : layout.hole_start])
    all_of_it = ""
    if whole:
        other = running.copy()
        other.update(view[layout.hole_start :])
        all_of_it = other.hexdigest()
    running.update(view[layout.hole_end :])
    return running.digest(), all_of_it


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
        if len(data) > _LARGEST or not data.startswith(HEADER):
            raise _OtherError
        self._data = data
        self._at = len(HEADER)
        self._next = 1
        """Number of the object that must come next."""
        self._places: list[int] = []
        self._stored = slice(0)
        """What the last stream holds."""

    def unsealed(self) -> Body:
        """Read a file without its signature."""
        body = self._body()
        self._expect(self._data.startswith(NOTHING, body.end))
        self._tail(body, table=body.end + len(NOTHING))
        self._expect_alone(len(body.start.content), body, (0, 1))
        return body

    def sealed(self, known: Body | None) -> Layout:
        """Read a sealed file; of *known* nothing is read again."""
        body = known or self._body()
        data, signature = self._data, body.end
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
        self._tail(body, table=table)
        self._expect_alone(body.end if known else len(body.start.content), body, (1, 1))
        return Layout(signature=signature, hole_start=opening, hole_end=end, table=table, start=body.start)

    def _tail(self, body: Body, *, table: int) -> None:
        """Compare all from the cross-reference table on with what it must be."""
        data, trailer = self._data, table + len(body.table)
        name = _ID.match(data, trailer)
        if name is None:
            raise _OtherError
        expected = TRAILER % (body.next, body.start.next + 2, name[1], name[1], table)
        self._expect(data.startswith(body.table, table) and data[trailer:] == expected)

    def _expect_alone(self, begin: int, body: Body, once: tuple[int, ...]) -> None:
        """Count from *begin* on, before which nothing can be, what no stream may hold.

        There a reader that repairs files would find an object, and a reader of signatures another one.
        """
        data = self._data
        self._expect(tuple([data.count(word, begin) for word in _ONCE]) == once)
        known = bisect_left(body.places, begin)
        self._expect(data.count(b" obj", begin) == body.next - 1 - known)

    def _body(self) -> Body:
        """Read everything up to the signature's value."""
        start = self._start()
        self._at, self._next, self._places = start.end, start.next, list(start.places)
        page = start.next
        _, _, content, states, named_fonts, named_images = self._take(shapes.PAGE)
        self._expect(int(content) == page + 1 and start.metadata == page + 3 and _each_once(states))
        self._take(shapes.CONTENT)
        sheet = self._stored
        self._take(shapes.INFO)
        self._take(shapes.METADATA)
        own_fonts = self._fonts()
        fonts = [font.number for font in (*start.fonts, *own_fonts)]
        images = (*start.images, *self._images())
        self._expect(named_fonts == b"".join([b"/F%d %d 0 R " % (each, each) for each in fonts]))
        self._expect(named_images == b"".join([b"/X%d %d 0 R " % (each, each) for each in images]))
        places, split = tuple(self._places), SIGNATURE_NUMBER - 1
        return Body(
            start=start,
            own=self._data[len(start.content) : self._at],
            end=self._at,
            next=self._next,
            places=places,
            table=table_of((*places[:split], self._at, *places[split:])),
            fonts=tuple(own_fonts),
            sheet=sheet,
        )

    def _start(self) -> Start:
        """Read everything up to the page, unless it is known."""
        data = self._data
        kept = next((start for start, _ in tuple(_KEPT) if data.startswith(start.content)), None)
        if kept is not None:
            return kept
        metadata = int(self._take(shapes.CATALOG)[0])
        page = int(self._take(shapes.PAGES)[0])
        # The signature's value has the next number and lies last.
        self._next = SIGNATURE_NUMBER + 1
        self._take(shapes.INTENT)
        self._take(shapes.PROFILE)
        self._take(shapes.CONTENT)
        sheet = self._stored
        _, states, _ = self._take(shapes.APPEARANCE)
        self._expect(_each_once(states))
        _, parent = self._take(shapes.FIELD)
        fonts, images = self._fonts(), self._images()
        self._expect(self._next == page == int(parent))
        return Start(
            content=b"",
            end=self._at,
            next=self._next,
            places=tuple(self._places),
            fonts=tuple(fonts),
            images=tuple(images),
            metadata=metadata,
            sheet=sheet,
        )

    def _take(self, shape: Shape) -> Sequence[bytes]:
        """Read the next object, which must be of this shape; returns what is in its slots."""
        found = shape.pattern.match(self._data, self._at)
        if found is None:
            raise _OtherError
        number, *values = found.groups()
        at, last = found.end(), END_OBJECT
        if shape.is_stream:
            self._stored = slice(at, at + int(values[-1]))
            at, last = self._stored.stop, END_STREAM
        if int(number) != self._next or self._next > _MOST_OBJECTS or not self._data.startswith(last, at):
            raise _OtherError
        self._places.append(self._at)
        self._next += 1
        self._at = at + len(last)
        return values

    def _fonts(self) -> list[FontPlace]:
        """Read the fonts that come next."""
        fonts = []
        while shapes.FONT.pattern.match(self._data, self._at):
            first = self._next
            _, descendant, to_unicode = self._take(shapes.FONT)
            _, to_glyphs, descriptor, widths = self._take(shapes.DESCENDANT)
            *_, file = self._take(shapes.DESCRIPTOR)
            stored = []
            for shape in (shapes.FONT_FILE, shapes.TO_GLYPHS, shapes.TO_UNICODE):
                self._take(shape)
                stored.append(self._stored)
            led = list(map(int, (descendant, descriptor, file, to_glyphs, to_unicode)))
            self._expect(led == list(range(first + 1, first + shapes.PER_FONT)))
            fonts.append(FontPlace(first, widths, *stored))
        return fonts

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
