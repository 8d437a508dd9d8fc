"""What every endorsed copy is worth now, kept up to date from the registry.

The registry is read once from end to end, then only where something may have changed: registrations with
events recorded since, with an instant that has come meanwhile, or with a copy still being made. Why that
gives the same as reading it all again: docs/decisions/trust-material.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from certsvc.domain.clock import CLOCK_SLACK
from certsvc.domain.endorsement import Copy, CopyState
from certsvc.domain.events import RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.record_state import state_of
from certsvc.domain.report import Entry
from certsvc.domain.status_list import LIST_SIZE, StatusValue, place_of, value_of
from certsvc.errors import DefectError, RecordDamagedError, TimeUncertainError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import Endorsed, Registry

_LOOK_BACK: Final = timedelta(minutes=15)
"""An event lies five minutes ahead at most, so one recorded longer ago than this has taken effect."""
_CHUNK: Final = 200
"""Registrations, or events, read in one transaction."""


@dataclass(slots=True)
class StatusLists:
    """The values of all copies as of one instant. Not safe to share between threads."""

    registry: Registry
    kinds: Mapping[str, CertificateType]
    as_of: datetime | None = None
    """When it was true; None before the first reading."""
    _seq: int = 0
    """Place of the last event taken into account."""
    _highest: int = -1
    _values: dict[int, dict[int, StatusValue]] = field(default_factory=dict)
    """By list, by place; copies that are usable have none."""
    _due: dict[RegistrationId, datetime] = field(default_factory=dict)
    """When a registration has to be looked at again although nothing is recorded."""
    _unknown: dict[RegistrationId, frozenset[int] | None] = field(default_factory=dict)
    """Registrations with a damaged row, and the lists their copies stand in; None when that is not known."""

    def refresh(self, now: datetime, give_way: Callable[[float], None] = lambda _: None) -> None:
        """Bring every value up to *now*.

        Args:
            now: the present instant.
            give_way: called between two portions of a first reading with the seconds the last one took.

        Raises:
            UnavailableError: the registry cannot be read, or a row that leads to others is damaged. Some
                values may be new by then; all of them are after the next call that succeeds.
            TimeUncertainError: the clock stands before what was recorded.
        """
        with self.registry.reading() as session:
            last = session.last_recorded_at()
            if last is not None and now < last - CLOCK_SLACK:
                raise TimeUncertainError("the clock stands before the last recorded instant")
            now = max(now, last or now, self.as_of or now)
            start = session.last_seq_before(now - _LOOK_BACK) if self.as_of is None else self._seq
        if self.as_of is None:
            self._read_all(now, give_way)
            self._seq = start
        self._follow(now)
        self.as_of = now

    def count(self, number: int) -> int:
        """Return how many places a list speaks of; 0 for one that does not exist."""
        return max(0, min(self._highest + 1 - number * LIST_SIZE, LIST_SIZE))

    def numbers(self) -> range:
        """Return the numbers of all lists; there is always a first one."""
        return range(max(0, self._highest) // LIST_SIZE + 1)

    def values(self, number: int) -> Mapping[int, StatusValue]:
        """Return the values of one list by place, without the usable ones.

        Raises:
            RecordDamagedError: a row that decides one of them is damaged, or the folder of its type is not
                there. No value is guessed, so the list waits until somebody has mended it.
        """
        if any(lists is None or number in lists for lists in self._unknown.values()):
            why = "a damaged row, or a certificate type without its folder,"
            raise RecordDamagedError(f"{why} keeps status list {number} from being told")
        return self._values.get(number, {})

    def _read_all(self, now: datetime, give_way: Callable[[float], None]) -> None:
        after: RegistrationId | None = None
        while True:
            begun = perf_counter()
            with self.registry.reading() as session:
                ids = session.endorsed_after(after, _CHUNK)
            if not ids:
                return
            self._read(ids, now)
            after = ids[-1]
            give_way(perf_counter() - begun)

    def _follow(self, now: datetime) -> None:
        """Look again at every registration whose copies may be worth something else by *now*."""
        while True:
            with self.registry.reading() as session:
                marks = session.recorded_after(self._seq, _CHUNK)
                highest = session.highest_status_index()
            for mark in marks:
                if mark.effective_at > now:
                    self._look_again(mark.registration_id, mark.effective_at)
            for registration_id in {mark.registration_id for mark in marks}:
                self._read([registration_id], now)
            self._seq = marks[-1].seq if marks else self._seq
            if len(marks) < _CHUNK:
                break
        for registration_id in [one for one, at in self._due.items() if at <= now]:
            del self._due[registration_id]
            self._read([registration_id], now)
        for registration_id in list(self._unknown):
            self._read([registration_id], now)
        self._highest = -1 if highest is None else highest

    def _read(self, ids: Sequence[RegistrationId], now: datetime) -> None:
        """Read the registrations from the first to the last of *ids*; one that is damaged stops no other."""
        try:
            with self.registry.reading() as session:
                found = session.endorsed_between(ids[0], ids[-1])
        except RecordDamagedError:
            if len(ids) > 1:
                for registration_id in ids:
                    self._read([registration_id], now)
            else:
                self._unknown[ids[0]] = self._lists_of(ids[0])
            return
        for endorsed in found:
            self._take(endorsed, now)

    def _lists_of(self, registration_id: RegistrationId) -> frozenset[int] | None:
        """Return the lists that hold a registration's copies; None when the copies are the damage."""
        try:
            with self.registry.reading() as session:
                return _lists(session.endorsements_between(registration_id, registration_id))
        except RecordDamagedError:
            return None

    def _take(self, endorsed: Endorsed, now: datetime) -> None:
        kind = self.kinds.get(endorsed.copies[0].certificate_type)
        if kind is None:
            # The folder of its type was taken away, and with it the rules; the lists of others go on.
            self._unknown[endorsed.registration_id] = _lists(endorsed.copies)
            return
        told = {event.event_id for event in endorsed.events}
        for copy in endorsed.copies:
            version = endorsed.versions.get(copy.version_id)
            if version is None or version.event_id not in told:
                # Rows are never deleted: what a copy prints, or the event it prints, was taken away.
                self._unknown[endorsed.registration_id] = _lists(endorsed.copies)
                return
        for copy in endorsed.copies:
            self._set(copy, _value(copy, endorsed, now, kind.policy))
        self._unknown.pop(endorsed.registration_id, None)
        instants = {event.effective_at for event in endorsed.events}
        instants |= {copy.done_at for copy in endorsed.copies if copy.done_at is not None}
        for at in instants:
            if at > now:
                self._look_again(endorsed.registration_id, at)
        if any(copy.state is CopyState.PENDING for copy in endorsed.copies):
            self._look_again(endorsed.registration_id, now)

    def _look_again(self, registration_id: RegistrationId, at: datetime) -> None:
        self._due[registration_id] = min(at, self._due.get(registration_id, at))

    def _set(self, copy: Copy, value: StatusValue) -> None:
        number, place = place_of(_index(copy))
        values = self._values.setdefault(number, {})
        if value is StatusValue.USABLE:
            values.pop(place, None)
        else:
            values[place] = value


def _value(copy: Copy, endorsed: Endorsed, now: datetime, policy: Policy) -> StatusValue:
    """Return what one copy is worth; one that was never handed out is worth nothing worse than any other."""
    if copy.state is not CopyState.DONE:
        return StatusValue.USABLE
    version = endorsed.versions[copy.version_id]
    entry = Entry(
        registration_number=version.face.registration_number,
        version=version,
        copy=copy,
        events=endorsed.events,
    )
    return value_of(state_of(entry, now, policy))


def _index(copy: Copy) -> int:
    if copy.status_index is None:
        raise DefectError(f"the endorsement {copy.copy_id} has no place in the status lists")
    return copy.status_index


def _lists(copies: Iterable[Copy]) -> frozenset[int]:
    return frozenset(place_of(_index(copy))[0] for copy in copies)
