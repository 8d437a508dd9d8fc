"""The registry's facts as the vectors carry them, and a registry that answers from them.

Enough for a verifier: it holds no identity numbers and no pictures, and cannot be written to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic import TypeAdapter

from certsvc.domain.certificate import CertificateVersion, VersionId
from certsvc.domain.endorsement import Copy, CopyId, CopyKind
from certsvc.domain.events import Event, HolderId, RegistrationId
from certsvc.errors import NotFoundError, RecordDamagedError, UnavailableError
from certsvc.registry.port import ReadSession, RecordedEvent, Registry
from certsvc.registry.port_glance import Glance, Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One registration with all that was recorded and issued."""

    registration_id: RegistrationId
    numbers: tuple[str, ...]
    """Every number it has or had."""
    events: tuple[Event, ...]
    """In the order of recording."""
    versions: tuple[CertificateVersion, ...]
    copies: tuple[Copy, ...]
    """All DONE."""


_RECORD = TypeAdapter(Record)


def record_of(session: ReadSession, registration_id: RegistrationId, copies: Sequence[Copy]) -> Record:
    """Take the facts of one registration out of a register."""
    history = session.history(registration_id)
    versions = {item.version_id: session.get_version(item.version_id) for item in history}
    events = [item.event for item in history]
    return Record(
        registration_id=registration_id,
        numbers=tuple(dict.fromkeys(version.face.registration_number for version in versions.values())),
        events=tuple(map(_without_id_number, events)),
        versions=tuple(versions.values()),
        copies=tuple(copies),
    )


def written(record: Record) -> Any:
    """Return a record as JSON values; what is unset is left out."""
    return _RECORD.dump_python(record, mode="json", exclude_defaults=True)


def read(facts: object) -> Record:
    """Read a record back."""
    return _RECORD.validate_python(facts)


class FactsSession:
    """The look-ups a verifier makes."""

    def __init__(self, records: Sequence[Record]) -> None:
        """Take all records."""
        self._records = records

    def last_recorded_at(self) -> object:
        """Return the latest instant anything was written at."""
        instants = [event.recorded_at for record in self._records for event in record.events]
        return max([*instants, *(copy.done_at for copy in self._copies() if copy.done_at is not None)])

    def checkpoints_above(self, size: int, limit: int) -> tuple[()]:
        """List no checkpoint: these records have no log."""
        return ()

    def find_erasure(self, holder_id: HolderId) -> None:
        """Find no erasure: of these records nobody was erased."""

    def find_copy_by_token(self, token: str) -> Copy | None:
        """Find a copy."""
        return self._first(lambda copy: copy.token == token)

    def find_copy_by_code(self, code: str) -> Copy | None:
        """Find a copy."""
        return self._first(lambda copy: copy.code == code)

    def find_copy_by_sha256(self, sha256: str) -> Copy | None:
        """Find a copy."""
        return self._first(lambda copy: any(file.sha256 == sha256 for file in copy.files.values()))

    def find_timestamp(self, copy_id: CopyId, fmt: str) -> None:
        """Find none: this instance asks for no time stamps."""

    def get_version(self, version_id: VersionId) -> CertificateVersion:
        """Return one version."""
        return next(
            one for record in self._records for one in record.versions if one.version_id == version_id
        )

    def latest_version(self, registration_id: RegistrationId) -> CertificateVersion:
        """Return the version recorded last."""
        found = self._record(registration_id)
        if found is None:
            raise NotFoundError
        return found.versions[-1]

    def newest_endorsement(self, registration_id: RegistrationId) -> Copy | None:
        """Find the endorsement with the highest copy number."""
        return max(self._endorsements(registration_id), key=_number, default=None)

    def next_endorsement(self, registration_id: RegistrationId, above: int) -> Copy | None:
        """Find the endorsement with the lowest copy number over *above*."""
        newer = [copy for copy in self._endorsements(registration_id) if _number(copy) > above]
        return min(newer, key=_number, default=None)

    def _endorsements(self, registration_id: RegistrationId) -> list[Copy]:
        found = self._record(registration_id)
        return [copy for copy in found.copies if copy.kind is CopyKind.ENDORSEMENT] if found else []

    def registrations_with(self, registration_number: str) -> Sequence[RegistrationId]:
        """List the registrations of a number, the latest first."""
        return [one.registration_id for one in reversed(self._records) if registration_number in one.numbers]

    def history(self, registration_id: RegistrationId) -> Sequence[RecordedEvent]:
        """List the events of one registration; none of one that is not known."""
        found = self._record(registration_id)
        return [
            RecordedEvent(
                event=event,
                registration_id=registration_id,
                body_digest="",
                version_id=VersionId(""),
                changed_fields=(),
                outcome={},
            )
            for event in (found.events if found else ())
        ]

    def _record(self, registration_id: RegistrationId) -> Record | None:
        return next((one for one in self._records if one.registration_id == registration_id), None)

    def _copies(self) -> Iterator[Copy]:
        return (copy for record in self._records for copy in record.copies)

    def _first(self, fits: Callable[[Copy], bool]) -> Copy | None:
        return next((copy for copy in self._copies() if fits(copy)), None)


class FactsRegistry:
    """A registry of facts, in one of the states a vector names."""

    def __init__(self, facts: Mapping[str, Any], state: str) -> None:
        """Take the ``registry`` of vectors.json and ``there``, ``away`` or ``damaged``."""
        self._session = FactsSession([read(one) for one in facts.values()])
        self._fault = {"there": None, "away": UnavailableError(), "damaged": RecordDamagedError()}[state]

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        """Open it, or fail as a database does that is away, or whose row fails its MAC."""
        if self._fault is not None:
            raise self._fault
        yield cast(ReadSession, self._session)

    def glance(self, token: str) -> Sight:
        """Look one token up; the same faults as reading()."""
        with self.reading() as session:
            copy = session.find_copy_by_token(token)
            glance = None
            if copy is not None:
                glance = Glance(
                    copy=copy,
                    version=session.get_version(copy.version_id),
                    newest=session.newest_endorsement(copy.registration_id),
                    events=tuple(item.event for item in session.history(copy.registration_id)),
                )
            return Sight(last_recorded_at=session.last_recorded_at(), read=lambda: glance)


def registry_of(facts: Mapping[str, Any], state: str) -> Registry:
    """Return a registry that answers what the vectors say it answered."""
    return cast(Registry, FactsRegistry(facts, state))


def _without_id_number(event: Event) -> Event:
    """Leave out what no verifier reads."""
    if event.holder is None:
        return event
    return replace(event, holder=replace(event.holder, id_number=None))


def _number(copy: Copy) -> int:
    return copy.copy_number or 0
