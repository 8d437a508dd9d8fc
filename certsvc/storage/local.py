"""Issued files in a local folder: written once, on disk before put() returns, never changed."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.errors import StorageFullError, UnavailableError
from certsvc.storage.port import Storage

_NAME: Final = re.compile(r"(?P<stem>[A-Za-z0-9_-]{1,100})\.(?:pdf|ofd)", re.ASCII)
_TEMPORARY: Final = re.compile(r"\.[A-Za-z0-9_.-]+\.[0-9a-f]{16}\.tmp", re.ASCII)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_PROBE_BYTES: Final = 64 * 1024
"""About the size of one issued file."""


class LocalStorage(Storage):
    """A create-only store under one folder; safe to share between threads and processes.

    A file goes through ``.<name>.<random>.tmp`` in its own folder: write, fsync, link to the final name (it
    fails when that is taken), unlink, fsync of the folder. So a name shows a whole file or nothing, and a
    crash leaves at worst a temporary file, see sweep_temporary(). Two levels of folders named after a hash
    keep each folder short: a million files are about 15 to a folder.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is created with the first file."""
        self._folder = folder
        self._durable: set[Path] = set()
        """Folders whose own entry this process has synced."""
        self._broken = ""
        """Set by the first failed fsync: what the kernel then holds of earlier writes is unknown."""

    def put(self, name: str, content: bytes) -> None:
        """Store durably; the same bytes again under the same name are fine. See the port."""
        final = self._path(name)
        if not content:
            raise UnavailableError("an issued file is never empty")
        self._check_sound()
        try:
            self._make_folder(final.parent)
            published = self._publish(final, content)
            if not published and self._read(final) != content:
                raise UnavailableError("the name is taken by other bytes")
            try:
                # Also for a file found: its writer may have died before this line.
                self._sync_folder(final.parent)
            except OSError:
                if published:
                    final.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _translated(error) from error

    def get(self, name: str) -> bytes:
        """Return the bytes of a complete file. See the port."""
        try:
            return self._read(self._path(name))
        except OSError as error:
            raise _translated(error) from error

    def exists(self, name: str) -> bool:
        """Tell whether a complete file of this name is there."""
        try:
            found = self._path(name).lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _translated(error) from error
        return stat.S_ISREG(found.st_mode) and found.st_size > 0

    def remove(self, name: str) -> None:
        """Remove durably; a missing file is fine."""
        path = self._path(name)
        try:
            path.unlink()
            self._sync_folder(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _translated(error) from error

    def check(self) -> None:
        """Write, sync and remove a probe the size of an issued file. See the port."""
        self._check_sound()
        probe = self._temporary(self._folder / "check")
        try:
            self._make_folder(self._folder)
            try:
                self._write_synced(probe, bytes(_PROBE_BYTES))
            finally:
                probe.unlink(missing_ok=True)
            self._sync_folder(self._folder)
        except OSError as error:
            raise _translated(error) from error

    def sweep_temporary(self, older_than: datetime) -> int:
        """Remove what crashed writers left.

        Args:
            older_than: aware instant; a temporary file last written before it has no writer any more.

        Returns:
            How many were removed.
        """
        removed = 0
        try:
            for path in self._temporaries(self._folder, levels=2):
                # A writer at work may finish with its file between two lines here.
                with suppress(FileNotFoundError):
                    if path.lstat().st_mtime < older_than.timestamp():
                        path.unlink()
                        removed += 1
        except OSError as error:
            raise _translated(error) from error
        return removed

    def _path(self, name: str) -> Path:
        """Return where *name* lives; both formats of one copy share a folder."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise UnavailableError("not a name of an issued file")
        spread = hashlib.sha256(match["stem"].encode("ascii")).hexdigest()
        return self._folder / spread[:2] / spread[2:4] / name

    def _temporary(self, path: Path) -> Path:
        """Return a fresh temporary name beside *path*."""
        return path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")

    def _temporaries(self, folder: Path, levels: int) -> Iterator[Path]:
        """Walk the temporary files in *folder* and the given number of levels below it."""
        if not folder.is_dir():
            return
        for entry in list(os.scandir(folder)):
            if levels and entry.is_dir(follow_symlinks=False):
                yield from self._temporaries(Path(entry), levels - 1)
            elif _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                yield Path(entry)

    def _check_sound(self) -> None:
        if self._broken:
            raise UnavailableError(self._broken)

    def _publish(self, final: Path, content: bytes) -> bool:
        """Give *content* a free name; False when the name is taken."""
        if os.path.lexists(final):
            return False
        temporary = self._temporary(final)
        try:
            self._write_synced(temporary, content)
            # Rivals may both have passed the look above; the link decides.
            os.link(temporary, final)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _write_synced(self, path: Path, content: bytes) -> None:
        """Create *path* with *content* and sync it."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            self._sync(handle)
        finally:
            os.close(handle)

    def _make_folder(self, folder: Path) -> None:
        """Create *folder* and sync the entry of each level, also of those a rival has only just made."""
        if folder in self._durable:
            return
        # Above the store, only what is missing is ours to make.
        if self._folder in folder.parents or not folder.parent.is_dir():
            self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._sync_folder(folder.parent)
        self._durable.add(folder)

    def _sync_folder(self, folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._sync(handle)
        finally:
            os.close(handle)

    def _sync(self, handle: int) -> None:
        """Call fsync; after a failure nothing more is stored until a restart.

        The kernel may drop what it could not write and call the next fsync a success, so trying again proves
        nothing. No room is different: the bytes are thrown away and a later file may fit.
        """
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in _FULL:
                self._broken = (
                    f"fsync failed ({errno.errorcode.get(error.errno or 0, '?')}); check the disk, restart"
                )
            raise

    def _read(self, path: Path) -> bytes:
        """Return the bytes of a regular file that holds something and is read to its end."""
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size == 0:
                raise UnavailableError("an issued file is empty or not a file")
            content = file.read()
        if len(content) != found.st_size:
            raise UnavailableError("an issued file is cut short")
        return content


def _translated(error: OSError) -> UnavailableError:
    """Return our error for one of the operating system; the path, which names a copy, stays out of it."""
    note = f"storage: {errno.errorcode.get(error.errno or 0, 'unknown error')}"
    return StorageFullError(note) if error.errno in _FULL else UnavailableError(note)
