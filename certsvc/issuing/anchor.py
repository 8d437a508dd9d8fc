"""What a machine remembers of the log outside the database, so that an older copy is noticed."""

from __future__ import annotations

from pathlib import Path

from certsvc.errors import KeyMaterialError, UnavailableError
from certsvc.sealing import files
from certsvc.translog.checkpoint import Checkpoint, read_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.note import read_note


class Anchor:
    """The last checkpoint that this machine committed. Keep it out of the database's backup."""

    def __init__(self, path: Path) -> None:
        """Take the file; its folder is made when something is written."""
        self._path = path

    def read(self) -> Checkpoint | None:
        """Return what is remembered; None on a machine that never signed.

        Raises:
            UnavailableError: there is a file and it cannot be read.
        """
        try:
            return read_checkpoint(read_note(self._path.read_bytes()).text)
        except FileNotFoundError:
            return None
        except (OSError, LogFaultError) as fault:
            raise UnavailableError(f"{self._path} cannot be read: {fault}") from fault

    def write(self, note: str) -> None:
        """Remember a checkpoint that is committed.

        Raises:
            UnavailableError: the file cannot be written.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.replace(self._path, note.encode())
        except (OSError, KeyMaterialError) as fault:
            raise UnavailableError(f"{self._path} cannot be written: {fault}") from fault
