"""Which packs a local store holds; for copying them, never for finding an issued file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PACK: Final = re.compile(r"[A-Za-z0-9_-]{1,16}\.pack", re.ASCII)
_LEVELS: Final = 2


@dataclass(frozen=True, slots=True)
class PackFile:
    """One pack as it lies on the disk."""

    place: str
    """Relative to the store, with slashes."""
    size: int
    """Bytes."""
    changed_ns: int
    """Last write, nanoseconds since 1970; a pack written anew has another."""


def is_pack_place(place: str) -> bool:
    """Tell whether a relative path is one where this store would put a pack."""
    parts = place.split("/")
    return (
        len(parts) == _LEVELS + 1
        and re.fullmatch("[0-9a-f]{2}", parts[0]) is not None
        and re.fullmatch("[0-9a-f]", parts[1]) is not None
        and _PACK.fullmatch(parts[2]) is not None
    )


def list_packs(folder: Path) -> Iterator[PackFile]:
    """Walk the packs under *folder*, in no order; one that vanishes meanwhile may be left out. OSError."""
    if folder.is_dir():
        yield from _walk(folder, "", _LEVELS)


def _walk(folder: Path, above: str, levels: int) -> Iterator[PackFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            place = f"{above}{entry.name}"
            if levels and entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{place}/", levels - 1)
            elif not levels and is_pack_place(place):
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield PackFile(place, told.st_size, told.st_mtime_ns)
