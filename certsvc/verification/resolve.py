"""From a scan to what the registry knows: found, missing, away or damaged; never a guess."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certsvc.domain.clock import CLOCK_SLACK
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import RegistrationId
from certsvc.domain.identity import canonical_name, is_lookup_number
from certsvc.domain.registration import fold
from certsvc.domain.report import Entry, RegistryAnswer
from certsvc.errors import InvalidFieldError, RecordDamagedError, UnavailableError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, Registry
from certsvc.verification.scan import Scan


@dataclass(frozen=True, slots=True)
class Resolution:
    """How the registry answered, with the entry when it was FOUND."""

    answer: RegistryAnswer
    entry: Entry | None = None
    recorded_at: datetime | None = None
    """The latest instant on record. A clock a little behind it is believed, but not to accuse: what another
    server has just issued is not "not yet"."""


def resolve(
    scanned: Scan,
    registry: Registry,
    kinds: Mapping[str, CertificateType],
    *,
    as_of: datetime,
    now: datetime,
) -> Resolution:
    """Look a scan up; every failure of the registry becomes an answer, not an error.

    A number and a name are those of *as_of*: both may have changed hands or form since.
    """
    return resolve_each([(scanned, as_of)], registry, kinds, now=now)[0]


def resolve_each(
    asked: Sequence[tuple[Scan, datetime]],
    registry: Registry,
    kinds: Mapping[str, CertificateType],
    *,
    now: datetime,
) -> list[Resolution]:
    """Look scans up, each as of its instant, in one view of the register; see resolve()."""
    found = {
        place: Resolution(RegistryAnswer.NOT_ASKED)
        for place, (one, _) in enumerate(asked)
        if one.sha256 is one.token is one.code is one.number is None
    }
    if len(found) < len(asked):
        # Whatever stops the session stops it for those that were not reached yet.
        rest = Resolution(_look_up(asked, registry, kinds, now, found))
        for place in range(len(asked)):
            found.setdefault(place, rest)
    return [found[place] for place in range(len(asked))]


def _look_up(
    asked: Sequence[tuple[Scan, datetime]],
    registry: Registry,
    kinds: Mapping[str, CertificateType],
    now: datetime,
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
                    found[place] = _resolution(session, scanned, kinds, as_of, last)
    except RecordDamagedError:
        return RegistryAnswer.DAMAGED
    except UnavailableError:
        return RegistryAnswer.AWAY
    return RegistryAnswer.MISSING


def _resolution(
    session: ReadSession,
    scanned: Scan,
    kinds: Mapping[str, CertificateType],
    as_of: datetime,
    last: datetime | None,
) -> Resolution:
    try:
        entry = _find_entry(session, scanned, kinds, as_of)
    except RecordDamagedError:
        return Resolution(RegistryAnswer.DAMAGED)
    if entry is None:
        return Resolution(RegistryAnswer.MISSING, recorded_at=last)
    return Resolution(RegistryAnswer.FOUND, entry, last)


def _find_entry(
    session: ReadSession, scanned: Scan, kinds: Mapping[str, CertificateType], as_of: datetime
) -> Entry | None:
    if scanned.number is not None and scanned.name is not None:
        return _find_record(session, scanned.number, scanned.name, kinds, as_of)
    copy = _find_copy(session, scanned)
    return _entry(session, copy.registration_id, copy) if copy is not None else None


def _find_copy(session: ReadSession, scanned: Scan) -> Copy | None:
    if scanned.sha256 is not None:
        return session.find_copy_by_sha256(scanned.sha256)
    if scanned.token is not None:
        return session.find_copy_by_token(scanned.token)
    return session.find_copy_by_code(scanned.code) if scanned.code is not None else None


def _find_record(
    session: ReadSession, number: str, name: str, kinds: Mapping[str, CertificateType], as_of: datetime
) -> Entry | None:
    """Find a registration by number and name; a wrong pair is found no more than an unknown number."""
    # People type numbers with the input method on: full-width digits and spaces are the same number.
    number = unicodedata.normalize("NFKC", number).strip()
    if not any(is_lookup_number(number, kind.policy) for kind in kinds.values()):
        return None
    registration_id = registration_at(session, number, as_of)
    if registration_id is None:
        return None
    entry = _entry(session, registration_id, None)
    policy = kinds[entry.version.face.certificate_type].policy
    try:
        typed = canonical_name(name, pointer="/name", limit=policy.name_max)
    except InvalidFieldError:
        return None
    state = fold(entry.events, as_of, policy)
    return entry if state is not None and state.holder.name == typed else None


def _entry(session: ReadSession, registration_id: RegistrationId, copy: Copy | None) -> Entry:
    version = (
        session.get_version(copy.version_id) if copy is not None else session.latest_version(registration_id)
    )
    newest = session.newest_endorsement(registration_id)
    return Entry(
        registration_number=version.face.registration_number,
        version=version,
        copy=copy,
        events=tuple(item.event for item in session.history(registration_id)),
        newest_copy_number=newest.copy_number if newest is not None else None,
        newest_copy_day=newest.day if newest is not None else None,
    )
