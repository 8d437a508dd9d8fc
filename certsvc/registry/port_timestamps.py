"""What the flows ask of the registry about time stamps; a part of the port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from certsvc.domain.endorsement import CopyId
from certsvc.domain.timestamps import FileTimestamp


class TimestampReading(Protocol):
    """Look-ups of time stamps."""

    def find_timestamp(self, copy_id: CopyId, fmt: str) -> FileTimestamp | None:
        """Find what is written down of the time stamp of one file; None when it needs none."""

    def wanted_timestamps(self, before: datetime, limit: int) -> Sequence[FileTimestamp]:
        """List those that are wanted and may be asked for before this instant, the longest due first."""


class TimestampWriting(TimestampReading, Protocol):
    """Changes of time stamps."""

    def add_timestamp(self, stamp: FileTimestamp) -> None:
        """Write down the time stamp of a file, there or wanted, with the copy it belongs to."""

    def change_timestamp(self, known: FileTimestamp, changed: FileTimestamp) -> bool:
        """Write a wanted one anew; False when it is there already, or was tried since *known* was read."""
