"""What lies in a store, file by file: tests look into its packs without the store."""

from __future__ import annotations

from pathlib import Path

from certsvc.storage.pack import opened, read_index, read_raw


def packs_in(folder: Path) -> list[Path]:
    """List the packs under *folder*."""
    return sorted(folder.rglob("*.pack"))


def unpacked(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the issued files of a store by name, and the names of its temporary files."""
    files: dict[str, bytes] = {}
    for pack in packs_in(folder):
        with opened(pack) as handle:
            files |= {file.name: file.content for file in read_raw(handle, read_index(handle).files)}
    return files, sorted(path.name for path in folder.rglob("*.tmp"))
