"""The list of erasures: kept outside of the register, so that an old backup brings nobody back."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from certsvc.errors import RecordDamagedError, UnavailableError

FILE_NAME: Final = "erasures.jsonl"
_FIELDS: Final = ("holder_id", "at", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureEntry:
    """One holder who is to be erased, whatever a register restored from a backup says."""

    holder_id: str
    at: datetime
    """Aware."""
    reason: str
    """As the operator gave it; it must name nobody."""


class ErasureList:
    """A file of lines, each with its MAC, beside the registry's secret. Only ever added to."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """Keep the list at *path*; *secret* is the registry's."""
        self._path = path
        self._key = hmac.digest(secret, b"certsvc erasure list 1", sha256)

    def entries(self) -> Sequence[ErasureEntry]:
        """Return what was added, the oldest first; a last line that was never finished does not count.

        Raises:
            RecordDamagedError: a line is not as it was written.
            UnavailableError: the file cannot be read.
        """
        return [self._entry(line, place) for place, line in enumerate(self._lines(), 1)]

    def add(self, entry: ErasureEntry) -> None:
        """Add an entry; it is on disk on return.

        Raises:
            UnavailableError: the file cannot be written.
        """
        text = {
            "holder_id": entry.holder_id,
            "at": entry.at.astimezone(UTC).isoformat(),
            "reason": entry.reason,
        }
        line = json.dumps({**text, "mac": self._mac(text)}, ensure_ascii=False).encode() + b"\n"
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                # One at a time: what is cut off below must be nobody's who is still writing.
                fcntl.flock(handle, fcntl.LOCK_EX)
                whole = sum(len(one) + 1 for one in self._lines())
                # What a crash left of a line would swallow the one written behind it.
                os.ftruncate(handle, whole)
                if os.write(handle, line) != len(line):
                    raise UnavailableError("the list of erasures took half a line: is the disk full?")
                os.fsync(handle)
            finally:
                os.close(handle)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise UnavailableError(f"the list of erasures cannot be written: {error.strerror}") from error

    def _lines(self) -> list[bytes]:
        try:
            return self._path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnavailableError(f"the list of erasures cannot be read: {error.strerror}") from error

    def _entry(self, line: bytes, place: int) -> ErasureEntry:
        try:
            said = json.loads(line)
            text = {name: str(said[name]) for name in _FIELDS}
            if not hmac.compare_digest(str(said["mac"]), self._mac(text)):
                raise ValueError("not the MAC of this line")
            return ErasureEntry(
                holder_id=text["holder_id"], at=datetime.fromisoformat(text["at"]), reason=text["reason"]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise RecordDamagedError(f"{self._path.name}: line {place} is not as it was written") from error

    def _mac(self, text: dict[str, str]) -> str:
        return hmac.digest(self._key, json.dumps([text[name] for name in _FIELDS]).encode(), sha256).hex()
