"""What one look at the register for a token brings; part of the port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """All that decides what one token is worth, at one moment of the register."""

    copy: Copy
    """DONE."""
    version: CertificateVersion
    newest: Copy | None
    """The DONE endorsement of the registration with the highest copy number.

    Its purpose is left out, unless it is *copy* itself.
    """
    events: tuple[Event, ...]
    """All events of the registration, in the order of recording, without ID numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one look at the register brought, read but for the clock's part not yet judged."""

    last_recorded_at: datetime | None
    """The latest instant any row was written at; the clock must not stand before it."""
    read: Callable[[], Glance | None]
    """Gives the record, None when nobody has the token; RecordDamagedError when a row of it fails its MAC."""
