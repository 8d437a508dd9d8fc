"""What the flows ask of the store of issued files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

PACK_CHARS: Final = 16
"""Names that begin with the same so many characters lie in one pack: a name tells where its file is."""


NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Storage(Protocol):
    """A create-only store. A name is ``<copy_id>.<format>``."""

    def put(self, files: Mapping[str, bytes], known: Mapping[str, str] = NOTHING) -> Mapping[str, str]:
        """Store the files of one chunk durably, all or none: on return they are on disk.

        Args:
            files: by name; all names begin with the same PACK_CHARS characters, and nothing was stored under
                these before, unless it was just these files.
            known: by name, hex SHA-256 that the check of these very bytes computed: not hashed again.
                Read back, a file has to be what was checked.

        Returns:
            Hex sha256 by name.

        Raises:
            StorageFullError: no room; nothing is left behind.
            UnavailableError: an I/O error, or the names are taken by other bytes.
        """

    def get(self, name: str) -> bytes:
        """Return the bytes.

        Raises:
            RecordDamagedError: they are not those that were stored.
            UnavailableError: they are missing or cannot be read.
        """

    def exists(self, name: str) -> bool:
        """Tell whether a file of this name is there; its bytes are looked at by get()."""

    def sync(self, name: str) -> None:
        """Make the chunk of a file durable that is there already: its writer may have died before that.

        Raises:
            UnavailableError: it is missing, or an I/O error.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of attempts that failed, for good; a missing one is fine.

        Raises:
            RecordDamagedError: a pack is damaged so that the other files in it could not be kept.
            UnavailableError: an I/O error.
        """

    def sweep_temporary(self, older_than: datetime) -> int:
        """Remove what writers that died before *older_than* (aware) left behind; returns how many files."""

    def check(self) -> None:
        """Raise UnavailableError (StorageFullError) unless a file can be written, synced and removed now."""
