"""What the holder's ways in ask of the registry; a part of the port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certsvc.domain.events import HolderId


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLink:
    """A one-time link, found by its secret."""

    holder_id: HolderId
    expires_at: datetime
    """Not good from this instant on."""
    used_at: datetime | None


class EntryReading(Protocol):
    """Look-ups."""

    def find_holder_link(self, secret: str) -> HolderLink | None:
        """Find a link by its secret, whether it is good or not."""

    def entries_of(self, holder_id: HolderId) -> int:
        """Return how many links and used assertions of a holder are kept."""


class EntryWriting(EntryReading, Protocol):
    """Changes."""

    def add_holder_link(
        self, secret: str, holder_id: HolderId, made_by: str, at: datetime, expires_at: datetime
    ) -> None:
        """Keep a new link.

        Args:
            secret: as it stands in the address; only its keyed hash is kept.
            holder_id: whom it lets in.
            made_by: id of the API client that asked for it, or empty for the command line.
            at: now.
            expires_at: not good from then on.
        """

    def use_holder_link(self, secret: str, at: datetime) -> bool:
        """Use a link up; False when a rival was first, or there is none."""

    def use_assertion(
        self, issuer: str, jti: str, holder_id: HolderId, at: datetime, expires_at: datetime
    ) -> bool:
        """Use an assertion up; False when it was used before."""

    def forget_entries(self, links_before: datetime, assertions_before: datetime) -> int:
        """Delete links and assertions that expired before these instants; returns how many."""
