"""From a scan to what the registry knows: found, missing, away or damaged; never a guess."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import CLOCK_SLACK, beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event, HolderId, RegistrationId
from certsvc.domain.identity import is_name
from certsvc.domain.registration import fold
from certsvc.domain.report import Entry, Finding, RegistryAnswer
from certsvc.domain.stamp_finding import timestamp_finding
from certsvc.errors import NotFoundError, RecordDamagedError, UnavailableError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import ReadSession, RecordedEvent, Registry
from certsvc.verification.log_book import LogBook
from certsvc.verification.scan import Scan

NOBODY: Final = RegistrationId("nobody")
"""No registration has this id; what is asked of it costs what an answer would."""
_HISTORIES: Final = 2

Kinds = Mapping[str, CertificateType]
"""Certificate types by name; one whose folder was taken away is not there."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """How the registry answered, with the entry when it was FOUND."""

    answer: RegistryAnswer
    entry: Entry | None = None
    recorded_at: datetime | None = None
    """The latest instant on record. A clock a little behind it is believed, but not to accuse: what another
    server has just issued is not "not yet"."""
    timestamp: tuple[Finding, ...] = ()
    """What is on record of the time stamp of the file in hand, when it is one of ours and needs one."""
    log: Finding | None = None
    """What the transparency log says of the copy; None where nobody asked or there is none."""


def resolve(
    scanned: Scan,
    registry: Registry,
    kinds: Kinds,
    *,
    as_of: datetime,
    now: datetime,
    log_book: LogBook | None = None,
) -> Resolution:
    """Look a scan up; every failure of the registry becomes an answer, not an error.

    A number and a name are those of *as_of*: both may have changed hands or form since. With *log_book* a
    copy is looked up in the transparency log as well.
    """
    short = _resolve_token(scanned.token, registry, kinds, as_of, now) if scanned.token is not None else None
    if short is None:
        return resolve_each([(scanned, as_of)], registry, kinds, now=now, log_book=log_book)[0]
    entry = short.entry
    if log_book is None or entry is None or entry.copy is None:
        return short
    return replace(short, log=log_book.finding(entry.copy, entry.version))


def _resolve_token(
    token: str, registry: Registry, kinds: Kinds, as_of: datetime, now: datetime
) -> Resolution | None:
    """Look one token up by a glance: what scanned symbols ask for, thousands of times a second.

    None when a past instant asks for more than a glance tells.
    """
    try:
        sight = registry.glance(token)
        last = sight.last_recorded_at
        if last is not None and now < last - CLOCK_SLACK:
            return Resolution(RegistryAnswer.TIME_UNCERTAIN)
        record = sight.read()
    except RecordDamagedError:
        return Resolution(RegistryAnswer.DAMAGED)
    except UnavailableError:
        return Resolution(RegistryAnswer.AWAY)
    if record is None:
        return Resolution(RegistryAnswer.MISSING, recorded_at=last)
    if record.version.face.certificate_type not in kinds:
        return Resolution(RegistryAnswer.AWAY)
    if _came_later(record.copy, record.newest, as_of):
        return None
    return Resolution(
        RegistryAnswer.FOUND, _entry(record.version, record.copy, record.events, record.newest), last
    )


def resolve_each(
    asked: Sequence[tuple[Scan, datetime]],
    registry: Registry,
    kinds: Kinds,
    *,
    now: datetime,
    log_book: LogBook | None = None,
) -> list[Resolution]:
    """Look scans up, each as of its instant, in one view of the register; see resolve()."""
    found = {
        place: Resolution(RegistryAnswer.NOT_ASKED)
        for place, (one, _) in enumerate(asked)
        if one.sha256 is one.token is one.code is one.number is None
    }
    if len(found) < len(asked):
        # Whatever stops the session stops it for those that were not reached yet.
        rest = Resolution(_look_up(asked, registry, kinds, now, log_book, found))
        for place in range(len(asked)):
            found.setdefault(place, rest)
    return [found[place] for place in range(len(asked))]


def _look_up(
    asked: Sequence[tuple[Scan, datetime]],
    registry: Registry,
    kinds: Kinds,
    now: datetime,
    log_book: LogBook | None,
    found: dict[int, Resolution],
) -> RegistryAnswer:
    """Fill in *found* by place; return the answer for those it could not get to."""
    try:
        with registry.reading() as session:
            last = session.last_recorded_at()
            if last is not None and now < last - CLOCK_SLACK:
                return RegistryAnswer.TIME_UNCERTAIN
            for place, (scanned, as_of) in enumerate(asked):
                if place not in found:
                    found[place] = _logged(
                        session, _resolution(session, scanned, kinds, as_of, last), log_book
                    )
    except RecordDamagedError:
        return RegistryAnswer.DAMAGED
    except UnavailableError:
        return RegistryAnswer.AWAY
    return RegistryAnswer.MISSING


def _logged(session: ReadSession, found: Resolution, log_book: LogBook | None) -> Resolution:
    entry = found.entry
    if log_book is None or entry is None or entry.copy is None:
        return found
    return replace(found, log=log_book.finding_in(session, entry.copy, entry.version))


def _resolution(
    session: ReadSession,
    scanned: Scan,
    kinds: Kinds,
    as_of: datetime,
    last: datetime | None,
) -> Resolution:
    try:
        entry = _find_entry(session, scanned, kinds, as_of)
        stamp = _timestamp(session, scanned, entry)
    except RecordDamagedError:
        return Resolution(RegistryAnswer.DAMAGED)
    if entry is None:
        return Resolution(RegistryAnswer.MISSING, recorded_at=last)
    if entry.version.face.certificate_type not in kinds:
        # Its folder was taken away, and with it the rules by which it is judged.
        return Resolution(RegistryAnswer.AWAY)
    return Resolution(RegistryAnswer.FOUND, entry, last, stamp)


def _timestamp(session: ReadSession, scanned: Scan, entry: Entry | None) -> tuple[Finding, ...]:
    """Say what is on record of the time stamp of a file; nothing of one that needs none."""
    if entry is None or entry.copy is None or scanned.sha256 is None:
        return ()
    own = [fmt for fmt, file in entry.copy.files.items() if file.sha256 == scanned.sha256]
    stamps = [session.find_timestamp(entry.copy.copy_id, fmt) for fmt in own]
    return tuple(timestamp_finding(stamp) for stamp in stamps if stamp is not None)


def _find_entry(session: ReadSession, scanned: Scan, kinds: Kinds, as_of: datetime) -> Entry | None:
    if scanned.number is not None and scanned.name is not None:
        return _find_record(session, scanned.number, scanned.name, kinds, as_of)
    copy = _find_copy(session, scanned)
    if copy is not None:
        version = session.get_version(copy.version_id)
        events = _events(session.history(copy.registration_id))
        newest = session.newest_endorsement(version.registration_id)
        return _entry(version, copy, events, newest, _next_day(session, copy, newest, as_of))
    if scanned.code is not None:
        # A code is guessed at: whoever asks is to wait as long for nothing as for something.
        _look_for_nothing(session)
        session.history(NOBODY)
        session.find_erasure(HolderId(NOBODY))
    return None


def _find_copy(session: ReadSession, scanned: Scan) -> Copy | None:
    if scanned.sha256 is not None:
        return session.find_copy_by_sha256(scanned.sha256)
    if scanned.token is not None:
        return session.find_copy_by_token(scanned.token)
    return session.find_copy_by_code(scanned.code) if scanned.code is not None else None


def _find_record(session: ReadSession, number: str, name: str, kinds: Kinds, as_of: datetime) -> Entry | None:
    """Find a registration by number and name; a wrong pair is found no more than an unknown number.

    Nor does it take more look-ups: the right pair, a wrong name and a number nobody has all take the same.
    """
    # People type numbers with the input method on: full-width digits and spaces are the same number.
    number = unicodedata.normalize("NFKC", number).strip()
    found = session.registrations_with(number)
    # A number may have had two registrations, one after the other; so two histories are read in any case.
    padded = [*found, *[NOBODY] * max(0, _HISTORIES - len(found))]
    histories = [session.history(registration_id) for registration_id in padded][: len(found)]
    if not any(_reads_a_key(history) for history in histories):
        session.find_erasure(HolderId(NOBODY))
    history = _begun_by(histories, as_of)
    if not history or not _is_named(history, name, kinds, as_of):
        _look_for_nothing(session)
        return None
    version = session.latest_version(history[0].registration_id)
    return _entry(version, None, _events(history), session.newest_endorsement(version.registration_id))


def _begun_by(histories: Sequence[Sequence[RecordedEvent]], instant: datetime) -> Sequence[RecordedEvent]:
    """Return the first of *histories*, the latest registration's first, that had begun, else the last."""
    begun = [history for history in histories if history[0].event.effective_at <= instant]
    return (begun or histories[-1:] or [()])[0]


def _is_named(history: Sequence[RecordedEvent], name: str, kinds: Kinds, as_of: datetime) -> bool:
    kind = kinds.get(history[0].event.certificate_type)
    if kind is None:
        return True  # Nobody can tell; the answer says so, whatever name was typed.
    state = fold([item.event for item in history], as_of, kind.policy)
    # Of a holder who was erased there is no name to type; the stand-in is none.
    held = state.holder.name if state is not None and not state.holder.erased else None
    return held is not None and is_name(name, held)


def _reads_a_key(history: Sequence[RecordedEvent]) -> bool:
    """Tell whether reading a history took a look at its holder's key; nobody's and an erased one's do not."""
    holder = history[0].event.holder if history else None
    return holder is not None and not holder.erased


def _look_for_nothing(session: ReadSession) -> None:
    """Ask for a version and a newest copy as if there were any."""
    with suppress(NotFoundError):
        session.latest_version(NOBODY)
    session.newest_endorsement(NOBODY)


def _events(history: Sequence[RecordedEvent]) -> tuple[Event, ...]:
    return tuple(item.event for item in history)


def _entry(
    version: CertificateVersion,
    copy: Copy | None,
    events: tuple[Event, ...],
    newest: Copy | None,
    next_copy_day: date | None = None,
) -> Entry:
    return Entry(
        registration_number=version.face.registration_number,
        version=version,
        copy=copy,
        events=events,
        newest_copy_number=newest.copy_number if newest is not None else None,
        newest_copy_day=newest.day if newest is not None else None,
        next_copy_day=next_copy_day,
    )


def _came_later(copy: Copy | None, newest: Copy | None, as_of: datetime) -> bool:
    """Tell whether the newest copy was made after the day asked about: then others may lie between."""
    return (
        copy is not None
        and copy.copy_number is not None
        and newest is not None
        and newest.day is not None
        and newest.day > beijing_day(as_of)
    )


def _next_day(session: ReadSession, copy: Copy, newest: Copy | None, as_of: datetime) -> date | None:
    """Return the day of the first copy after *copy*; asked for only when the newest came after *as_of*."""
    if not _came_later(copy, newest, as_of) or copy.copy_number is None:
        return None
    following = session.next_endorsement(copy.registration_id, copy.copy_number)
    return following.day if following is not None else None
