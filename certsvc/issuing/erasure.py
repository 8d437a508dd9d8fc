"""Erasing a holder's personal data (docs/decisions/erasure.md): what is proved stays, who it was is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import FORMATS, Copy
from certsvc.domain.erasure import StandIns, erased_events, erased_face, first_day
from certsvc.domain.events import Event, EventId, HolderId, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.errors import CertsvcError, NotFoundError, RecordDamagedError, RetentionNotOverError
from certsvc.issuing.answers import without_person
from certsvc.issuing.discretion import check_label
from certsvc.issuing.record import RECORDING
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import ReadSession, Registry, WriteSession
from certsvc.registry.port_erasing import StandIn
from certsvc.registry.port_log import LOGGING
from certsvc.storage.erasure_list import ErasureEntry, ErasureList
from certsvc.storage.port import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What erasing did, or found done."""

    erased_at: datetime
    registrations: int
    files: int
    """How many issued files the holder had; none of them is in the store any more."""
    purged: bool
    """Whether what was overwritten is out of the database's own log too; the next erasure takes it along."""


class Eraser:
    """Erases holders, and completes what a crash or an old backup left undone."""

    def __init__(
        self,
        *,
        registry: Registry,
        purge: Callable[[], bool],
        storage: Storage,
        kinds: Mapping[str, CertificateType],
        clock: Clock,
        erasures: ErasureList,
        retention_days: int,
    ) -> None:
        """Take everything erasing needs.

        Args:
            registry: what is erased from.
            purge: has what was overwritten leave the database's own log; False while others read from it.
            storage: the issued files.
            kinds: by certificate type.
            clock: gives now.
            erasures: the list outside of the register.
            retention_days: days for which data is kept after the end of a holder's last registration.
        """
        self._purge = purge
        self._registry = registry
        self._storage = storage
        self._kinds = kinds
        self._clock = clock
        self._list = erasures
        self._retention_days = retention_days

    def erase(self, number: str, reason: str, *, override: bool) -> Erased:
        """Erase the holder of a registration; what was begun before is completed.

        Args:
            number: any number the registration has or had.
            reason: why; kept in the list of erasures, so it must name nobody.
            override: do not wait for the end of retention: a court or an authority ordered it.

        Raises:
            InvalidFieldError: *reason* holds an identity number, or what nobody sees.
            NotFoundError: nobody has this number.
            RegistrationInForceError: one of the holder's registrations has not ended.
            RetentionNotOverError: says from which day on it may be done.
            UnavailableError: the register, the store or the list is away; run it again.
        """
        check_label(reason, pointer="/reason")
        with self._registry.reading() as session:
            registration_id = session.find_registration(number)
            if registration_id is None:
                raise NotFoundError
            holder_id = session.holder_of(registration_id)
        now = self._clock.now()

        def begin(session: WriteSession) -> None:
            first = self._first_day(session, holder_id, now)
            if not override and beijing_day(now) < first:
                raise RetentionNotOverError(first)
            # First of all: whatever happens from here on, recovery completes it.
            self._list.add(ErasureEntry(holder_id=holder_id, at=now, reason=reason))

        return self._complete(holder_id, now, begin)

    def complete_all(self) -> int:
        """Complete what is in the list and not in the register, and files left over; returns how many.

        Raises:
            UnavailableError: of the first holder who could not be completed; all others are by then.
        """
        now = self._clock.now()
        wanted = {HolderId(entry.holder_id): entry.at for entry in self._list.entries()}
        faults: list[CertsvcError] = []
        todo: dict[HolderId, None] = {}
        with self._registry.reading() as session:
            for holder_id in wanted:
                with _noted(faults, RecordDamagedError):
                    erasure = session.find_erasure(holder_id)
                    gone = erasure is not None and erasure.files_gone_at is not None
                    if not gone and session.every_registration_of(holder_id):
                        todo[holder_id] = None
            with _noted(faults, RecordDamagedError):
                todo |= dict.fromkeys(session.erasures_with_files())
        for holder_id in todo:
            # A damaged row of one, or a copy being made, must not keep the others in the register.
            with _noted(faults, CertsvcError):
                self._complete(holder_id, wanted.get(holder_id, now))
        if faults:
            raise faults[0]
        return len(todo)

    def _first_day(self, session: ReadSession, holder_id: HolderId, now: datetime) -> date:
        days = []
        for registration_id in session.every_registration_of(holder_id):
            events = [item.event for item in session.history(registration_id)]
            days.append(first_day(events, now, self._policy(events[0]), self._retention_days))
        return max(days)

    def _policy(self, event: Event) -> Policy:
        return self._kinds[event.certificate_type].policy

    def _complete(
        self, holder_id: HolderId, at: datetime, begin: Callable[[WriteSession], None] | None = None
    ) -> Erased:
        """Erase the rows, then the files, then remember that these are gone; each step may be repeated.

        *begin* decides whether it may be done, once nothing can be recorded for the holder any more.
        """
        with self._registry.writing() as session:
            # Whoever records or issues for this holder is done, or waits and then finds the holder erased.
            # So is who gives places in the log: it holds entries in another order than they are forgotten in.
            session.hold([LOGGING, RECORDING])
            ids = session.every_registration_of(holder_id)
            session.lock_known(ids, [holder_id])
            erasure = session.find_erasure(holder_id)
            if erasure is None:
                if begin is not None:
                    begin(session)
                stand_ins = StandIns()
                session.erase_holder(holder_id, [self._stand_in(session, one, stand_ins) for one in ids], at)
            copies = [copy for one in ids for copy in session.copies_of(one)]
        self._remove_files(copies)
        with self._registry.writing() as session:
            session.set_files_gone(holder_id, self._clock.now())
        return Erased(
            erased_at=at if erasure is None else erasure.erased_at,
            registrations=len(ids),
            files=len(copies) * len(FORMATS),
            purged=self._purge(),
        )

    def _remove_files(self, copies: Sequence[Copy]) -> None:
        """Remove every file; in the end RecordDamagedError for a pack that cannot be written anew."""
        faults: list[CertsvcError] = []
        for copy in copies:
            with _noted(faults, RecordDamagedError):
                # A file of a copy that failed long ago is not there; removing it is fine too.
                self._storage.remove([copy.file_name(fmt) for fmt in FORMATS])
        if faults:
            raise faults[0]

    def _stand_in(
        self, session: WriteSession, registration_id: RegistrationId, stand_ins: StandIns
    ) -> StandIn:
        history = session.history(registration_id)
        policy = self._policy(history[0].event)
        events = erased_events([item.event for item in history], stand_ins, policy)
        told = {event.event_id: event.holder.name if event.holder else None for event in events}
        outcomes: dict[EventId, Mapping[str, object]] = {
            item.event.event_id: without_person(item.outcome, told[item.event.event_id]) for item in history
        }
        versions = [
            replace(one, face=erased_face(one.face, stand_ins))
            for one in session.versions_of(registration_id)
        ]
        return StandIn(events=events, outcomes=outcomes, versions=versions)


@contextmanager
def _noted(faults: list[CertsvcError], kind: type[CertsvcError]) -> Iterator[None]:
    """Put an error of *kind* off: whoever gave *faults* goes on, and raises the first in the end."""
    try:
        yield
    except kind as error:
        faults.append(error)
