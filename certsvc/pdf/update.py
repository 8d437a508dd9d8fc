"""The one thing that may follow a sealed file: evidence and a document time stamp, in one update.

It is laid out by the sealed file and the evidence alone, to the last byte: the security store (DSS) with
certificates and revocation lists, the catalog and the page once more with one name added to each, an
invisible field, and the time stamp's value. Writing and reading are one function, so nothing else can stand
there. Source: ISO 32000-2, 12.8.4 and 12.8.5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from certsvc.pdf.draft import CONTENTS, ENTRY, Hollow
from certsvc.pdf.grammar import read_layout
from certsvc.pdf.layout import Layout
from certsvc.pdf.shapes import CATALOG_NUMBER, END_OBJECT, END_STREAM, HEADER

_END: Final = b"%%EOF\n"
_MOST: Final = 40
"""Certificates and lists."""
_TRAILER: Final = re.compile(
    rb"trailer\n<< /Size (\d{1,9}) /Root 1 0 R /Info (\d{1,9}) 0 R /ID \[<([0-9a-f]{32})>"
)
_STORE: Final = re.compile(
    rb"\d{1,9} 0 obj\n<< /Type /DSS /Certs \[((?:\d{1,9} 0 R )*)\] /CRLs \[((?:\d{1,9} 0 R )*)\] >>\nendobj\n"
)
_STREAM: Final = re.compile(rb"\d{1,9} 0 obj\n<< /Length (\d{1,5}) >>\nstream\n")
_HOLE: Final = re.compile(rb"<((?:[0-9A-F]{2}){1,32000}+)>")
_BYTE_RANGE: Final = b" /ByteRange [0 %d %d %d]"
_BYTE_RANGE_ROOM: Final = 48
_VALUE: Final = b"%d 0 obj\n<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"
_END_VALUE: Final = b" >>" + END_OBJECT
_FIELD: Final = (
    b"%d 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Sig /T (CertsvcTime) /F 132 /Rect [0 0 0 0]"
    b" /P %d 0 R /V %d 0 R >>" + END_OBJECT
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a later reader needs to check a seal whose certificates have ended."""

    certificates: tuple[bytes, ...]
    """DER."""
    lists: tuple[bytes, ...]
    """Revocation lists, DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A sealed file with a document time stamp, taken apart."""

    base: bytes = field(repr=False)
    """The file as it was before: a whole one, laid out like ours."""
    layout: Layout
    """Of *base*."""
    evidence: Evidence = field(repr=False)
    """What the security store holds; not looked into."""
    digest: bytes
    """SHA-256 of everything but the hole: what the time stamp has to be about."""
    container: bytes = field(repr=False)
    """What the hole holds, with the zeros behind it."""


def hollow_update(base: bytes, evidence: Evidence, *, digits: int) -> Hollow:
    """Lay out a sealed file and its update around a hole for the document time stamp.

    Args:
        base: a sealed file, laid out like ours.
        evidence: for the security store.
        digits: hexadecimal digits the hole has.

    Raises:
        ValueError: *base* is not such a file.
    """
    layout = read_layout(base)
    if layout is None:
        raise ValueError("not laid out like ours")
    return _hollow(base, layout, evidence, digits)


def read_update(data: bytes) -> Update | None:
    """Take a file apart that is ours with a document time stamp; None for any other bytes."""
    end = data.find(_END) + len(_END)
    if not len(_END) <= end < len(data):
        return None
    base = data[:end]
    layout = read_layout(base)
    store = _STORE.match(data, end) if layout is not None else None
    opening = data.rfind(CONTENTS, end) + len(CONTENTS)
    hole = _HOLE.match(data, opening)
    if layout is None or store is None or hole is None:
        return None
    evidence = _evidence(data, store.end(), store[1].count(b"R"), store[2].count(b"R"))
    if evidence is None:
        return None
    hollow = _hollow(base, layout, evidence, len(hole[1]))
    if b"".join((*hollow.before, hole[0], hollow.after)) != data:
        return None
    return Update(
        base=base,
        layout=layout,
        evidence=evidence,
        digest=hollow.digest,
        container=bytes.fromhex(hole[1].decode("ascii")),
    )


def _evidence(data: bytes, at: int, certificates: int, lists: int) -> Evidence | None:
    """Read so many streams that follow each other; None when they do not, or are too many."""
    found: list[bytes] = []
    for _ in range(min(certificates + lists, _MOST)):
        head = _STREAM.match(data, at)
        if head is None:
            return None
        end = head.end() + int(head[1])
        found.append(data[head.end() : end])
        at = end + len(END_STREAM)
    return Evidence(certificates=tuple(found[:certificates]), lists=tuple(found[certificates:]))


def _hollow(base: bytes, layout: Layout, evidence: Evidence, digits: int) -> Hollow:
    trailer = _TRAILER.match(base, base.rindex(b"trailer\n"))
    if trailer is None:
        raise ValueError("a trailer of another shape")
    size, info, name = int(trailer[1]), int(trailer[2]), trailer[3]
    page = layout.start.next
    first_list = size + 1 + len(evidence.certificates)
    field_number = first_list + len(evidence.lists)
    value_number = field_number + 1
    store = _named(range(size + 1, first_list)), _named(range(first_list, field_number))
    written = {
        size: b"%d 0 obj\n<< /Type /DSS /Certs [%b] /CRLs [%b] >>" % (size, *store) + END_OBJECT,
        **{
            number: b"%d 0 obj\n<< /Length %d >>\nstream\n%b" % (number, len(one), one) + END_STREAM
            for number, one in enumerate((*evidence.certificates, *evidence.lists), start=size + 1)
        },
        CATALOG_NUMBER: _catalog(base, size, field_number),
        page: _page(base, layout, field_number),
        field_number: _FIELD % (field_number, page, value_number),
    }
    places: dict[int, int] = {}
    at = len(base)
    for number, content in written.items():
        places[number] = at
        at += len(content)
    places[value_number] = at
    value = _VALUE % value_number
    start = at + len(value) + _BYTE_RANGE_ROOM + len(CONTENTS)
    end = start + digits + 2
    table_at = end + len(_END_VALUE)
    after = _END_VALUE + _table(places, page, size)
    # The second part names this revision: taken from what it follows, it is always the same.
    revision = sha256(base).hexdigest()[:32].encode("ascii")
    after += (
        b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R /ID [<%b> <%b>] /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (value_number + 1, info, name, revision, layout.table, table_at)
    )
    byte_range = (_BYTE_RANGE % (start, end, len(after))).ljust(_BYTE_RANGE_ROOM)
    before = (base, *written.values(), value + byte_range + CONTENTS)
    return Hollow(
        before=before, after=after, digits=digits, digest=sha256(b"".join((*before, after))).digest()
    )


def _named(numbers: Sequence[int]) -> bytes:
    return b"".join(b"%d 0 R " % number for number in numbers)


def _table(places: dict[int, int], page: int, size: int) -> bytes:
    """Write the cross-references of the catalog, the page, and all that is new."""
    new = [places[number] for number in sorted(places) if number >= size]
    return b"".join(
        (
            b"xref\n%d 1\n" % CATALOG_NUMBER,
            ENTRY % places[CATALOG_NUMBER],
            b"%d 1\n" % page,
            ENTRY % places[page],
            b"%d %d\n" % (size, len(new)),
            *(ENTRY % place for place in new),
        )
    )


def _catalog(base: bytes, store: int, field_number: int) -> bytes:
    start = len(HEADER)
    catalog = base[start : base.index(END_OBJECT, start)]
    widened = catalog.replace(b"/Fields [8 0 R]", b"/Fields [8 0 R %d 0 R]" % field_number, 1)
    return widened.removesuffix(b" >>") + b" /DSS %d 0 R >>" % store + END_OBJECT


def _page(base: bytes, layout: Layout, field_number: int) -> bytes:
    start = layout.start.end
    page = base[start : base.index(END_OBJECT, start)]
    return page.replace(b"/Annots [8 0 R]", b"/Annots [8 0 R %d 0 R]" % field_number, 1) + END_OBJECT
