"""What the flows ask of the registry about look-ups and the change feed; the second half of the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, Protocol

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId
from certsvc.domain.report import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringSpecialty:
    """One specialty of a live registration that runs out."""

    registration_id: RegistrationId
    registration_number: str
    specialty: str
    valid_to: date


Caller = Literal["public", "client"]
"""Who looks up: somebody on the public pages, or an API client."""
Way = Literal["qr", "code", "number", "file"]
"""What was in hand: a QR text or its address, a code, a number with a name, a file or its sha256."""


class LookUp(NamedTuple):
    """What look-ups are counted by; a tuple, as every page makes one and a thousand are sorted at once."""

    registration_id: RegistrationId
    copy_id: CopyId | None
    """None for a look-up of the record itself, by number and name."""
    hour: str
    """``2026-11-20T09``: an hour of Beijing's."""
    caller: Caller
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """One entry of the journal of look-ups, gone through."""

    entry_id: str
    sound: bool
    """False: it fails its MAC; it stays as it is, and nothing of it was added."""
    damaged_counters: int = 0
    """Counters that fail theirs and stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """An API client's interest in a certificate it verified."""

    registration_id: RegistrationId
    client_id: str
    copy_id: CopyId | None
    """None for the record itself."""
    token: str | None
    """The copy's, as the client knows it."""
    licence_id: str
    """Of the version the client was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a client's feed."""

    registration_id: RegistrationId
    client_id: str
    token: str | None
    licence_id: str
    status: Status
    """Of the certificate named, after the change."""
    changed_fields: tuple[str, ...] = ()
    """Printed fields the event changed."""
    specialty: str | None = None
    """Set when this announces a specialty that is about to end."""
    valid_to: date | None = None
    """Last day of that specialty."""
    at: datetime
    """When it was recorded, or announced."""
    seq: int = 0
    """Place in the feed, given when it is written; rises in the order of commits."""


class FeedReading(Protocol):
    """Look-ups of counts, interests and changes."""

    def lookups_of(self, registration_id: RegistrationId) -> Mapping[LookUp, int]:
        """Return how often a registration and its copies were looked up, by hour, caller and way.

        What waits in the journal is in it.
        """

    def waiting_lookups(self) -> int:
        """Return how many entries the journal of look-ups holds."""

    def followers(self, registration_id: RegistrationId) -> Sequence[Follow]:
        """List who follows a registration, each client's latest interest last."""

    def announced(self, registration_id: RegistrationId) -> Sequence[Change]:
        """List the announcements of a registration's specialties made so far."""

    def ends_of(self, registration_id: RegistrationId) -> Mapping[str, date]:
        """Return specialty -> valid_to of a live registration, as last recorded; nothing of an ended one."""

    def changes_after(self, client_id: str, seq: int, limit: int) -> Sequence[Change]:
        """List a client's changes behind place *seq*, the oldest first, *limit* at most."""

    def newest_change(self) -> int:
        """Return the last place given in any feed; 0 when there is none."""

    def announced_on(self) -> date | None:
        """Return the day on which ends of specialties were gone through last; None: never."""

    def followed_ends(
        self, first: date, before: date, after: tuple[date, str, str] | None, limit: int
    ) -> Sequence[ExpiringSpecialty]:
        """List specialties, of live registrations somebody follows, with first <= valid_to < before.

        Args:
            first: earliest valid_to to list, included.
            before: first valid_to not to list.
            after: (valid_to, registration_id, specialty) of the last row of the page before.
            limit: rows at most.
        """


class FeedWriting(FeedReading, Protocol):
    """Changes of the same."""

    def journal_lookups(self, counts: Mapping[LookUp, int]) -> None:
        """Add to the counts: one entry of the journal, some hundred counters at most."""

    def fold_lookups(self, after: str) -> Folded | None:
        """Add one entry of the journal to its counters and delete it; the caller holds the name LOOKUPS.

        Args:
            after: the entry_id gone through last; empty for the first one.

        Returns:
            What became of the next entry; None when there is no more.
        """

    def follow(self, interest: Follow, at: datetime) -> bool:
        """Keep an interest; False when it is there already."""

    def add_changes(self, changes: Sequence[Change]) -> None:
        """Write changes, in this order, behind all written before; what was announced is passed over."""

    def set_announced_on(self, day: date) -> None:
        """Remember the day on which ends were gone through."""


LOOKUPS = "look-ups"
"""Name (WriteSession.hold) of who folds the journal into counters: one at a time."""
FOLLOWING = "following"
"""Name of who makes interests or goes through the ends of specialties: one at a time."""
