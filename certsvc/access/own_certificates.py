"""What a holder is shown of what is his: registrations, copies, how often they were looked up. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import (
    Copy,
    CopyId,
    CopyKind,
    CopyState,
    Grant,
    check_original,
    grant,
    warnings_on,
)
from certsvc.domain.events import HolderId, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.registration import (
    ENDED,
    Registration,
    RegistrationStatus,
    Specialty,
    Standing,
    live_on,
    status_on,
)
from certsvc.domain.specialty import renew_deadline
from certsvc.errors import NotFoundError, RuleError
from certsvc.issuing.reserve import read_case
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, Registry
from certsvc.registry.port_feed import LookUp

NextStep = Literal[
    "ENDED", "SUSPENDED", "PICTURES", "EXPIRED", "RENEW", "RENEW_LATE", "AGE", "ORIGINAL", "TODAY", "ENDORSE"
]
"""The one thing a holder does next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """One registration of a holder, as of now."""

    registration_id: RegistrationId
    registration: Registration
    version: CertificateVersion
    policy: Policy
    today: date
    """In Beijing; every count of days is from it."""
    named: bool
    """Whether its number means this registration now: an earlier one may have had the same."""
    original: Copy | None
    """Of the version in force; None while it was not issued."""
    copies: Sequence[Copy]
    """Issued or being made, originals too, the latest first."""
    todays: Copy | None
    """The endorsed copy that took today, if there is one."""
    allowed: Grant | None
    """The window that a copy granted today would have; None when none may be granted."""
    refused: RuleError | None
    """Why none may."""
    original_refused: RuleError | None
    """Why no original may be issued."""
    lookups: Mapping[LookUp, int]
    """How often it and its copies were looked up; who did is not known."""

    @property
    def number(self) -> str:
        """The registration number in force."""
        return self.registration.registration_number

    @property
    def status(self) -> RegistrationStatus:
        """Its state today."""
        return status_on(self.registration, self.today)

    @property
    def live(self) -> bool:
        """Whether it stands in the register and has not run out."""
        return live_on(self.registration, self.today)

    @property
    def next_step(self) -> NextStep:
        """Tell the one thing to do next."""
        if self.registration.standing in ENDED:
            return "ENDED"
        if self.registration.standing is Standing.SUSPENDED:
            return "SUSPENDED"
        if self.status is RegistrationStatus.EXPIRED:
            return "EXPIRED"
        holder = self.registration.holder
        if holder.photo_sha256 is None or holder.signature_sha256 is None:
            return "PICTURES"
        if self.warned:
            return self._renewal()
        if self.original is None:
            return "ORIGINAL"
        return "TODAY" if self.todays is not None else "ENDORSE"

    @property
    def warned(self) -> Sequence[Specialty]:
        """The specialties that are about to end (SPECIALTY_LT_180D)."""
        names = {warning.specialty for warning in warnings_on(self._lines, self.today, self.policy)}
        return [line for line in self._lines if line.name in names]

    def deadline(self, line: Specialty) -> date | None:
        """Return the last day to apply for renewal of a specialty in time; None when it cannot be renewed."""
        return renew_deadline(line.valid_to, self.registration.holder.birth_date, self.policy)

    @property
    def _lines(self) -> Sequence[Specialty]:
        return self.registration.specialties

    def _renewal(self) -> NextStep:
        deadlines = [day for day in map(self.deadline, self.warned) if day is not None]
        if not deadlines:
            return "AGE"
        return "RENEW" if any(self.today <= day for day in deadlines) else "RENEW_LATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Everything of one holder."""

    erased: bool
    """Personal data were erased: there is a word to say, and nothing to show."""
    certificates: Sequence[OwnCertificate]
    """Those in force first, then the latest; empty when erased."""


class OwnCertificates:
    """Reads what is a holder's own; safe to share between threads."""

    def __init__(self, *, registry: Registry, kinds: Mapping[str, CertificateType], clock: Clock) -> None:
        """Take what is read from; *kinds* is keyed by certificate type."""
        self._registry = registry
        self._kinds = kinds
        self._clock = clock

    def of(self, holder_id: HolderId) -> Holding:
        """Show all registrations of a holder.

        Raises:
            UnavailableError: the register is away, or the folder of a type the holder has a certificate of.
        """
        now = self._clock.now()
        with self._registry.reading() as session:
            if session.find_erasure(holder_id) is not None:
                return Holding(erased=True, certificates=())
            found = [
                self._read(session, holder_id, registration_id, now)
                for registration_id in reversed(session.registrations_of(holder_id))
            ]
        certificates = [one for one in found if one is not None]
        return Holding(erased=False, certificates=sorted(certificates, key=lambda one: not one.live))

    def copy(self, holder_id: HolderId, copy_id: str) -> Copy:
        """Return one copy of the holder's.

        Raises:
            NotFoundError: there is none, it is somebody else's, or it was not issued: which, is not told.
        """
        with self._registry.reading() as session:
            copy = session.get_copy(CopyId(copy_id))
            erased = session.find_erasure(holder_id) is not None
        if erased or copy.holder_id != holder_id or copy.state is not CopyState.DONE:
            raise NotFoundError
        return copy

    def _read(
        self, session: ReadSession, holder_id: HolderId, registration_id: RegistrationId, now: datetime
    ) -> OwnCertificate | None:
        """Read one registration; None when it has not begun."""
        try:
            case = read_case(session, self._kinds, registration_id, now)
        except NotFoundError:
            return None
        today, kind = beijing_day(now), case.registration.certificate_type
        original = session.find_original(case.version.version_id, case.registration.reissues)
        allowed, refused = None, None
        try:
            allowed = grant(case.registration, today, case.policy)
        except RuleError as error:
            refused = error
        copies = [
            copy
            for copy in session.copies_of(registration_id)
            if copy.state in {CopyState.DONE, CopyState.PENDING}
        ]
        return OwnCertificate(
            registration_id=registration_id,
            registration=case.registration,
            version=case.version,
            policy=case.policy,
            today=today,
            named=registration_at(session, case.registration.registration_number, now) == registration_id,
            original=original if original is not None and original.state is CopyState.DONE else None,
            copies=sorted(copies, key=lambda copy: (copy.reserved_at, copy.copy_id), reverse=True),
            todays=session.find_endorsement_on(holder_id, kind, today),
            allowed=allowed,
            refused=refused,
            original_refused=_why_no_original(case.registration, today),
            lookups=session.lookups_of(registration_id),
        )


def is_endorsed(copy: Copy) -> bool:
    """Tell whether a copy is an endorsed one, not an original."""
    return copy.kind is CopyKind.ENDORSEMENT


def _why_no_original(registration: Registration, today: date) -> RuleError | None:
    try:
        check_original(registration, today)
    except RuleError as error:
        return error
    return None
