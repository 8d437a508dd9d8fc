"""What the flows ask of the store of issued files."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Storage(Protocol):
    """A create-only store. *name* is ``<copy_id>.<format>``."""

    def put(self, name: str, content: bytes) -> None:
        """Store durably: on return the bytes and the folder entry are on disk.

        Raises:
            StorageFullError: no room; nothing is left behind.
            UnavailableError: an I/O error, or the name is taken by other bytes.
        """

    def get(self, name: str) -> bytes:
        """Return the bytes. UnavailableError when they are missing or cannot be read."""

    def exists(self, name: str) -> bool:
        """Tell whether a complete file of this name is there."""

    def remove(self, name: str) -> None:
        """Remove a file of an attempt that failed; a missing one is fine."""

    def sweep_temporary(self, older_than: datetime) -> int:
        """Remove what writers that died before *older_than* (aware) left behind; returns how many files."""

    def check(self) -> None:
        """Raise UnavailableError (StorageFullError) unless a file can be written, synced and removed now."""
