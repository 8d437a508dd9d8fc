"""What lies in the folder of issued files, for somebody who goes through all of it; nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.storage.pack import folder_of, opened, read_index

_SUFFIX: Final = ".pack"
_TEMPORARY: Final = ".tmp"


class Kind(StrEnum):
    """What an entry of the folder is."""

    PACK = "pack"
    TEMPORARY = "temporary"
    """A writer's file that has no name yet."""
    STRAY = "stray"
    """Nothing the store writes, or not where it writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One file of the folder."""

    path: str
    """From the folder of issued files on."""
    kind: Kind
    written_at: datetime
    names: tuple[str, ...] = ()
    """Of the issued files in a pack."""
    sound: bool = True
    """False for a pack whose index is damaged: *names* are those its heads tell, and may lack some."""


def listed(folder: Path) -> Iterator[Listed]:
    """Go through the folder, a folder of packs at a time; what vanishes meanwhile is passed over.

    Raises:
        UnavailableError: the folder is not there or cannot be read.
    """
    if not folder.is_dir():
        raise UnavailableError("the folder of issued files is not there")
    try:
        for path in _files(folder, 2):
            try:
                yield _look(folder, path)
            except FileNotFoundError:
                continue
    except OSError as error:
        raise UnavailableError(f"storage: {error.strerror}") from error


def _files(folder: Path, levels: int) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if levels and entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), levels - 1)
        else:
            yield Path(entry.path)


def _look(folder: Path, path: Path) -> Listed:
    place = path.relative_to(folder)
    written_at = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    if path.name.startswith(".") and path.suffix == _TEMPORARY:
        return Listed(path=str(place), kind=Kind.TEMPORARY, written_at=written_at)
    plain = path.is_file() and not path.is_symlink() and path.name.isascii()
    if not plain or path.suffix != _SUFFIX or str(place.parent) != folder_of(path.stem):
        return Listed(path=str(place), kind=Kind.STRAY, written_at=written_at)
    try:
        with opened(path) as handle:
            index = read_index(handle)
    except RecordDamagedError:
        return Listed(path=str(place), kind=Kind.PACK, written_at=written_at, sound=False)
    return Listed(
        path=str(place),
        kind=Kind.PACK,
        written_at=written_at,
        names=tuple(index.files),
        sound=not index.by_heads,
    )
