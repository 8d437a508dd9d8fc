"""Files of a backup: written whole and on the disk, or not there; read with their hash."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from certsvc.backup.manifest import Part
from certsvc.errors import StorageFullError, UnavailableError

_AT_ONCE: Final = 1 << 20
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn what the operating system refuses into our errors; no path is named, a pack's names a copy."""
    try:
        yield
    except OSError as error:
        note = f"backup: {errno.errorcode.get(error.errno or 0, 'unknown error')}"
        raise (StorageFullError(note) if error.errno in _FULL else UnavailableError(note)) from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other backup out of a folder of backups, which is made when it is not there.

    One that forgets would remove the packs that one still at work has copied and not yet named.

    Raises:
        UnavailableError: there is one at work.
    """
    make_folder(folder)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError("another backup into this folder is at work; run it later") from error
        yield
    finally:
        os.close(handle)


def chunks_of(file: Path) -> Iterator[bytes]:
    """Read *file* a piece at a time; a link to elsewhere is not followed. OSError."""
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb", buffering=0) as opened:
        while piece := opened.read(_AT_ONCE):
            yield piece


def part_of(file: Path) -> Part:
    """Return size and hash of *file*. OSError."""
    digest, size = hashlib.sha256(), 0
    for piece in chunks_of(file):
        digest.update(piece)
        size += len(piece)
    return Part(size=size, sha256=digest.hexdigest())


def make_folder(folder: Path) -> None:
    """Create *folder* and what is missing above it, for its owner alone, each on the disk. OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in *folder* durable. OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_beside(folder: Path, pieces: Iterable[bytes]) -> tuple[Path, Part]:
    """Write *pieces* into a new temporary file in *folder* and sync it. OSError; then nothing is left."""
    # A name the store's own sweep knows: what a killed restore left goes with the next recovery.
    temporary = folder / f".backup.{secrets.token_hex(8)}.tmp"
    digest, size = hashlib.sha256(), 0
    try:
        handle = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        with os.fdopen(handle, "wb", buffering=0) as opened:
            for piece in pieces:
                digest.update(piece)
                left = memoryview(piece)
                while left:
                    left = left[opened.write(left) :]
                size += len(piece)
            os.fsync(handle)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary, Part(size=size, sha256=digest.hexdigest())


def write_whole(file: Path, pieces: Iterable[bytes]) -> Part:
    """Write *file* so that it is there whole and on the disk, or not at all. OSError."""
    temporary, part = write_beside(file.parent, pieces)
    try:
        temporary.rename(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)
    return part
