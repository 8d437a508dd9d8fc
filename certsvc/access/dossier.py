"""What an operator is shown of a registration: found by what is in hand, its history, its copies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from certsvc.domain.certificate import CertificateVersion, Face, VersionId
from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event, RegistrationId
from certsvc.domain.names import canonical_name
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration, RegistrationStatus, status_on
from certsvc.errors import InvalidFieldError, NotFoundError
from certsvc.issuing.reserve import Case, read_case
from certsvc.page.certificate_type import CertificateType
from certsvc.qr.token import canonical_code, canonical_token
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, RecordedEvent, Registry

FOUND_MOST: Final = 50
"""Registrations a search lists; who finds more knows too little."""
_LINK: Final = re.compile(r"/[vcVC]/([0-9A-Za-z]{26})(?:[/?#]|$)")
_NAME_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One registration that was found."""

    registration: Registration
    status: RegistrationStatus
    title: str
    """证照名称 of its certificate type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of the history (操作轨迹) with what it changed in print."""

    event: Event
    version: CertificateVersion
    """In force after it was recorded."""
    before: Face | None
    """What was printed before; None for the first."""
    changed: tuple[str, ...]
    """Names of what differs, see certificate.changed_fields()."""

    @property
    def late(self) -> bool:
        """Whether it took effect on an earlier day of Beijing's than it was recorded."""
        return beijing_day(self.event.effective_at) < beijing_day(self.event.recorded_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything of one registration, as of now."""

    registration: Registration
    status: RegistrationStatus
    version: CertificateVersion
    """In force."""
    policy: Policy
    today: date
    named: bool
    """Whether its number means this registration now: an earlier one may have had the same."""
    steps: Sequence[Step]
    """In the order of recording."""
    copies: Sequence[Copy]
    """Originals and endorsed copies in any state, the latest first."""


class Dossiers:
    """Reads registrations for operators; safe to share between threads."""

    def __init__(self, *, registry: Registry, kinds: Mapping[str, CertificateType], clock: Clock) -> None:
        """Take what is read from; *kinds* is keyed by certificate type."""
        self._registry = registry
        self._kinds = kinds
        self._clock = clock

    def search(self, typed: str) -> Sequence[Hit]:
        """Find registrations by what somebody has in hand.

        Args:
            typed: any number a registration has or had, the code or link of a copy, or a holder's whole name.

        Returns:
            Those it leads to, FOUND_MOST at most; none when it leads nowhere.
        """
        typed, now = typed.strip(), self._clock.now()
        with self._registry.reading() as session:
            found = self._by_number(session, typed) or self._by_copy(session, typed)
            ids = found or self._by_name(session, typed)
            cases = [case for one in ids if (case := self._case(session, one, now)) is not None]
        today = beijing_day(now)
        return [
            Hit(
                registration=case.registration,
                status=status_on(case.registration, today),
                title=case.policy.title,
            )
            for case in cases
        ]

    def of(self, number: str) -> Dossier:
        """Show the registration a number means now.

        Raises:
            NotFoundError: nobody has or had the number, or it has not begun.
        """
        now = self._clock.now()
        with self._registry.reading() as session:
            registration_id = registration_at(session, number, now)
            if registration_id is None:
                raise NotFoundError
            case = read_case(session, self._kinds, registration_id, now)
            history = session.history(registration_id)
            versions = {one.version_id: one for one in session.versions_of(registration_id)}
            copies = session.copies_of(registration_id)
            named = registration_at(session, case.registration.registration_number, now) == registration_id
        today = beijing_day(now)
        return Dossier(
            registration=case.registration,
            status=status_on(case.registration, today),
            version=case.version,
            policy=case.policy,
            today=today,
            named=named,
            steps=_steps(history, versions),
            copies=sorted(copies, key=lambda copy: (copy.reserved_at, copy.copy_id), reverse=True),
        )

    def _case(self, session: ReadSession, registration_id: RegistrationId, now: datetime) -> Case | None:
        """Read a registration; None when it has not begun."""
        try:
            return read_case(session, self._kinds, registration_id, now)
        except NotFoundError:
            return None

    def _by_number(self, session: ReadSession, typed: str) -> Sequence[RegistrationId]:
        return session.registrations_with(typed)[:FOUND_MOST]

    def _by_copy(self, session: ReadSession, typed: str) -> Sequence[RegistrationId]:
        link = _LINK.search(typed)
        token = canonical_token(link[1] if link else typed)
        copy = session.find_copy_by_token(token) if token is not None else None
        if copy is None and (code := canonical_code(typed)) is not None:
            copy = session.find_copy_by_code(code)
        return [] if copy is None else [copy.registration_id]

    def _by_name(self, session: ReadSession, typed: str) -> Sequence[RegistrationId]:
        try:
            name = canonical_name(typed, pointer="", limit=_NAME_LIMIT)
        except InvalidFieldError:
            # No name anybody can have: it leads nowhere.
            return []
        return session.registrations_named(name, FOUND_MOST)


def _steps(history: Sequence[RecordedEvent], versions: Mapping[VersionId, CertificateVersion]) -> list[Step]:
    steps: list[Step] = []
    for item in history:
        version = versions[item.version_id]
        steps.append(
            Step(
                event=item.event,
                version=version,
                before=steps[-1].version.face if steps else None,
                changed=item.changed_fields if steps else (),
            )
        )
    return steps
