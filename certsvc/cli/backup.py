"""``backup`` and ``restore``: the register, everything issued and, apart from them, the keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_facts, print_json

if TYPE_CHECKING:
    from certsvc.backup.manifest import Manifest
    from certsvc.config import Settings

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.option("--out", type=_FOLDER, required=True, help="Folder of backups; the same one each time.")
@click.option("--keys", type=_FILE, help="Also write the folder of keys into this new file, on another disk.")
@click.option(
    "--forget",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Then remove the backups older than this, never the newest.",
)
@as_json
def backup(out: Path, keys: Path | None, forget: int | None, json_: bool) -> None:
    """Copy the register and everything issued into OUT while the service works.

    Issued files an earlier backup holds are not copied again. Keys are not in it: without the registry's
    secret a stolen backup opens no identity number; without a copy of that secret a backup is worth nothing.
    """
    from certsvc.backup.keys_archive import archive_keys
    from certsvc.backup.take import forget_backups, take_backup
    from certsvc.wiring.storage import issued_at

    settings = load_place()
    if keys is not None and keys.absolute().is_relative_to(out.absolute()):
        raise click.UsageError("--keys must not lie in the folder of backups: together they are everything")
    now = datetime.now(UTC)
    taken = take_backup(database_url=settings.database_url, storage=issued_at(settings), into=out, now=now)
    key_files = archive_keys(settings.keys_dir, keys) if keys is not None else None
    gone = forget_backups(out, now - timedelta(days=forget)) if forget is not None else []
    facts = {
        "backup": taken.folder.name,
        **_facts(taken.manifest),
        "packs_copied": taken.copied,
        "bytes_copied": taken.copied_bytes,
        "key_files": key_files,
        "forgotten": gone,
    }
    _print(facts, json_)


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER")
@click.option("--name", metavar="BACKUP", help="Which backup; the newest when left out.")
@click.option("--keys", type=_FILE, help="Also put the keys of this archive into the empty folder of keys.")
@click.option("--check", is_flag=True, help="Read every byte of the backup and restore nothing.")
@as_json
def restore(folder: Path, name: str | None, keys: Path | None, check: bool, json_: bool) -> None:
    """Put a backup back where the settings say, if nothing is there; again after a restore that was cut off.

    What happened after the backup is not in it: have the registration system send its events again, and tell
    the witnesses of the log, who will notice. Run recover and audit before serving.
    """
    from certsvc.backup.keys_archive import bring_keys
    from certsvc.backup.restore import check_backup, choose_backup, restore_backup
    from certsvc.wiring.storage import issued_at

    if check:
        manifest = check_backup(folder, name)
        _print({"backup": choose_backup(folder, name).name, **_facts(manifest), "whole": True}, json_)
        return
    settings = load_place()
    key_files = bring_keys(keys, settings.keys_dir) if keys is not None else None
    restored = restore_backup(
        folder, database_url=settings.database_url, storage=issued_at(settings), name=name
    )
    _try_secret(settings)
    _print({"backup": restored.name, **_facts(restored.manifest), "key_files": key_files}, json_)


def _try_secret(settings: Settings) -> None:
    """Read the newest rows of the restored register under the secret of this place.

    Raises:
        RecordDamagedError: the secret in the folder of keys is another one.
    """
    from certsvc.registry.sql import migrate, open_registry
    from certsvc.sealing.keystore import read_secret

    migrate(settings.database_url)
    registry = open_registry(settings.database_url, read_secret(settings.keys_dir))
    try:
        with registry.reading() as session:
            session.last_recorded_at()
    finally:
        registry.close()


def _facts(manifest: Manifest) -> dict[str, object]:
    return {
        "taken_at": manifest.taken_at.isoformat(),
        "database": manifest.database,
        "register_bytes": manifest.register.size,
        "packs": manifest.pack_count,
        "pack_bytes": manifest.pack_bytes,
    }


def _print(facts: dict[str, object], json_: bool) -> None:
    if json_:
        print_json(facts)
    else:
        print_facts({name.replace("_", " "): _shown(value) for name, value in facts.items()})


def _shown(value: object) -> object:
    return ", ".join(map(str, value)) or None if isinstance(value, list) else value
