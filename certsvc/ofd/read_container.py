"""Bytes to files, believing nothing: a ZIP is taken only if every program that reads it sees the same files.

Programs find the files of a ZIP by its directory, or by walking from the front, or by whatever comes last
under a name. A file is intact only when all ways lead to one result, so local entries and directory must tile
the bytes: entry after entry from offset 0, then the directory, then its end, not a byte between or around.
"""

from __future__ import annotations

import stat
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final, NoReturn

from isal import isal_zlib

from certsvc.ofd.container import MAX_ENTRIES, MAX_RATIO, MAX_UNPACKED, RATIO_FROM, plain_name
from certsvc.ofd.headers import CENTRAL, CENTRAL_MAGIC, END, END_MAGIC, LOCAL, LOCAL_MAGIC, VERSION
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import DEFLATE, STORED, BrokenOFDError

_ENCRYPTED: Final = 1 | 1 << 6
_HARMLESS: Final = 1 << 1 | 1 << 2 | 1 << 11
"""How hard the packer tried, and that an ASCII name is also UTF-8."""
_UNIX: Final = 3
_UNIX_TYPES: Final = (0, stat.S_IFREG)
_AGREED: Final = Struct("<5H3I")
"""What a local header and its row in the directory both say: version to crc, sizes."""
_AGREED_AT: Final = 6
"""Where that begins in a row; in a local header two bytes earlier."""
_NAME_SIZES: Final = Struct("<2H")
"""Of the name and of the extra field, at the end of a local header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One row of the directory."""

    name: bytes
    agreed: bytes
    """Version needed, flags, method, time, date, CRC and both sizes, as stored."""
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    offset: int


def read_container(data: bytes) -> dict[str, bytes]:
    """Return the files of an OFD by name, in their order; names are ASCII and plain, none comes twice.

    Raises:
        BrokenOFDError: the only error, whatever *data* is. Codes: NOT_AN_OFD, LEADING_BYTES, TRAILING_BYTES,
            HIDDEN_ENTRY, DUPLICATE_ENTRY, ENCRYPTED_FILE, FILE_TOO_LARGE, CONTAINER_BROKEN.
    """
    directory_at, count, size = _end(data)
    entries = _directory(data[directory_at : directory_at + size], count)
    names = [_decoded(entry.name) for entry in entries]
    if OFD not in names:
        raise BrokenOFDError("NOT_AN_OFD", "no OFD.xml")
    _check_names(names)
    _check_sizes(entries)
    starts = _tile(data, entries, directory_at)
    if names[0] != OFD:
        _broken("OFD.xml is not first")
    return {
        name: _content(data[start : start + entry.packed_size], entry)
        for name, entry, start in zip(names, entries, starts, strict=True)
    }


def _end(data: bytes) -> tuple[int, int, int]:
    """Return where the directory begins, how many rows it has and how many bytes."""
    at = data.rfind(END_MAGIC)
    if at < 0 or at + END.size > len(data):
        if data.startswith(LOCAL_MAGIC):
            _broken("the end is missing")
        raise BrokenOFDError("NOT_AN_OFD", "not a ZIP")
    if at + END.size != len(data):
        raise BrokenOFDError("TRAILING_BYTES")
    _, disk, directory_disk, on_disk, count, size, directory_at, comment = END.unpack_from(data, at)
    if disk or directory_disk or on_disk != count or comment:
        _broken("several disks, or a comment")
    shift = at - size - directory_at
    if shift:
        if shift > 0 and data.startswith(CENTRAL_MAGIC, at - size) and data.startswith(LOCAL_MAGIC, shift):
            raise BrokenOFDError("LEADING_BYTES", "offsets count from a later place")
        _broken("the directory does not end where the end begins")
    if count > MAX_ENTRIES:
        raise BrokenOFDError("FILE_TOO_LARGE", "too many entries")
    return directory_at, count, size


def _directory(rows: bytes, count: int) -> list[_Entry]:
    entries: list[_Entry] = []
    at = 0
    while at < len(rows):
        if len(entries) == count or len(rows) - at < CENTRAL.size or not rows.startswith(CENTRAL_MAGIC, at):
            _broken("the directory is not a row of entries")
        row = CENTRAL.unpack_from(rows, at)
        name_size, extra, comment, disk = row[10:14]
        name = rows[at + CENTRAL.size : at + CENTRAL.size + name_size]
        if len(name) != name_size or extra or comment or disk:
            _broken("an entry carries more than a name")
        if row[1] >> 8 == _UNIX and stat.S_IFMT(row[15] >> 16) not in _UNIX_TYPES:
            _broken("an entry is a link or a device")
        entries.append(
            _Entry(
                name=name,
                agreed=rows[at + _AGREED_AT : at + _AGREED_AT + _AGREED.size],
                flags=row[3],
                method=row[4],
                crc=row[7],
                packed_size=row[8],
                size=row[9],
                offset=row[16],
            )
        )
        at += CENTRAL.size + name_size
    if len(entries) != count:
        _broken("the directory has fewer entries than it says")
    return entries


def _decoded(name: bytes) -> str:
    """Return the name for comparing; only an ASCII one is ever handed out."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("latin-1")


def _check_names(names: Sequence[str]) -> None:
    alike = {unicodedata.normalize("NFKC", name.replace("\\", "/")).casefold() for name in names}
    if len(alike) != len(names):
        raise BrokenOFDError("DUPLICATE_ENTRY")
    if not all(name.isascii() for name in names):
        # Programs guess the encoding, and each guess makes another name of it.
        raise BrokenOFDError("DUPLICATE_ENTRY", "a name is not ASCII")
    if not all(plain_name(name) for name in names):
        _broken("a name is not plain")


def _check_sizes(entries: Sequence[_Entry]) -> None:
    """Judge what the directory promises; unpacking then keeps to the promise."""
    if sum(entry.size for entry in entries) > MAX_UNPACKED:
        raise BrokenOFDError("FILE_TOO_LARGE", "too much in all")
    for entry in entries:
        if entry.size > RATIO_FROM and entry.size > MAX_RATIO * entry.packed_size:
            raise BrokenOFDError("FILE_TOO_LARGE", "packed beyond what documents are")


def _tile(data: bytes, entries: Sequence[_Entry], directory_at: int) -> list[int]:
    """Return where each entry's packed bytes begin, having seen that nothing else is in the file."""
    listed = {entry.offset for entry in entries}
    starts: list[int] = []
    at = 0
    for entry in entries:
        if entry.offset != at:
            _misplaced(data, at, listed, directory_at)
        if not data.startswith(LOCAL_MAGIC, at) or at + LOCAL.size > directory_at:
            raise BrokenOFDError("HIDDEN_ENTRY", "the directory lists what is not there")
        name_at = at + LOCAL.size
        name_size, extra = _NAME_SIZES.unpack_from(data, name_at - _NAME_SIZES.size)
        if entry.flags & _ENCRYPTED:
            raise BrokenOFDError("ENCRYPTED_FILE")
        if not data.startswith(entry.agreed, at + _AGREED_AT - 2) or extra:
            _broken("a local header differs from the directory")
        if data[name_at : name_at + name_size] != entry.name:
            _broken("a local header has another name than the directory")
        version = int.from_bytes(entry.agreed[:2], "little")
        if entry.flags & ~_HARMLESS or version > VERSION or entry.method not in (STORED, DEFLATE):
            _broken("an entry needs more than stored or deflate")
        starts.append(name_at + name_size)
        at = name_at + name_size + entry.packed_size
        if at > directory_at:
            _broken("an entry runs into the directory")
    if at != directory_at:
        _misplaced(data, at, listed, directory_at)
    return starts


def _misplaced(data: bytes, at: int, listed: set[int], directory_at: int) -> NoReturn:
    """Say what stands at *at*, where the next listed entry should begin or the directory."""
    if at < directory_at and at not in listed:
        if data.startswith(LOCAL_MAGIC, at):
            raise BrokenOFDError("HIDDEN_ENTRY", "an entry is not in the directory")
        if at == 0:
            raise BrokenOFDError("LEADING_BYTES")
    _broken("entries leave gaps, overlap or are out of order")


def _content(packed: bytes, entry: _Entry) -> bytes:
    if entry.method == STORED:
        content = packed
    else:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            # One byte of room more than promised, so that too long a stream shows itself.
            content = unpack.decompress(packed, entry.size + 1)
        except zlib.error:
            _broken("a deflate stream is broken")
        if not unpack.eof or unpack.unused_data:
            _broken("a deflate stream does not end with its entry")
    if len(content) != entry.size or isal_zlib.crc32(content) != entry.crc:
        _broken("a content is not what its header says")
    return content


def _broken(detail: str) -> NoReturn:
    raise BrokenOFDError("CONTAINER_BROKEN", detail)
