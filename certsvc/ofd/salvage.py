"""Whatever can be found in a broken package: to look for traces of a seal, never to call something right."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from certsvc.ofd.container import MAX_UNPACKED
from certsvc.ofd.headers import CENTRAL, CENTRAL_MAGIC, LOCAL, LOCAL_MAGIC
from certsvc.ofd.parts import DEFLATE, STORED

_MAX_FOUND: Final = 2000
"""Headers looked at; an honest OFD has a tenth of that."""
_MAX_NAME: Final = 1024
_CHUNK: Final = 1 << 16
_DESCRIPTOR: Final = 1 << 3
_MARK: Final = re.compile(rb"PK(?:\x03\x04|\x01\x02|\x07\x08)")
"""A local header, a row of the directory, a data descriptor."""


@dataclass(slots=True)
class _Budget:
    """Bytes that may still be read and, on another account, written."""

    packed: int = MAX_UNPACKED
    unpacked: int = MAX_UNPACKED


def salvage(data: bytes) -> Mapping[str, Sequence[bytes]]:
    """Return all contents found under each name, with names as lenient programs read them.

    Entries are looked for by their marks, in any place, listed or not; lengths and checksums need not be
    right. Only inside the content of a listed entry none is looked for: an attachment is another package. The
    work is bounded: 2,000 headers, 64 MB read and 64 MB unpacked; what lies beyond is left out. Never raises.
    """
    budget = _Budget()
    found: dict[str, dict[bytes, None]] = {}
    for name, start, method, size in _headers(data):
        # A dict compares by hash first: many long contents that differ late cost nothing.
        found.setdefault(name, {})[_content(data, start, method, size, budget)] = None
    return {name: tuple(copies) for name, copies in found.items()}


def _headers(data: bytes) -> Iterator[tuple[str, int, int, int | None]]:
    """Yield name, start, method and packed size (None when only the stream tells) of every entry."""
    seen: set[tuple[int, bytes]] = set()
    listed: list[tuple[int, str, int, int, int]] = []
    left = _MAX_FOUND
    for at in islice(_marks(data, CENTRAL_MAGIC, CENTRAL.size), _MAX_FOUND):
        left -= 1
        row = CENTRAL.unpack_from(data, at)
        method, size, name_size, offset = row[4], row[8], row[10], row[16]
        name = data[at + CENTRAL.size : at + CENTRAL.size + name_size]
        whole = len(name) == name_size <= _MAX_NAME
        if whole and data.startswith(LOCAL_MAGIC, offset) and offset + LOCAL.size <= len(data):
            local = LOCAL.unpack_from(data, offset)
            seen.add((offset, name))
            listed.append((at, _lenient(name), offset + LOCAL.size + local[9] + local[10], method, size))
    # A size that is wrong must not hide what follows: a content is followed by the next mark.
    ends = [(start, start + size) for _, _, start, _, size in listed if _MARK.match(data, start + size)]
    spans = _merged(ends)
    for at, shown, start, method, size in listed:
        if not _within(at, spans):
            yield shown, start, method, size
    for at in islice(_marks(data, LOCAL_MAGIC, LOCAL.size), left):
        _, _, flags, method, _, _, _, size, _, name_size, extra_size = LOCAL.unpack_from(data, at)
        name = data[at + LOCAL.size : at + LOCAL.size + name_size]
        if name_size <= _MAX_NAME and (at, name) not in seen and not _within(at, spans):
            start = at + LOCAL.size + name_size + extra_size
            yield _lenient(name), start, method, None if flags & _DESCRIPTOR or not size else size


def _within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Tell whether *at* lies in one of *spans*, which are in order and apart."""
    span = bisect_left(spans, (at + 1,)) - 1
    return span >= 0 and at < spans[span][1]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same stretches in order, none touching the next."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _marks(data: bytes, magic: bytes, size: int) -> Iterator[int]:
    at = data.find(magic)
    while 0 <= at <= len(data) - size:
        yield at
        at = data.find(magic, at + 1)


def _lenient(name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding).replace("\\", "/").lstrip("/")
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1").replace("\\", "/").lstrip("/")


def _content(data: bytes, start: int, method: int, size: int | None, budget: _Budget) -> bytes:
    end = len(data) if size is None else min(start + size, len(data))
    if method == STORED:
        end = min(end, start + budget.unpacked)
        if size is None:
            # Written without a size: it lasts until the next mark.
            mark = _MARK.search(data, start, end)
            end = end if mark is None else mark.start()
        content = data[start:end]
        budget.unpacked -= len(content)
        return content
    return _inflated(data, start, end, budget) if method == DEFLATE else b""


def _inflated(data: bytes, start: int, end: int, budget: _Budget) -> bytes:
    """Return as much as the stream yields; a broken one yields what came before the break."""
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    at = start
    while at < end and not unpack.eof and budget.packed > 0 and budget.unpacked > 0:
        chunk = data[at : min(at + _CHUNK, end)]
        at += len(chunk)
        budget.packed -= len(chunk)
        try:
            piece = unpack.decompress(chunk, budget.unpacked)
        except zlib.error:
            break
        budget.unpacked -= len(piece)
        pieces.append(piece)
    return b"".join(pieces)
