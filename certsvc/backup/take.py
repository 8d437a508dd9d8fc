"""Taking a backup: first the register, then the packs, last the manifest.

A pack is stored before its rows are DONE: whatever the register of a backup calls DONE lies in a pack that
was there before the register was copied, and so is there when the packs are listed afterwards.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.backup.disk import (
    alone_in,
    make_folder,
    part_of,
    sync_folder,
    told_in_words,
    write_beside,
    write_whole,
)
from certsvc.backup.manifest import (
    BACKUPS,
    MANIFEST,
    PACKS,
    REGISTER,
    KeptPack,
    Manifest,
    complete_backups,
    name_of,
    read_packs,
    taken_at_of,
)
from certsvc.backup.store import PackStore, store_at
from certsvc.errors import PlaceNotEmptyError, UnavailableError
from certsvc.registry.dump import copy_register, kind_of
from certsvc.storage.bucket import Bucket
from certsvc.storage.pack_files import PackFile

_SYNC_EVERY: Final = 64
"""Packs between two syncs of their folders' entries."""


@dataclass(slots=True)
class Taken:
    """What came of one backup."""

    folder: Path
    manifest: Manifest
    copied: int = 0
    """Packs that no earlier backup held."""
    copied_bytes: int = 0


def take_backup(*, database_url: str, storage: Path | Bucket, into: Path, now: datetime) -> Taken:
    """Copy the register and the packs into a folder of backups; the service may go on working.

    Packs an earlier backup there holds are not read again unless they were written anew since.

    Args:
        database_url: the register.
        storage: the folder or bucket of issued files.
        into: the folder of backups; made when it is not there.
        now: aware; names the backup.

    Raises:
        UnavailableError: something cannot be read or written, or (StorageFullError) there is no room; no
            file is where the last backup found some; or another backup into the folder is at work.
        PlaceNotEmptyError: there is a backup of this very instant.
        SettingsError: a program of PostgreSQL is missing.
    """
    with told_in_words(), alone_in(into):
        held = _held(into)
        store = store_at(storage)
        _check_store(store, held)
        folder = into / BACKUPS / name_of(now)
        if folder.exists():
            raise PlaceNotEmptyError(f"there is a backup {folder.name} already")
        make_folder(folder)
        try:
            copy_register(database_url, folder / REGISTER)
            taken = _Packs(into, held)
            listed = write_whole(folder / PACKS, taken.lines(store))
            taken.settle()
            manifest = Manifest(
                taken_at=now,
                database=kind_of(database_url),
                register=part_of(folder / REGISTER),
                packs=listed,
                pack_count=taken.count,
                pack_bytes=taken.bytes,
            )
            write_whole(folder / MANIFEST, [manifest.text().encode()])
        except BaseException:
            # Half of a backup is none; the packs in it serve the next one.
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return Taken(folder, manifest, taken.copied, taken.copied_bytes)


def forget_backups(folder: Path, older_than: datetime) -> list[str]:
    """Remove the backups taken before an instant, but never the newest, and the packs no other names.

    Returns:
        The names of those removed.

    Raises:
        UnavailableError: an I/O error, or another backup into the folder is at work.
    """
    with told_in_words(), alone_in(folder):
        whole = complete_backups(folder)
        newest = whole[-1] if whole else None
        # Also what was begun and never finished.
        gone = [
            one
            for one in sorted((folder / BACKUPS).glob("*"))
            if one != newest and (taken_at_of(one.name) or older_than) < older_than
        ]
        for one in gone:
            # The manifest first: what is left after a crash is no backup.
            (one / MANIFEST).unlink(missing_ok=True)
            sync_folder(one)
            shutil.rmtree(one)
        needed = {pack.sha256 for one in complete_backups(folder) for pack in read_packs(one)}
        for kept in (folder / "packs").glob("??/*.pack"):
            if kept.stem not in needed:
                kept.unlink()
        for left in (folder / "packs").glob(".*.tmp"):
            left.unlink()
    return [one.name for one in gone]


def _check_store(store: PackStore, held: Mapping[str, KeptPack]) -> None:
    """Refuse a backup without any file where there were some: it would push out those that have them.

    So it looks when the disk of the store is not mounted, or a setting names another place.
    """
    if not store.is_there() or (held and next(store.packs(), None) is None):
        raise UnavailableError(
            f"no issued files where CERTSVC_STORAGE_URL says; the last backup has {len(held)} packs"
        )


def _held(into: Path) -> dict[str, KeptPack]:
    """Return the packs of the newest backup, by place."""
    whole = complete_backups(into)
    return {pack.place: pack for pack in read_packs(whole[-1])} if whole else {}


class _Packs:
    """The packs of one backup on their way."""

    def __init__(self, into: Path, held: dict[str, KeptPack]) -> None:
        self._into = into
        self._held = held
        self._touched: set[Path] = set()
        self.count = self.bytes = self.copied = self.copied_bytes = 0

    def lines(self, store: PackStore) -> Iterator[bytes]:
        """Copy what is new and yield a line for each pack."""
        for found in store.packs():
            kept = self._kept(store, found)
            if kept is None:
                continue
            self.count += 1
            self.bytes += kept.size
            yield json.dumps(asdict(kept)).encode() + b"\n"

    def settle(self) -> None:
        """Make the names of the copied packs durable."""
        for folder in self._touched:
            sync_folder(folder)
        self._touched.clear()

    def _kept(self, store: PackStore, found: PackFile) -> KeptPack | None:
        known = self._held.get(found.place)
        if (
            known is not None
            and (known.size, known.changed_ns) == (found.size, found.changed_ns)
            and (self._into / known.kept_at).is_file()
        ):
            return known
        make_folder(self._into / "packs")
        try:
            temporary, part = write_beside(self._into / "packs", store.pieces(found.place))
        except FileNotFoundError:
            # A copy that failed was removed meanwhile, and with it its pack.
            return None
        kept = KeptPack(place=found.place, size=part.size, changed_ns=found.changed_ns, sha256=part.sha256)
        final = self._into / kept.kept_at
        try:
            make_folder(final.parent)
            temporary.rename(final)
        finally:
            temporary.unlink(missing_ok=True)
        self._touched.add(final.parent)
        if len(self._touched) >= _SYNC_EVERY:
            self.settle()
        self.copied += 1
        self.copied_bytes += part.size
        return kept
