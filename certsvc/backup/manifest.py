"""What one backup says of itself."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certsvc.errors import BackupDamagedError
from certsvc.storage.pack_files import is_pack_place

FORMAT: Final = "certsvc backup 1"
MANIFEST: Final = "manifest.json"
REGISTER: Final = "register"
PACKS: Final = "packs.jsonl"
BACKUPS: Final = "backups"
_NAME: Final = "%Y%m%dT%H%M%S.%fZ"
_SHA256: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a backup."""

    size: int
    """Bytes."""
    sha256: str
    """Hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPack:
    """One pack a backup names."""

    place: str
    """Where in the store it goes, relative."""
    size: int
    """Bytes."""
    changed_ns: int
    """Last write of the original; with place and size it tells whether it is still the same."""
    sha256: str
    """Hex; also its name in the folder of backups."""

    @property
    def kept_at(self) -> Path:
        """Return where it lies in the folder of backups, relative."""
        return Path("packs") / self.sha256[:2] / f"{self.sha256}.pack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The last file of a backup; it vouches for the others."""

    taken_at: datetime
    """Aware; the register is as of this instant or a moment later."""
    database: str
    """``sqlite`` or ``postgresql``: what the register can be restored to."""
    register: Part
    packs: Part
    """The list of packs, not the packs."""
    pack_count: int
    pack_bytes: int

    def text(self) -> str:
        """Return it as it is written."""
        told = {"format": FORMAT, **asdict(self), "taken_at": self.taken_at.astimezone(UTC).isoformat()}
        return json.dumps({**told, "sha256": _digest_of(told)}, indent=1) + "\n"


def _digest_of(told: Mapping[str, object]) -> str:
    """Return the hex sha256 of what a manifest says; against accidents, as there is no key in it."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def name_of(taken_at: datetime) -> str:
    """Return the name of the folder of a backup; names are in the order of time."""
    return taken_at.astimezone(UTC).strftime(_NAME)


def taken_at_of(name: str) -> datetime | None:
    """Return the instant a folder is named after; None when that is no backup's name."""
    try:
        return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def complete_backups(folder: Path) -> list[Path]:
    """List the backups in a folder of backups that were finished, the oldest first."""
    above = folder / BACKUPS
    if not above.is_dir():
        return []
    return sorted(
        one for one in above.iterdir() if taken_at_of(one.name) is not None and (one / MANIFEST).is_file()
    )


def read_manifest(backup: Path) -> Manifest:
    """Read the manifest of one backup.

    Raises:
        BackupDamagedError: it is not there, or not as we write it.
    """
    try:
        told = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        if told.pop("sha256") != _digest_of(told):
            raise BackupDamagedError(f"{backup.name}/{MANIFEST} is not as it was written")
        if told.pop("format") != FORMAT:
            raise BackupDamagedError(f"{backup.name} is of another version")
        return Manifest(
            taken_at=datetime.fromisoformat(told["taken_at"]),
            database=str(told["database"]),
            register=Part(**told["register"]),
            packs=Part(**told["packs"]),
            pack_count=int(told["pack_count"]),
            pack_bytes=int(told["pack_bytes"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamagedError(f"{backup.name}/{MANIFEST} cannot be read") from error


def read_packs(backup: Path) -> Iterator[KeptPack]:
    """Read the list of packs line by line, however long it is.

    Raises:
        BackupDamagedError: a line is not as we write it.
    """
    try:
        with (backup / PACKS).open(encoding="utf-8") as lines:
            for line in lines:
                kept = KeptPack(**json.loads(line))
                if not is_pack_place(kept.place) or not _SHA256.fullmatch(kept.sha256):
                    raise BackupDamagedError(f"{backup.name}/{PACKS} names a place outside the store")
                yield kept
    except (OSError, ValueError, TypeError) as error:
        raise BackupDamagedError(f"{backup.name}/{PACKS} cannot be read") from error
