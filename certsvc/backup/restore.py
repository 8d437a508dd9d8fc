"""Putting a backup back where there is nothing: first the packs, last the register.

Without a register there is no service, so a restore that was cut off is begun again, not taken for a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from certsvc.backup.disk import chunks_of, part_of, told_in_words
from certsvc.backup.manifest import (
    PACKS,
    REGISTER,
    KeptPack,
    Manifest,
    Part,
    complete_backups,
    read_manifest,
    read_packs,
)
from certsvc.backup.store import PackStore, store_at
from certsvc.errors import BackupDamagedError, PlaceNotEmptyError
from certsvc.registry.dump import bring_register, kind_of, register_is_there
from certsvc.storage.bucket import Bucket


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    name: str
    manifest: Manifest


def choose_backup(folder: Path, name: str | None) -> Path:
    """Return the backup of this name, or the newest.

    Raises:
        BackupDamagedError: there is no finished one.
    """
    whole = complete_backups(folder)
    chosen = [one for one in whole if name in {None, one.name}]
    if not chosen:
        raise BackupDamagedError(f"no finished backup {name or ''} in this folder".replace("  ", " "))
    return chosen[-1]


def check_backup(folder: Path, name: str | None = None) -> Manifest:
    """Read every byte of a backup and compare it with what the manifest says.

    Raises:
        BackupDamagedError: something is missing, cut or changed; the note names it.
    """
    backup = choose_backup(folder, name)
    with told_in_words():
        manifest = _lists(backup)
        for pack in read_packs(backup):
            _compare(folder / pack.kept_at, Part(size=pack.size, sha256=pack.sha256))
    return manifest


def restore_backup(
    folder: Path, *, database_url: str, storage: Path | Bucket, name: str | None = None
) -> Restored:
    """Put a backup back; nothing that is there already is touched.

    Args:
        folder: the folder of backups.
        database_url: where no register is.
        storage: a folder or bucket without issued files, or with those of the same restore that was cut off.
        name: which backup; the newest when None.

    Raises:
        BackupDamagedError: the backup is not whole. Of the packs, those before the damaged one stay.
        PlaceNotEmptyError: there is a register, or there are other issued files.
        SettingsError: the register is of another kind of database, or a program of PostgreSQL is missing.
        UnavailableError: an I/O error, or (StorageFullError) no room; restoring again goes on.
    """
    backup = choose_backup(folder, name)
    with told_in_words():
        manifest = _lists(backup)
        if manifest.database != kind_of(database_url):
            raise PlaceNotEmptyError(
                f"the backup is of {manifest.database}; one kind of database is not turned into another"
            )
        if register_is_there(database_url):
            raise PlaceNotEmptyError(
                "there is a register already: restore beside it, then change the setting"
            )
        store = store_at(storage)
        named = {pack.place: pack for pack in read_packs(backup)}
        if any(found.place not in named for found in store.packs()):
            raise PlaceNotEmptyError(
                "there are issued files this backup does not name: choose an empty folder"
            )
        for pack in named.values():
            _bring(folder, store, pack)
        bring_register(database_url, backup / REGISTER)
    return Restored(backup.name, manifest)


def _lists(backup: Path) -> Manifest:
    """Return the manifest once the files beside it are those it names."""
    manifest = read_manifest(backup)
    _compare(backup / REGISTER, manifest.register)
    _compare(backup / PACKS, manifest.packs)
    return manifest


def _compare(file: Path, named: Part) -> None:
    try:
        found = part_of(file)
    except FileNotFoundError as error:
        raise BackupDamagedError(f"{file.name} is missing") from error
    if found != named:
        raise BackupDamagedError(f"{file.name} is not as it was written")


def _bring(folder: Path, store: PackStore, pack: KeptPack) -> None:
    """Copy one pack into the store under its own name."""
    named = Part(size=pack.size, sha256=pack.sha256)
    try:
        store.bring(pack.place, chunks_of(folder / pack.kept_at), named)
    except FileNotFoundError as error:
        raise BackupDamagedError(f"{pack.kept_at.name} is missing") from error
