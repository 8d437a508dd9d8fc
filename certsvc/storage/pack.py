"""A pack: the issued files of one chunk in one file of the disk, so that one sync makes all of them durable.

``magic``, then for each file a head (mark, name, length, sha256) and its bytes, then the index (mark, for
each file name, place, length, sha256) and a tail that says where the index begins and what its sha256 is. The
heads repeat what the index says: where it is damaged, the files are found by walking from head to head.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from certsvc.errors import RecordDamagedError, UnavailableError

MAGIC: Final = b"certsvc pack 1\r\n"
_FILE: Final = b"FILE"
_INDEX: Final = b"INDX"
_NAME: Final = struct.Struct(">H")
_LENGTH: Final = struct.Struct(">Q32s")
"""Bytes of the file, their sha256."""
_ENTRY: Final = struct.Struct(">QQ32s")
"""Place of the first byte, bytes, sha256."""
_TAIL: Final = struct.Struct(">Q32s8s")
"""Place of the index, its sha256, the end mark."""
_END: Final = b"pack end"
_NAME_MAX: Final = 200
_LARGE_BYTES: Final = 8 * 1024 * 1024
"""A pack from this size on is a batch's: nobody stands at the desk waiting to fetch its files."""
_AT_ONCE: Final = 512
"""Buffers to a writev(); the kernel takes 1,024."""


class Source(Protocol):
    """A pack that can be read in pieces, wherever it lies."""

    @property
    def size(self) -> int:
        """Bytes of the whole pack."""

    def read(self, place: int, length: int) -> bytes:
        """Return up to *length* bytes from *place* on; none behind the end."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A pack in memory."""

    content: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    def read(self, place: int, length: int) -> bytes:
        """Return a piece."""
        return self.content[place : place + length]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A pack behind a file handle."""

    handle: int

    @property
    def size(self) -> int:
        return os.fstat(self.handle).st_size

    def read(self, place: int, length: int) -> bytes:
        return os.pread(self.handle, length, place)


@dataclass(frozen=True, slots=True)
class Packed:
    """Where one file lies in a pack."""

    place: int
    length: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file on its way into a pack."""

    name: str
    content: bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Index:
    """What a pack holds, by name."""

    files: Mapping[str, Packed]
    whole: bool
    """False when there may be more: both the index and a head are damaged."""
    by_heads: bool = False
    """The index is damaged: the files were found by their heads."""


def packed_file(name: str, content: bytes, sha256: str | None = None) -> PackedFile:
    """Prepare one file; *sha256*, hex, if it is known already, is of these very bytes."""
    return PackedFile(name, content, bytes.fromhex(sha256) if sha256 else hashlib.sha256(content).digest())


def parts_of(files: Iterable[PackedFile]) -> Iterator[bytes]:
    """Yield the bytes of the pack that holds *files*, piece by piece."""
    place = len(MAGIC)
    index = [_INDEX]
    yield MAGIC
    for file in files:
        name = _named(file.name)
        head = _FILE + name + _LENGTH.pack(len(file.content), file.sha256)
        yield head
        yield file.content
        index.append(name + _ENTRY.pack(place + len(head), len(file.content), file.sha256))
        place += len(head) + len(file.content)
    listed = b"".join(index)
    yield listed
    yield _TAIL.pack(place, hashlib.sha256(listed).digest(), _END)


def folder_of(pack: str) -> str:
    """Return the folder, within that of all issued files, in which the pack of this name lies."""
    spread = hashlib.sha256(pack.encode("ascii")).hexdigest()
    return f"{spread[:2]}/{spread[2]}"


def write_all(handle: int, parts: Iterable[bytes]) -> None:
    """Write *parts* behind each other, however many bytes the kernel takes at once. OSError."""
    left = [memoryview(part) for part in parts]
    at = 0
    while at < len(left):
        written = os.writev(handle, left[at : at + _AT_ONCE])
        while at < len(left) and written >= len(left[at]):
            written -= len(left[at])
            at += 1
        if written:
            left[at] = left[at][written:]


def let_go(handle: int) -> None:
    """Give back the memory that holds a large synced file.

    A batch would else fill the machine's memory with files nobody reads for now, and each new one would wait
    for room to be made: six times the processor's work of writing it.
    """
    if os.fstat(handle).st_size >= _LARGE_BYTES:
        with suppress(OSError):
            # An advice; a file system that does not take it has stored the file all the same.
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a pack for reading; a link to elsewhere is not followed."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnavailableError("a pack of issued files is not a file")
        yield handle
    finally:
        os.close(handle)


@contextmanager
def holding(folder: Path) -> Iterator[int]:
    """Hold a folder: of two who write one pack anew, the second must see what the first one left."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def read_index(pack: int | Source) -> Index:
    """Return what a pack (or that behind a file handle) holds, from its index or else from its heads.

    Raises:
        RecordDamagedError: it is no pack, or damaged before its first file.
        OSError: it cannot be read.
    """
    source = _source(pack)
    size = source.size
    if size > _TAIL.size:
        place, digest, end = _TAIL.unpack(_read(source, size - _TAIL.size, _TAIL.size))
        if end == _END and place < size - _TAIL.size:
            listed = _read(source, place, size - _TAIL.size - place)
            if hashlib.sha256(listed).digest() == digest:
                return Index(dict(_entries(listed)), whole=True)
    return _walk(source, size)


def read_packed(pack: int | Source, packed: Packed) -> bytes:
    """Return the bytes of one file.

    Raises:
        RecordDamagedError: they are not those that were stored.
        OSError: they cannot be read.
    """
    content = _read(_source(pack), packed.place, packed.length)
    if hashlib.sha256(content).digest() != packed.sha256:
        raise RecordDamagedError("an issued file is not as it was stored")
    return content


def read_raw(pack: int | Source, files: Mapping[str, Packed]) -> Sequence[PackedFile]:
    """Return *files* as they are, damaged or not, each with the sha256 it was stored with."""
    source = _source(pack)
    return [
        PackedFile(name, _read(source, packed.place, packed.length), packed.sha256)
        for name, packed in files.items()
    ]


def _named(name: str) -> bytes:
    encoded = name.encode("ascii")
    return _NAME.pack(len(encoded)) + encoded


def _entries(listed: bytes) -> Iterator[tuple[str, Packed]]:
    """Yield what a sound index lists."""
    at = len(_INDEX)
    while at < len(listed):
        (length,) = _NAME.unpack_from(listed, at)
        at += _NAME.size
        name = listed[at : at + length].decode("ascii")
        at += length
        yield name, Packed(*_ENTRY.unpack_from(listed, at))
        at += _ENTRY.size


def _walk(source: Source, size: int) -> Index:
    """Find the files by their heads."""
    if _read(source, 0, min(size, len(MAGIC))) != MAGIC:
        raise RecordDamagedError("a pack of issued files is cut short or none of ours")
    files: dict[str, Packed] = {}
    at = len(MAGIC)
    head_max = len(_FILE) + _NAME.size + _NAME_MAX + _LENGTH.size
    while at < size:
        head = _read(source, at, min(head_max, size - at))
        if head.startswith(_INDEX):
            return Index(files, whole=True, by_heads=True)
        name_at = len(_FILE) + _NAME.size
        if not head.startswith(_FILE) or len(head) < name_at:
            break
        (length,) = _NAME.unpack_from(head, len(_FILE))
        name = head[name_at : name_at + length]
        if not name.isascii() or len(head) < name_at + length + _LENGTH.size:
            break
        bytes_, sha256 = _LENGTH.unpack_from(head, name_at + length)
        place = at + name_at + length + _LENGTH.size
        if bytes_ > size - place:
            break
        files[name.decode("ascii")] = Packed(place, bytes_, sha256)
        at = place + bytes_
    return Index(files, whole=False, by_heads=True)


def _read(source: Source, place: int, length: int) -> bytes:
    """Return exactly *length* bytes. RecordDamagedError when there are fewer."""
    content = source.read(place, length)
    while len(content) < length:
        more = source.read(place + len(content), length - len(content))
        if not more:
            raise RecordDamagedError("a pack of issued files is cut short")
        content += more
    return content


def _source(pack: int | Source) -> Source:
    return _Opened(pack) if isinstance(pack, int) else pack
