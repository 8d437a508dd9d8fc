"""What the flows ask of the registry; only wiring picks an implementation.

A session is one transaction: leaving its ``with`` block commits, an exception rolls everything back. Reads
check each row's MAC (RecordDamagedError); a database that cannot be reached is UnavailableError.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from certsvc.domain.certificate import CertificateVersion, VersionId
from certsvc.domain.endorsement import Copy, CopyId, IssuedFile
from certsvc.domain.events import Event, HolderId, IdType, RegistrationId
from certsvc.registry.port_ahead import ReadingAhead
from certsvc.registry.port_batches import BatchReading, BatchWriting
from certsvc.registry.port_beside import BesideReading, BesideWriting
from certsvc.registry.port_clients import APIClient
from certsvc.registry.port_erasing import ErasingReading, ErasingWriting
from certsvc.registry.port_feed import ExpiringSpecialty, FeedReading, FeedWriting
from certsvc.registry.port_glance import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One event with what recording it gave."""

    event: Event
    registration_id: RegistrationId
    body_digest: str
    """Hex sha256 of the canonical request body; tells a retry from a conflict."""
    version_id: VersionId
    """The certificate version in force after it."""
    changed_fields: tuple[str, ...]
    outcome: Mapping[str, object]
    """The 201 answer's body as JSON values, given again to a retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest:
    """An Idempotency-Key a client used."""

    body_digest: str
    copy_id: CopyId
    """The latest attempt under this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMark:
    """That an event was recorded, and of which registration; nothing of what it says."""

    seq: int
    registration_id: RegistrationId
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed:
    """One registration that has endorsements, with all that decides what they are worth."""

    registration_id: RegistrationId
    copies: tuple[Copy, ...]
    """Its endorsements in any state, by copy number."""
    versions: Mapping[VersionId, CertificateVersion]
    events: tuple[Event, ...]
    """In the order of recording."""


class ReadSession(FeedReading, BatchReading, BesideReading, ErasingReading, Protocol):
    """Look-ups. ``find_`` may answer None, ``get_`` raises NotFoundError."""

    def find_event(self, source_id: str) -> RecordedEvent | None:
        """Find what an earlier delivery of *source_id* gave."""

    def find_registration(self, registration_number: str) -> RegistrationId | None:
        """Find the latest registration that has or had this number."""

    def registrations_with(self, registration_number: str) -> Sequence[RegistrationId]:
        """List every registration that has or had this number, the latest first."""

    def find_holder(self, id_type: IdType, id_number: str) -> HolderId | None:
        """Find a holder by the identity document in force, through the HMAC index."""

    def registrations_of(
        self, holder_id: HolderId, certificate_type: str | None = None
    ) -> Sequence[RegistrationId]:
        """List a holder's registrations of one type, or of every type, oldest first."""

    def holder_of(self, registration_id: RegistrationId) -> HolderId:
        """Return whose registration it is."""

    def history(self, registration_id: RegistrationId) -> Sequence[RecordedEvent]:
        """List the events of one registration in the order of recording."""

    def latest_version(self, registration_id: RegistrationId) -> CertificateVersion:
        """Return the version with the highest recording order."""

    def get_version(self, version_id: VersionId) -> CertificateVersion:
        """Return one version."""

    def get_image(self, sha256: str) -> bytes:
        """Return a normalised photo or signature image."""

    def get_copy(self, copy_id: CopyId) -> Copy:
        """Return one copy in any state."""

    def find_copy_by_token(self, token: str) -> Copy | None:
        """Find a DONE copy by its canonical token."""

    def find_copy_by_code(self, code: str) -> Copy | None:
        """Find a DONE copy by its canonical code."""

    def find_copy_by_sha256(self, sha256: str) -> Copy | None:
        """Find a DONE copy one of whose files has this hex sha256."""

    def find_original(self, version_id: VersionId, reissue: int) -> Copy | None:
        """Find the PENDING or DONE original of a version."""

    def find_endorsement_on(self, holder_id: HolderId, certificate_type: str, day: date) -> Copy | None:
        """Find the PENDING or DONE endorsement that takes the holder's *day*."""

    def newest_endorsement(self, registration_id: RegistrationId) -> Copy | None:
        """Find the DONE endorsement with the highest copy number."""

    def next_endorsement(self, registration_id: RegistrationId, above: int) -> Copy | None:
        """Find the DONE endorsement with the lowest copy number over *above*."""

    def find_idempotent(self, client_id: str, key: str) -> IdempotentRequest | None:
        """Find an earlier use of an Idempotency-Key by this client."""

    def expiring(
        self, valid_from_day: date, before: date, after: tuple[date, str, str] | None, limit: int
    ) -> Sequence[ExpiringSpecialty]:
        """List specialties of live registrations with valid_from_day <= valid_to < before.

        Args:
            valid_from_day: earliest valid_to to list, included (today).
            before: first valid_to not to list.
            after: (valid_to, registration_number, specialty) of the last row of the page before.
            limit: rows at most.
        """

    def pending_copies(self, lease_before: datetime) -> Sequence[Copy]:
        """List PENDING copies whose lease ended before this instant."""

    def failed_copies(self, since: datetime) -> Sequence[Copy]:
        """List copies that became FAILED at this instant or later."""

    def last_recorded_at(self) -> datetime | None:
        """Return the latest instant any row was written at; the clock must not stand before it."""

    def last_seq_before(self, recorded_at: datetime) -> int:
        """Return a place in the order of recording up to which all was recorded before an instant."""

    def recorded_after(self, seq: int, limit: int) -> Sequence[EventMark]:
        """List the events recorded after *seq*, in the order of recording."""

    def highest_status_index(self) -> int | None:
        """Return the highest place in the status lists that was given; None before the first."""

    def endorsed_after(self, registration_id: RegistrationId | None, limit: int) -> Sequence[RegistrationId]:
        """List registrations that have endorsements, by id, beginning after one."""

    def endorsements_between(self, first: RegistrationId, last: RegistrationId) -> Sequence[Copy]:
        """List all endorsements, in any state, of the registrations from *first* to *last*, by id."""

    def endorsed_between(self, first: RegistrationId, last: RegistrationId) -> Sequence[Endorsed]:
        """List the registrations from *first* to *last* that have endorsements, with what became of them."""


class WriteSession(
    ReadSession, FeedWriting, BatchWriting, BesideWriting, ErasingWriting, ReadingAhead, Protocol
):
    """Look-ups and changes in one transaction; log entries are its last act. docs/decisions/database.md."""

    def hold(self, names: Collection[str]) -> None:
        """Hold *names*, all at once and before anything else, until the transaction ends.

        Whoever holds one of them too waits: what a name stands for cannot change meanwhile, even where
        there is no row yet that could be held.
        """

    def apart(self) -> AbstractContextManager[None]:
        """Let what is done inside be refused (CertsvcError) without the rest: nothing of it is kept."""

    def lock_known(self, registrations: Collection[RegistrationId], holders: Collection[HolderId]) -> None:
        """Hold registrations, then holders, each in the order of their ids; what is not there is passed over.

        Who needs several in one transaction holds them here, before any other row. Whether a row is as it
        was written is checked when it is read.
        """

    def lock_holder(self, id_type: IdType, id_number: str, at: datetime) -> HolderId:
        """Find or create the holder and hold it until the transaction ends."""

    def lock_registration(self, registration_id: RegistrationId) -> None:
        """Hold a registration until the transaction ends."""

    def lock_holder_of(self, registration_id: RegistrationId) -> HolderId:
        """Hold the holder of a registration until the transaction ends."""

    def add_registration(self, holder_id: HolderId, certificate_type: str, at: datetime) -> RegistrationId:
        """Create an empty registration; its first event follows in the same transaction."""

    def set_holder_document(self, holder_id: HolderId, id_type: IdType, id_number: str) -> None:
        """Move a holder to another identity document. InvalidFieldError when another holder has it."""

    def add_numbers(self, registration_id: RegistrationId, numbers: Sequence[str], at: datetime) -> None:
        """Make the registration answer to these numbers too; known ones are passed over."""

    def put_image(self, holder_id: HolderId, sha256: str, content: bytes, at: datetime) -> None:
        """Keep an image; the same content twice is kept once."""

    def next_serial(self, year: int) -> str:
        """Return a fresh serial: the year and ten digits, rising within the year."""

    def append_event(self, recorded: RecordedEvent) -> Event:
        """Append one event; returns it with its ``seq``."""

    def add_version(self, version: CertificateVersion) -> None:
        """Add one version; (serial, version) and licence_id are unique."""

    def project(
        self, registration_id: RegistrationId, registration_number: str, live: bool, ends: Mapping[str, date]
    ) -> None:
        """Replace the rows the expiring list is read from: specialty -> valid_to, as last recorded."""

    def reserve(self, copy: Copy) -> Copy | None:
        """Insert a PENDING copy; None when the day (or the original's place) is taken.

        The partial unique indexes decide, so this is safe against any number of rivals. The copy number of an
        endorsement and its place in the status lists are given here: it is returned as it was stored, with
        ``copy_number`` = highest so far + 1.
        """

    def put_idempotent(self, client_id: str, key: str, request: IdempotentRequest, at: datetime) -> bool:
        """Claim a key, or move it from a FAILED attempt to a new one.

        False when the key is claimed with another body, or its attempt is PENDING or DONE.
        """

    def extend_lease(self, copy_id: CopyId, worker: str, until: datetime) -> bool:
        """Prolong the lease; False when it is no longer this worker's or no longer PENDING."""

    def complete(self, copy_id: CopyId, worker: str, files: Mapping[str, IssuedFile], at: datetime) -> bool:
        """PENDING -> DONE with the files' hashes; False when another has the lease, or it ended before."""

    def fail(self, copy_id: CopyId, worker: str, code: str, at: datetime) -> bool:
        """PENDING -> FAILED, which frees the day; False when it is no longer this worker's PENDING copy."""

    def take_over(self, copy_id: CopyId, worker: str, at: datetime, until: datetime) -> bool:
        """Give an expired PENDING copy to *worker*; False when its lease still runs or it is not PENDING."""


class Registry(Protocol):
    """The database as a whole; safe to share between threads."""

    def reading(self) -> AbstractContextManager[ReadSession]:
        """Open one consistent read transaction."""

    def writing(self) -> AbstractContextManager[WriteSession]:
        """Open one write transaction (BEGIN IMMEDIATE on SQLite)."""

    def glance(self, token: str) -> Sight:
        """Look a canonical token up, with everything that decides what it is worth, at one moment."""

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers and its schema is the one we know."""


__all__ = [
    "APIClient",
    "Endorsed",
    "EventMark",
    "IdempotentRequest",
    "ReadSession",
    "RecordedEvent",
    "Registry",
    "WriteSession",
]
