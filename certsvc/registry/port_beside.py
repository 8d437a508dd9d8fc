"""What is kept beside registrations and copies, written with them: log, time stamps, uses of keys, doors."""

from __future__ import annotations

from typing import Protocol

from certsvc.registry.port_access import AccessReading, AccessWriting
from certsvc.registry.port_clients import ClientReading, ClientWriting
from certsvc.registry.port_entries import EntryReading, EntryWriting
from certsvc.registry.port_figures import FigureReading
from certsvc.registry.port_keys import KeyUseReading, KeyUseWriting
from certsvc.registry.port_log import LogReading, LogWriting
from certsvc.registry.port_names import NameReading
from certsvc.registry.port_overview import OverviewReading
from certsvc.registry.port_timestamps import TimestampReading, TimestampWriting


class BesideReading(
    LogReading,
    TimestampReading,
    KeyUseReading,
    AccessReading,
    EntryReading,
    NameReading,
    OverviewReading,
    ClientReading,
    FigureReading,
    Protocol,
):
    """Look-ups."""


class BesideWriting(
    LogWriting, TimestampWriting, KeyUseWriting, AccessWriting, EntryWriting, ClientWriting, Protocol
):
    """Changes."""
