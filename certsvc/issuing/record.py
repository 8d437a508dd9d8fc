"""Recording events: what the registration system says becomes history, a version and an answer."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from certsvc.domain.bodies import parse_body
from certsvc.domain.certificate import CertificateVersion, VersionId, changed_fields, face_hash, face_of
from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import warnings_on
from certsvc.domain.events import Event, EventType, RegistrationId
from certsvc.domain.licence import build_licence_id
from certsvc.domain.policy import Issuer, Policy
from certsvc.domain.recording import check_parts
from certsvc.domain.registration import ENDED, Registration, fold, live_on
from certsvc.errors import (
    CertsvcError,
    Fault,
    IdempotencyConflictError,
    InvalidFieldError,
)
from certsvc.issuing.answers import Answer, certificate_body, registration_body, warnings_body
from certsvc.issuing.conveyor import Conveyor
from certsvc.issuing.discretion import BodyDigest, check_label, check_not_repeated
from certsvc.issuing.draft import Draft, Drafter
from certsvc.issuing.orders import CHUNK, Outcome, reason, shared
from certsvc.issuing.place import (
    STARTS,
    begin,
    check_numbers_free,
    check_only_live,
    follow,
    hold_all,
    keep_document,
    numbers_named,
    numbers_of,
)
from certsvc.issuing.schema import EventRequest
from certsvc.issuing.turn import read_clock, wait_turn
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.changes_told import tell_followers
from certsvc.registry.port import RecordedEvent, Registry, WriteSession

_LAST_VERSION: Final = 999


RECORDING: Final = "recording"
"""The name everybody holds who records; see Recorder."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """One event checked and drawn up, with its images normalised: ready for the transaction."""

    draft: Draft
    digest: str
    """Keyed digest of the body; tells a retry from a conflict."""
    policy: Policy


class Recorder:
    """Records registration events, up to CHUNK of them in one transaction, each refused alone.

    Recorders write one after another: the counters that number events without a gap would line them up in any
    case, and so no two that need several registrations can wait for each other.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        kinds: Mapping[str, CertificateType],
        drafter: Drafter,
        issuer: Issuer,
        clock: Clock,
        body_digest: BodyDigest,
        not_issued: Collection[str] = (),
    ) -> None:
        """Take everything recording needs; *kinds* is keyed by certificate type, *not_issued* names some."""
        self._registry = registry
        self._kinds = kinds
        self._drafter = drafter
        self._issuer = issuer
        self._clock = clock
        self._body_digest = body_digest
        self._not_issued = frozenset(not_issued)
        self._conveyor: Conveyor[_Ready, Outcome] = Conveyor(self._record_all)

    def record(self, body: object) -> Answer:
        """Record one event, or answer a retry as the first time.

        Args:
            body: JSON values of contract's Event.

        Raises:
            RuleError, InputError: coded; nothing was stored.
        """
        ready = self._prepare(body)
        return ready if isinstance(ready, Answer) else self._conveyor.take(ready).get()

    def take(self, bodies: Sequence[object]) -> list[Outcome]:
        """Record events, up to CHUNK together; the outcomes are in their order.

        One that is refused is as if it had not been there; those behind it are tried all the same.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(bodies), CHUNK):
            outcomes += self._chunk(bodies[start : start + CHUNK])
        return outcomes

    def _chunk(self, bodies: Sequence[object]) -> list[Outcome]:
        told: dict[int, Outcome] = {}
        ready: dict[int, _Ready] = {}
        for place, body in enumerate(bodies):
            with reason(partial(_refuse, told, place)):
                prepared = self._prepare(body)
                if isinstance(prepared, Answer):
                    told[place] = Outcome(answer=prepared)
                else:
                    ready[place] = prepared
        told |= zip(ready, self._record_all(list(ready.values())), strict=True)
        return [told[place] for place in range(len(bodies))]

    def _prepare(self, body: object) -> _Ready | Answer:
        """Draw up one event, or answer a retry before its images are looked at."""
        request = parse_body(EventRequest, body)
        check_label(request.source_id, pointer="/source_id")
        digest = self._body_digest.of(body)
        with self._registry.reading() as session:
            earlier = session.find_event(request.source_id)
        if earlier is not None:
            return _repeated(earlier, digest)
        if request.certificate_type not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise InvalidFieldError(
                Fault("/certificate_type", f"没有这种证书类型,可用: {known}", f"unknown type; known: {known}")
            )
        if request.certificate_type in self._not_issued:
            zh = "此证书类型尚未设置证照类型代码，请联系发证单位设置后再登记"
            en = "this type of certificate has no type code yet; the issuer sets CERTSVC_TYPE_CODES"
            raise InvalidFieldError(Fault("/certificate_type", zh, en))
        policy = self._kinds[request.certificate_type].policy
        draft = self._drafter.draft(request, policy, self._clock.now())
        check_parts(draft.event)
        return _Ready(draft, digest, policy)

    def _record_all(self, ready: Sequence[_Ready]) -> list[Outcome]:
        """Record events in their order, in one transaction that is committed on return."""
        outcomes: list[Outcome] = []
        if not ready:
            return outcomes
        try:
            with self._registry.writing() as session:
                events = [one.draft.event for one in ready]
                session.hold([RECORDING])
                wait_turn(
                    session,
                    [f"source {event.source_id}" for event in events],
                    [number for event in events for number in numbers_named(event)],
                )
                if len(events) > 1:
                    hold_all(session, events)
                for one in ready:
                    try:
                        with session.apart():
                            outcomes.append(Outcome(answer=self._record_one(session, one)))
                    except CertsvcError as error:
                        outcomes.append(Outcome(error=error))
        except CertsvcError as error:
            # Nothing of the chunk was recorded, or nobody can tell: asked again, each gets its own answer.
            return [Outcome(error=shared(error)) for _ in ready]
        return outcomes

    def _record_one(self, session: WriteSession, one: _Ready) -> Answer:
        # Asked again: a rival, or one before it in this chunk, may have delivered the same source_id.
        earlier = session.find_event(one.draft.event.source_id)
        if earlier is not None:
            return _repeated(earlier, one.digest)
        now = read_clock(session, self._clock)
        draft = replace(one.draft, event=replace(one.draft.event, recorded_at=now))
        return self._write(session, draft, one.policy, one.digest, now)

    def _write(
        self, session: WriteSession, draft: Draft, policy: Policy, digest: str, now: datetime
    ) -> Answer:
        if draft.event.type in STARTS:
            registration_id, event, before = begin(session, draft.event, policy)
        else:
            registration_id, event, before = follow(session, draft.event, policy)
        numbers = numbers_of(event)
        check_numbers_free(session, registration_id, numbers, policy)

        # An earlier event may lie a few minutes ahead; its version is not taken back by this one.
        events = [*before, event]
        registration = fold(events, max(now, *(one.effective_at for one in events)), policy)
        assert registration is not None  # the event itself is in force at that instant
        today = beijing_day(now)
        if live_on(registration, today):
            check_only_live(session, registration_id, policy, now)
        if event.type is EventType.AMEND_HOLDER:
            keep_document(session, registration_id, registration.holder)
        # Only now: who begins a registration holds the holder first, and one order keeps both going.
        for sha256, content in draft.images.items():
            session.put_image(session.holder_of(registration_id), sha256, content, now)
        session.add_numbers(registration_id, numbers, now)
        version, changed = self._version(
            session, registration_id, registration, event, bool(before), now, policy.issuer(self._issuer)
        )
        warnings = warnings_on(registration.specialties, today, policy)
        outcome: dict[str, object] = {
            "event_id": event.event_id,
            "registration": registration_body(registration, version, warnings, today, policy),
            "certificate": certificate_body(version),
            "warnings": warnings_body(warnings),
        }
        check_not_repeated(event.holder.id_number if event.holder else None, outcome)
        session.append_event(
            RecordedEvent(
                event=event,
                registration_id=registration_id,
                body_digest=digest,
                version_id=version.version_id,
                changed_fields=changed,
                outcome=outcome,
            )
        )
        session.project(
            registration_id,
            registration.registration_number,
            registration.standing not in ENDED,
            {line.name: line.valid_to for line in registration.specialties},
        )
        tell_followers(session, registration_id, before, event, changed, policy)
        return Answer(outcome, created=True)

    def _version(
        self,
        session: WriteSession,
        registration_id: RegistrationId,
        registration: Registration,
        event: Event,
        has_version: bool,
        now: datetime,
        issuer: Issuer,
    ) -> tuple[CertificateVersion, tuple[str, ...]]:
        """Return the version in force after the event, a new one only when the printed content changed."""
        face = face_of(registration)
        previous = session.latest_version(registration_id) if has_version else None
        if previous is not None and (registration.standing in ENDED or previous.face_hash == face_hash(face)):
            return previous, ()
        used_up = previous is not None and previous.version == _LAST_VERSION
        if previous is None or used_up:
            serial, number = session.next_serial(beijing_day(now).year), 1
        else:
            serial, number = previous.serial, previous.version + 1
        version = CertificateVersion(
            version_id=VersionId(secrets.token_hex(16)),
            registration_id=registration_id,
            serial=serial,
            version=number,
            licence_id=build_licence_id(issuer, serial, number),
            previous_licence_id=previous.licence_id if previous is not None and used_up else None,
            face=face,
            face_hash=face_hash(face),
            event_id=event.event_id,
            created_at=now,
        )
        session.add_version(version)
        return version, changed_fields(previous.face, face) if previous is not None else ()


def _refuse(told: dict[int, Outcome], place: int, error: CertsvcError) -> None:
    told[place] = Outcome(error=error)


def _repeated(earlier: RecordedEvent, digest: str) -> Answer:
    """Answer a retry with what the first delivery gave."""
    if earlier.body_digest != digest:
        raise IdempotencyConflictError
    return Answer(earlier.outcome, created=False)
