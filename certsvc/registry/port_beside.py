"""What is kept beside registrations and copies, and written with them: log, time stamps, uses of keys."""

from __future__ import annotations

from typing import Protocol

from certsvc.registry.port_entries import EntryReading, EntryWriting
from certsvc.registry.port_keys import KeyUseReading, KeyUseWriting
from certsvc.registry.port_log import LogReading, LogWriting
from certsvc.registry.port_timestamps import TimestampReading, TimestampWriting


class BesideReading(LogReading, TimestampReading, KeyUseReading, EntryReading, Protocol):
    """Look-ups."""


class BesideWriting(LogWriting, TimestampWriting, KeyUseWriting, EntryWriting, Protocol):
    """Changes."""
