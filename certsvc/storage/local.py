"""Issued files in packs in a local folder: written once, on disk before put() returns, never changed."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.errors import RecordDamagedError, StorageFullError, UnavailableError
from certsvc.storage.naming import place_of
from certsvc.storage.pack import (
    PackedFile,
    holding,
    let_go,
    opened,
    packed_file,
    parts_of,
    read_index,
    read_packed,
    read_raw,
    write_all,
)
from certsvc.storage.port import NOTHING, Storage

_TEMPORARY: Final = re.compile(r"\.[A-Za-z0-9_.-]+\.[0-9a-f]{16}\.tmp", re.ASCII)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_PROBE_BYTES: Final = 64 * 1024
"""About the size of one issued file."""


class LocalStorage(Storage):
    """A create-only store under one folder; safe to share between threads and processes.

    The files of a chunk go into one pack (pack.py) through ``.<pack>.<random>.tmp`` in its own folder: write,
    fsync, link to the final name (it fails when that is taken), unlink, fsync of the folder. So a name shows
    a whole pack or nothing, and a crash leaves at worst a temporary file, see sweep_temporary(). A pack is
    named after the beginning of its files' names, and lies in one of 256 times 16 folders named after a hash
    of that: a million packs are about 250 to a folder.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is created with the first pack."""
        self._folder = folder
        self._durable: set[Path] = set()
        """Folders whose own entry this process has synced."""
        self._broken = ""
        """Set by the first failed fsync: what the kernel then holds of earlier writes is unknown."""

    def put(self, files: Mapping[str, bytes], known: Mapping[str, str] = NOTHING) -> Mapping[str, str]:
        """Store the files of one chunk durably, in one pack. See the port."""
        paths = {self._path(name) for name in files}
        if len(paths) != 1 or not all(files.values()):
            raise UnavailableError("a pack holds the files of one chunk, and an issued file is never empty")
        (final,) = paths
        self._check_sound()
        packed = [packed_file(name, content, known.get(name)) for name, content in files.items()]
        try:
            self._make_folder(final.parent)
            published = self._publish(final, packed)
            if not published and not self._holds(final, files):
                raise UnavailableError("the name is taken by other bytes")
            try:
                # Also for a pack found: its writer may have died before this line.
                self._sync_folder(final.parent)
            except OSError:
                if published:
                    final.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _translated(error) from error
        return {file.name: file.sha256.hex() for file in packed}

    def get(self, name: str) -> bytes:
        """Return the bytes of one file. See the port."""
        path = self._path(name)
        try:
            with opened(path) as handle:
                packed = read_index(handle).files.get(name)
                if packed is None:
                    raise UnavailableError("an issued file is not in its pack")
                return read_packed(handle, packed)
        except OSError as error:
            raise _translated(error) from error

    def exists(self, name: str) -> bool:
        """Tell whether a pack lists this name."""
        path = self._path(name)
        try:
            with opened(path) as handle:
                return name in read_index(handle).files
        except (FileNotFoundError, RecordDamagedError):
            return False
        except OSError as error:
            raise _translated(error) from error

    def sync(self, name: str) -> None:
        """Sync the pack that holds a file, and its folder. See the port."""
        path = self._path(name)
        self._check_sound()
        try:
            with opened(path) as handle:
                self._sync(handle)
            self._sync_folder(path.parent)
        except OSError as error:
            raise _translated(error) from error

    def remove(self, names: Iterable[str]) -> None:
        """Write each pack anew without these files, or unlink it when nothing is left. See the port."""
        packs: dict[Path, set[str]] = {}
        for name in names:
            packs.setdefault(self._path(name), set()).add(name)
        for path, gone in packs.items():
            try:
                if _is_there(path):
                    self._remove(path, gone)
            except OSError as error:
                raise _translated(error) from error

    def _remove(self, path: Path, gone: Collection[str]) -> None:
        with holding(path.parent) as folder:
            if not _is_there(path):
                # Another one removed the last file of it while this one waited.
                return
            with opened(path) as handle:
                index = read_index(handle)
                kept = {name: packed for name, packed in index.files.items() if name not in gone}
                if len(kept) == len(index.files):
                    return
                if not index.whole:
                    raise RecordDamagedError("a damaged pack cannot be written anew")
                files = read_raw(handle, kept)
            if files:
                # On a disk that failed to sync the files that stay would be put at risk.
                self._check_sound()
                temporary = self._temporary(path)
                try:
                    self._write_synced(temporary, parts_of(files))
                    temporary.rename(path)
                finally:
                    temporary.unlink(missing_ok=True)
            else:
                path.unlink()
            self._sync(folder)

    def check(self) -> None:
        """Write, sync and remove a probe the size of an issued file. See the port."""
        self._check_sound()
        probe = self._temporary(self._folder / "check")
        try:
            self._make_folder(self._folder)
            try:
                self._write_synced(probe, [bytes(_PROBE_BYTES)])
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
        """Return the pack in which *name* lives; the files of one chunk share it."""
        return self._folder / place_of(name)

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

    def _publish(self, final: Path, files: Sequence[PackedFile]) -> bool:
        """Give a pack of *files* a free name; False when the name is taken."""
        if os.path.lexists(final):
            return False
        temporary = self._temporary(final)
        try:
            self._write_synced(temporary, parts_of(files))
            # Rivals may both have passed the look above; the link decides.
            os.link(temporary, final)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _holds(self, path: Path, files: Mapping[str, bytes]) -> bool:
        """Tell whether a pack is just that of *files*."""
        with opened(path) as handle:
            index = read_index(handle)
            return index.files.keys() == files.keys() and all(
                read_packed(handle, packed) == files[name] for name, packed in index.files.items()
            )

    def _write_synced(self, path: Path, parts: Iterable[bytes]) -> None:
        """Create *path* with *parts* behind each other and sync it."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(handle, parts)
            self._sync(handle)
            let_go(handle)
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


def _is_there(path: Path) -> bool:
    """Tell whether there is anything of this name; OSError when that cannot be told."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _translated(error: OSError) -> UnavailableError:
    """Return our error for one of the operating system; the path, which names a copy, stays out of it."""
    note = f"storage: {errno.errorcode.get(error.errno or 0, 'unknown error')}"
    return StorageFullError(note) if error.errno in _FULL else UnavailableError(note)
