"""Look-ups: counted in memory while people wait for an answer, written down once a second.

An answer never waits for a count, and is never lost to one. What a database that is away does not take is
kept and tried again, within bounds; a process that is killed loses what it had not written: a second's worth.
They are written as entries of a journal, which a process folds into the counters when few people ask.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Final, TypeVar

import structlog

from certsvc.domain.clock import BEIJING, Clock
from certsvc.domain.report import Entry, Kind, Report
from certsvc.errors import CertsvcError, RecordDamagedError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.changes_told import begin_to_follow
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_feed import FOLLOWING, Caller, Follow, LookUp, Way
from certsvc.verification.folding import Folding

KEPT: Final = 50_000
"""Different counters, and interests, held in memory at most; what comes beyond is dropped, and logged."""
_KNOWN: Final = 20_000
"""Interests remembered as written, so that a certificate verified again costs nothing."""
_AT_ONCE: Final = 200
"""Counters of one entry and interests of one transaction: who records must not wait long for us."""
_ENTRIES_AT_ONCE: Final = 20
"""Entries written by one transaction; folding one takes as long as writing twenty."""
_QUIET: Final = 50
"""A process that counts fewer in a second has time to fold the journal."""

_WAYS: Final[Mapping[Kind, Way]] = {
    Kind.PDF: "file",
    Kind.OFD: "file",
    Kind.PHOTO: "file",
    Kind.SHA256: "file",
    Kind.QR: "qr",
    Kind.CODE: "code",
    Kind.NUMBER: "number",
}

_log = structlog.get_logger("certsvc.lookups")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an answer knew of the registration it was about."""

    seq: int
    """Place of the last event."""
    certificate_type: str


class LookUps:
    """Counts the look-ups of one process; safe between threads."""

    def __init__(
        self, *, registry: Registry, kinds: Mapping[str, CertificateType], clock: Clock, kept: int = KEPT
    ) -> None:
        """Take where counts go, and how many are held in memory at most; nothing is started yet."""
        self._kept = kept
        self._registry = registry
        self._folding = Folding(registry)
        self._kinds = kinds
        self._clock = clock
        self._counts: Counter[LookUp] = Counter()
        self._interests: dict[Follow, _Seen] = {}
        self._known: OrderedDict[Follow, None] = OrderedDict()
        self._dropped = 0
        self._lock = Lock()
        self._flushing = Lock()

    def count(self, report: Report, client_id: str | None = None) -> None:
        """Count one answer that showed a record, and keep the interest of who asked.

        Args:
            report: the answer.
            client_id: the API client it went to; None for the public.
        """
        entry = report.entry
        if entry is None:
            return
        caller: Caller = "public" if client_id is None else "client"
        copy_id = entry.copy.copy_id if entry.copy is not None else None
        lookup = LookUp(
            entry.version.registration_id, copy_id, _hour(report.checked_at), caller, _WAYS[report.kind]
        )
        interest = _interest(entry, client_id) if client_id is not None else None
        with self._lock:
            if lookup in self._counts or len(self._counts) < self._kept:
                self._counts[lookup] += 1
            else:
                self._dropped += 1
            if interest is None or interest in self._known or interest in self._interests:
                return
            if len(self._interests) < self._kept:
                self._interests[interest] = _seen(entry)
            else:
                self._dropped += 1

    def flush(self) -> int:
        """Write down what was counted so far.

        Returns:
            How many counters that were.

        Raises:
            UnavailableError: the database is away; what was not written is kept for the next time.
        """
        with self._flushing:
            with self._lock:
                counts, self._counts = self._counts, Counter()
                interests, self._interests = self._interests, {}
                dropped, self._dropped = self._dropped, 0
            if dropped:
                _log.warning("look-ups not counted", dropped=dropped)
            written = len(counts)
            try:
                self._write_counts(counts)
                self._write_interests(interests)
            except BaseException:
                self._keep(counts, interests)
                raise
        return written

    def fold(self) -> int:
        """Fold the whole journal into the counters; returns how many entries that were.

        Raises:
            UnavailableError: the database is away; what was folded by then stays so.
        """
        return self._folding.fold()

    def take_turn(self, ends: Callable[[float], bool]) -> None:
        """Write what was counted, and fold the journal if there is time; what hinders it is logged.

        Args:
            ends: waits for so many seconds, and tells whether this process is to end.
        """

        def flush_and_fold() -> None:
            written = self.flush()
            self._folding.in_time(busy=lambda: max(written, len(self._counts)) >= _QUIET, ends=ends)

        self._tried(flush_and_fold)

    def take_last_turn(self) -> None:
        """Write the last counts; what hinders it is logged."""
        self._tried(self.flush)

    def _tried(self, what: Callable[[], object]) -> None:
        try:
            what()
        except CertsvcError as error:
            _log.warning("look-ups not written yet", code=error.code, note=error.note)
        except Exception as error:  # noqa: BLE001  # a defect must not end the counting for good
            _log.error("look-ups not written", error=type(error).__name__)

    def _write_counts(self, counts: Counter[LookUp]) -> None:
        """Write *counts* into the journal; what is written is taken out of them."""
        entries = _parts([*counts])
        for start in range(0, len(entries), _ENTRIES_AT_ONCE):
            together = entries[start : start + _ENTRIES_AT_ONCE]
            with self._registry.writing() as session:
                for part in together:
                    session.journal_lookups({one: counts[one] for one in part})
            for part in together:
                for one in part:
                    del counts[one]

    def _write_interests(self, interests: dict[Follow, _Seen]) -> None:
        """Keep *interests* in the database; what is written is taken out of them."""
        for part in _parts(sorted(interests, key=_follow_order)):
            with self._registry.writing() as session:
                session.hold([FOLLOWING])
                # All are held before any place in a feed is drawn: who holds one waits for no other.
                sound = [one for one in part if self._hold(session, one)]
                now = self._clock.now()
                for one in sound:
                    self._follow(session, one, interests[one], now)
            with self._lock:
                for one in part:
                    del interests[one]
                    self._known[one] = None
                while len(self._known) > _KNOWN:
                    self._known.popitem(last=False)

    def _hold(self, session: WriteSession, interest: Follow) -> bool:
        try:
            session.lock_registration(interest.registration_id)
        except RecordDamagedError as error:
            return _damaged(error)
        return True

    def _follow(self, session: WriteSession, interest: Follow, seen: _Seen, now: datetime) -> None:
        policy = self._kinds[seen.certificate_type].policy
        try:
            begin_to_follow(session, interest, seen.seq, now, policy)
        except RecordDamagedError as error:
            _damaged(error)

    def _keep(self, counts: Counter[LookUp], interests: Mapping[Follow, _Seen]) -> None:
        """Put back what was not written, as far as there is room."""
        with self._lock:
            for lookup, count in counts.items():
                if lookup in self._counts or len(self._counts) < self._kept:
                    self._counts[lookup] += count
                else:
                    self._dropped += count
            # Who asked first saw the fewest events: what was recorded since then is still to be told.
            self._interests = {**self._interests, **interests}


def _damaged(error: RecordDamagedError) -> bool:
    """Pass over one damaged record: it must not keep others from being followed. Its readers are told."""
    _log.error("not followed", code=error.code, note=error.note)
    return False


def _seen(entry: Entry) -> _Seen:
    return _Seen(
        seq=max((event.seq for event in entry.events), default=0),
        certificate_type=entry.version.face.certificate_type,
    )


def _interest(entry: Entry, client_id: str) -> Follow:
    copy = entry.copy
    return Follow(
        registration_id=entry.version.registration_id,
        client_id=client_id,
        copy_id=copy.copy_id if copy is not None else None,
        token=copy.token if copy is not None else None,
        licence_id=entry.version.licence_id,
    )


def _hour(instant: datetime) -> str:
    return _hour_of(instant.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=16)
def _hour_of(instant: datetime) -> str:
    # The offsets that clocks give are whole hours: UTC, and Beijing's.
    return instant.astimezone(BEIJING).strftime("%Y-%m-%dT%H")


def _follow_order(interest: Follow) -> tuple[str, ...]:
    return interest.registration_id, interest.client_id, interest.copy_id or ""


def _parts(items: Sequence[_T]) -> list[Sequence[_T]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
