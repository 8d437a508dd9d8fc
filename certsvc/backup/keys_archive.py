"""The folder of keys as one file, for a place apart: whoever holds it and a backup holds everything."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Final

from certsvc.backup.disk import make_folder, sync_folder, told_in_words, write_whole
from certsvc.errors import BackupDamagedError, KeyMaterialError, PlaceNotEmptyError, UnavailableError

_NEEDED: Final = "registry.secret"
_LOOKS: Final = 3
_KEY_FILE_MAX: Final = 1 << 20
"""Bytes; keys, certificates, seals and lists are far smaller."""


def archive_keys(keys: Path, file: Path) -> int:
    """Write every file of the folder of keys into a new tar *file*, readable by its owner alone.

    Returns:
        How many files are in it.

    Raises:
        PlaceNotEmptyError: *file* is there already: an older set of keys is not written over.
        KeyMaterialError: there is no registry's secret in the folder, so it is not the one in use.
        UnavailableError: something cannot be read or written, or (StorageFullError) there is no room.
    """
    with told_in_words():
        if file.exists():
            raise PlaceNotEmptyError("the file for the keys is there already")
        found = _keys_of(keys)
        gathered = io.BytesIO()
        with tarfile.open(fileobj=gathered, mode="w") as archive:
            for place, (content, changed_ns) in sorted(found.items()):
                told = tarfile.TarInfo(place)
                told.size, told.mode, told.mtime = len(content), 0o600, changed_ns // 1_000_000_000
                archive.addfile(told, io.BytesIO(content))
        make_folder(file.absolute().parent)
        write_whole(file.absolute(), [gathered.getvalue()])
    return len(found)


def _keys_of(keys: Path) -> dict[str, tuple[bytes, int]]:
    """Return the content and the last write of each file of a folder of keys, all as of one moment.

    A key that is made meanwhile must not be in the list and missing as a file.
    """
    for _ in range(_LOOKS):
        before = _glance(keys)
        found = {place: ((keys / place).read_bytes(), changed_ns) for place, changed_ns in before.items()}
        if _glance(keys) == before:
            if _NEEDED not in found:
                raise KeyMaterialError(f"there is no {_NEEDED} in {keys}; CERTSVC_KEYS_DIR names the folder")
            return found
    raise UnavailableError("keys are being changed; run it again")


def _glance(keys: Path) -> dict[str, int]:
    """Return the files of a folder of keys with their last write; links to files, as mounts have, count."""
    places = ((one, one.relative_to(keys)) for one in keys.rglob("*"))
    return {
        place.as_posix(): one.stat().st_mtime_ns
        for one, place in places
        # The lock, and what is being written.
        if not any(part.startswith(".") for part in place.parts) and one.is_file()
    }


def bring_keys(file: Path, keys: Path) -> int:
    """Put the keys of an archive into a folder where none are; all of them or nothing.

    Returns:
        How many files came.

    Raises:
        PlaceNotEmptyError: there is something else in the folder.
        BackupDamagedError: *file* is no such archive.
        UnavailableError: an I/O error.
    """
    with told_in_words():
        contents = _contents(file)
        if keys.is_dir() and any(keys.iterdir()):
            if all(_holds(keys / place, content) for place, content in contents.items()):
                # A restore that was cut off after the keys had come.
                return 0
            raise PlaceNotEmptyError("there are other keys already: name another folder by CERTSVC_KEYS_DIR")
        make_folder(keys.absolute().parent)
        coming = keys.absolute().with_name(f".{keys.name}.coming")
        _clear(coming)
        make_folder(coming)
        for place, content in contents.items():
            make_folder((coming / place).parent)
            write_whole(coming / place, [content])
        if keys.is_dir():
            keys.rmdir()
        coming.rename(keys)
        sync_folder(keys.absolute().parent)
    return len(contents)


def _contents(file: Path) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(file, mode="r:") as archive:
            for told in archive:
                place = Path(told.name)
                opened = archive.extractfile(told) if told.isreg() and told.size <= _KEY_FILE_MAX else None
                if opened is None or place.is_absolute() or ".." in place.parts:
                    raise BackupDamagedError("the archive of keys holds something that is no key file")
                contents[told.name] = opened.read()
    except tarfile.TarError as error:
        raise BackupDamagedError("the archive of keys cannot be read") from error
    return contents


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _clear(folder: Path) -> None:
    """Remove what a restore that was cut off left."""
    for one in sorted(folder.rglob("*"), reverse=True):
        if one.is_dir():
            one.rmdir()
        else:
            one.unlink()
    if folder.is_dir():
        folder.rmdir()
