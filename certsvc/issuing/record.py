"""Recording events: what the registration system says becomes history, a version and an answer."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from certsvc.domain.bodies import parse_body
from certsvc.domain.certificate import CertificateVersion, VersionId, changed_fields, face_hash, face_of
from certsvc.domain.clock import CLOCK_SLACK, Clock, beijing_day
from certsvc.domain.endorsement import warnings_on
from certsvc.domain.events import Event, EventType, HolderId, RegistrationId
from certsvc.domain.licence import build_licence_id
from certsvc.domain.policy import Issuer, Policy
from certsvc.domain.recording import check_event, check_parts
from certsvc.domain.registration import ENDED, Registration, fold, live_on
from certsvc.errors import (
    Fault,
    IdempotencyConflictError,
    InvalidFieldError,
    NoRegistrationForRenewalError,
    NotFoundError,
    TimeUncertainError,
)
from certsvc.issuing.answers import Answer, certificate_body, registration_body, warnings_body
from certsvc.issuing.draft import Draft, Drafter, checked_holder
from certsvc.issuing.schema import EventRequest
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.port import ReadSession, RecordedEvent, Registry, WriteSession

_LAST_VERSION: Final = 999
_STARTS: Final = frozenset({EventType.INITIAL, EventType.RE_REGISTER})


def digest_of(body: object) -> str:
    """Return the hex sha256 of a JSON value in canonical form; equal bodies give equal digests."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def check_clock(session: ReadSession, now: datetime) -> None:
    """Refuse to write while the clock stands before what is already written.

    Raises:
        TimeUncertainError: by more than CLOCK_SLACK.
    """
    last = session.last_recorded_at()
    if last is not None and now < last - CLOCK_SLACK:
        raise TimeUncertainError(
            f"the clock stands {(last - now).total_seconds():.0f} s before the last record"
        )


class Recorder:
    """Records registration events, one transaction each."""

    def __init__(
        self,
        *,
        registry: Registry,
        kinds: Mapping[str, CertificateType],
        drafter: Drafter,
        issuer: Issuer,
        clock: Clock,
    ) -> None:
        """Take everything recording needs; *kinds* is keyed by certificate type."""
        self._registry = registry
        self._kinds = kinds
        self._drafter = drafter
        self._issuer = issuer
        self._clock = clock

    def record(self, body: object) -> Answer:
        """Record one event, or answer a retry as the first time.

        Args:
            body: JSON values of contract's Event.

        Raises:
            RuleError, InputError: coded; nothing was stored.
        """
        request = parse_body(EventRequest, body)
        digest = digest_of(body)
        with self._registry.reading() as session:
            earlier = session.find_event(request.source_id)
        if earlier is not None:
            return _repeated(earlier, digest)
        if request.certificate_type not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise InvalidFieldError(
                Fault("/certificate_type", f"没有这种证书类型,可用: {known}", f"unknown type; known: {known}")
            )
        policy = self._kinds[request.certificate_type].policy
        now = self._clock.now()
        draft = self._drafter.draft(request, policy, now)
        check_parts(draft.event)
        with self._registry.writing() as session:
            # Asked again under the write lock: a rival may have delivered the same source_id meanwhile.
            earlier = session.find_event(request.source_id)
            if earlier is not None:
                return _repeated(earlier, digest)
            check_clock(session, now)
            return self._write(session, draft, policy, digest, now)

    def _write(
        self, session: WriteSession, draft: Draft, policy: Policy, digest: str, now: datetime
    ) -> Answer:
        if draft.event.type in _STARTS:
            registration_id, event, before = self._start(session, draft.event, policy, now)
        else:
            registration_id, event, before = self._follow(session, draft.event, policy, now)
        numbers = [*event.former_numbers, event.registration_number]
        if event.new_registration_number is not None:
            numbers.append(event.new_registration_number)
        _check_numbers_free(session, registration_id, numbers)
        for sha256, content in draft.images.items():
            session.put_image(sha256, content, now)
        session.add_numbers(registration_id, numbers, now)

        registration = fold([*before, event], max(now, event.effective_at), policy)
        assert registration is not None  # the event itself is in force at that instant
        version, changed = self._version(session, registration_id, registration, event, bool(before), now)
        today = beijing_day(now)
        warnings = warnings_on(registration.specialties, today, policy)
        outcome: dict[str, object] = {
            "event_id": event.event_id,
            "registration": registration_body(registration, version, warnings, today, policy),
            "certificate": certificate_body(version),
            "warnings": warnings_body(warnings),
        }
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
        return Answer(outcome, created=True)

    def _start(
        self, session: WriteSession, event: Event, policy: Policy, now: datetime
    ) -> tuple[RegistrationId, Event, Sequence[Event]]:
        """Begin a registration: an initial one, or a new one after an old one ended."""
        event = replace(event, holder=checked_holder(event.holder, None, beijing_day(now)))
        assert (
            event.holder is not None
            and event.holder.id_type is not None
            and event.holder.id_number is not None
        )
        old: RegistrationId | None = None
        if event.type is EventType.RE_REGISTER:
            old = session.find_registration(event.registration_number)
            if old is None:
                raise NotFoundError
            session.lock_registration(old)
        holder_id = session.lock_holder(event.holder.id_type, event.holder.id_number, now)
        if old is not None and session.holder_of(old) != holder_id:
            raise InvalidFieldError(
                Fault(
                    "/holder/id_number",
                    "证件与原注册人不一致,请核对注册编号和证件",
                    "the document is not that of the holder of this number; check both",
                )
            )
        live = self._live_elsewhere(session, holder_id, old, event, policy)
        earlier = _events(session, old) if old is not None else ()
        check_event(earlier, event, policy, live_elsewhere=live)
        return session.add_registration(holder_id, event.certificate_type, now), event, ()

    def _follow(
        self, session: WriteSession, event: Event, policy: Policy, now: datetime
    ) -> tuple[RegistrationId, Event, Sequence[Event]]:
        """Continue an existing registration."""
        registration_id = session.find_registration(event.registration_number)
        if registration_id is None:
            raise NoRegistrationForRenewalError if event.type is EventType.RENEW else NotFoundError
        session.lock_registration(registration_id)
        before = _events(session, registration_id)
        if before[0].certificate_type != event.certificate_type:
            raise NotFoundError
        holder_id = session.holder_of(registration_id)
        if event.holder is not None:
            # Every later change counts too: the document must agree with what it will stand beside.
            known = fold(before, max(now, event.effective_at), policy)
            event = replace(
                event, holder=checked_holder(event.holder, known.holder if known else None, beijing_day(now))
            )
        live = self._live_elsewhere(session, holder_id, registration_id, event, policy)
        check_event(before, event, policy, live_elsewhere=live)
        if (
            event.holder is not None
            and event.holder.id_number is not None
            and event.holder.id_type is not None
        ):
            session.set_holder_document(holder_id, event.holder.id_type, event.holder.id_number)
        return registration_id, event, before

    def _live_elsewhere(
        self,
        session: ReadSession,
        holder_id: HolderId,
        own: RegistrationId | None,
        event: Event,
        policy: Policy,
    ) -> bool:
        """Tell whether the holder has another live registration of the type."""
        for other in session.registrations_of(holder_id, event.certificate_type):
            if other == own:
                continue
            events = _events(session, other)
            # At its own instant and at ours: a backdated beginning must not stand beside one that lives now.
            for instant in {event.effective_at, event.recorded_at}:
                state = fold(events, instant, policy)
                if state is not None and live_on(state, beijing_day(instant)):
                    return True
        return False

    def _version(
        self,
        session: WriteSession,
        registration_id: RegistrationId,
        registration: Registration,
        event: Event,
        has_version: bool,
        now: datetime,
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
            licence_id=build_licence_id(self._issuer, serial, number),
            previous_licence_id=previous.licence_id if previous is not None and used_up else None,
            face=face,
            face_hash=face_hash(face),
            event_id=event.event_id,
            created_at=now,
        )
        session.add_version(version)
        return version, changed_fields(previous.face, face) if previous is not None else ()


def _events(session: ReadSession, registration_id: RegistrationId) -> Sequence[Event]:
    return [item.event for item in session.history(registration_id)]


def _repeated(earlier: RecordedEvent, digest: str) -> Answer:
    """Answer a retry with what the first delivery gave."""
    if earlier.body_digest != digest:
        raise IdempotencyConflictError
    return Answer(earlier.outcome, created=False)


def _check_numbers_free(session: ReadSession, own: RegistrationId, numbers: Sequence[str]) -> None:
    """Refuse a number that belongs to somebody else; a holder's own old numbers may return."""
    holder_id = session.holder_of(own)
    for number in numbers:
        other = session.find_registration(number)
        if other is not None and session.holder_of(other) != holder_id:
            raise InvalidFieldError(
                Fault(
                    "/registration_number" if number == numbers[-1] else "/former_numbers",
                    "该注册编号已属于其他人员,请核对",
                    "this number belongs to another holder; check it",
                )
            )
