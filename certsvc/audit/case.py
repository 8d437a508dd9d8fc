"""All there is of one registration, ready to be judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from certsvc.domain.certificate import CertificateVersion, VersionId
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event
from certsvc.domain.policy import Policy
from certsvc.registry.port import RecordedEvent
from certsvc.registry.review import Gathered, Unsound
from certsvc.registry.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One registration at one moment."""

    registration_id: str
    policy: Policy
    record: Record
    """The registration's row."""
    numbers: tuple[str, ...]
    history: tuple[RecordedEvent, ...]
    """In the order of recording."""
    versions: tuple[tuple[int, CertificateVersion], ...]
    """Each with its place in the order of recording, rising."""
    copies: tuple[Copy, ...]
    ends: Mapping[str, tuple[str, date]]
    """What the expiring list says: specialty -> (registration number, last day)."""
    entries: tuple[Record, ...]
    """Of the transparency log, about its events and copies."""
    logged_at: Mapping[str, datetime]
    """By the id of a copy: instant of the first checkpoint of the log that holds it."""
    log_began_at: datetime | None
    """Instant of the log's first checkpoint with a leaf."""
    erased_at: datetime | None
    """When the holder's personal data was erased."""
    lost: frozenset[str]
    """Tables of which a row of this registration cannot be used; what rests on them is left unsaid."""

    @property
    def holder_id(self) -> str:
        """Whose it is."""
        return self.record.text("holder_id")

    @property
    def events(self) -> Sequence[Event]:
        """The events alone."""
        return [item.event for item in self.history]

    @property
    def by_id(self) -> Mapping[VersionId, CertificateVersion]:
        """The versions by their ids."""
        return {version.version_id: version for _, version in self.versions}

    def is_whole(self, *tables: str) -> bool:
        """Tell whether every row of these tables that belongs to it could be used."""
        return self.lost.isdisjoint(tables)


def cases_of(gathered: Gathered, wanted: Collection[str], policies: Mapping[str, Policy]) -> Iterator[Case]:
    """Yield the registrations of a gathering whose ids are *wanted* and whose row is sound.

    Those of a type there is no policy for are left out; see types_of().
    """
    history: dict[str, list[RecordedEvent]] = defaultdict(list)
    versions: dict[str, list[tuple[int, CertificateVersion]]] = defaultdict(list)
    copies: dict[str, list[Copy]] = defaultdict(list)
    numbers: dict[str, list[str]] = defaultdict(list)
    ends: dict[str, dict[str, tuple[str, date]]] = defaultdict(dict)
    lost: dict[str, set[str]] = defaultdict(set)
    for item in gathered.events:
        history[item.registration_id].append(item)
    for ordinal, version in gathered.versions:
        versions[version.registration_id].append((ordinal, version))
    for copy in gathered.copies:
        copies[copy.registration_id].append(copy)
    for record in gathered.numbers:
        numbers[record.text("registration_id")].append(record.text("number"))
    for record in gathered.ends:
        said = record.text("registration_number"), record.day("valid_to")
        ends[record.text("registration_id")][record.text("specialty")] = said
    for registration_id, unsound in gathered.unsound:
        lost[registration_id].add(unsound.table)
    entries: dict[str, list[Record]] = defaultdict(list)
    for record in gathered.entries:
        entries[record.text("fact")].append(record)
    for registration_id, record in gathered.registrations.items():
        policy = policies.get(record.text("certificate_type"))
        if policy is None or registration_id not in wanted:
            continue
        yield Case(
            registration_id=registration_id,
            policy=policy,
            record=record,
            numbers=tuple(numbers[registration_id]),
            history=tuple(sorted(history[registration_id], key=lambda item: item.event.seq)),
            versions=tuple(sorted(versions[registration_id], key=lambda pair: pair[0])),
            copies=tuple(sorted(copies[registration_id], key=lambda copy: (copy.reserved_at, copy.copy_id))),
            ends=ends[registration_id],
            entries=tuple(
                entry
                for fact in (
                    *(item.event.event_id for item in history[registration_id]),
                    *(copy.copy_id for copy in copies[registration_id]),
                )
                for entry in entries[fact]
            ),
            logged_at=gathered.logged_at,
            log_began_at=gathered.log_began_at,
            erased_at=gathered.erased_at.get(record.text("holder_id")),
            lost=frozenset(lost[registration_id]),
        )


def types_of(gathered: Gathered) -> set[str]:
    """Return the certificate types of a gathering."""
    return {record.text("certificate_type") for record in gathered.registrations.values()}


def unreadable(gathered: Gathered) -> Iterator[Unsound]:
    """Yield the rows that keep their MAC and make no sense; damaged ones are met when all rows are read."""
    yield from (one for _, one in gathered.unsound if not one.damaged)
