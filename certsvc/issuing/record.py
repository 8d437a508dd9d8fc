"""Recording events: what the registration system says becomes history, a version and an answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
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
    Fault,
    IdempotencyConflictError,
    InvalidFieldError,
)
from certsvc.issuing.answers import Answer, certificate_body, registration_body, warnings_body
from certsvc.issuing.discretion import BodyDigest, canonical_json, check_label, check_not_repeated
from certsvc.issuing.draft import Draft, Drafter
from certsvc.issuing.place import (
    STARTS,
    begin,
    check_numbers_free,
    check_only_live,
    follow,
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


def digest_of(body: object) -> str:
    """Return the hex sha256 of a JSON value in canonical form; equal bodies give equal digests."""
    return hashlib.sha256(canonical_json(body)).hexdigest()


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
        body_digest: BodyDigest,
    ) -> None:
        """Take everything recording needs; *kinds* is keyed by certificate type."""
        self._registry = registry
        self._kinds = kinds
        self._drafter = drafter
        self._issuer = issuer
        self._clock = clock
        self._body_digest = body_digest

    def record(self, body: object) -> Answer:
        """Record one event, or answer a retry as the first time.

        Args:
            body: JSON values of contract's Event.

        Raises:
            RuleError, InputError: coded; nothing was stored.
        """
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
        policy = self._kinds[request.certificate_type].policy
        draft = self._drafter.draft(request, policy, self._clock.now())
        check_parts(draft.event)
        with self._registry.writing() as session:
            wait_turn(session, f"source {request.source_id}", numbers_named(draft.event))
            # Asked again: a rival may have delivered the same source_id meanwhile.
            earlier = session.find_event(request.source_id)
            if earlier is not None:
                return _repeated(earlier, digest)
            now = read_clock(session, self._clock)
            draft = replace(draft, event=replace(draft.event, recorded_at=now))
            return self._write(session, draft, policy, digest, now)

    def _write(
        self, session: WriteSession, draft: Draft, policy: Policy, digest: str, now: datetime
    ) -> Answer:
        if draft.event.type in STARTS:
            registration_id, event, before = begin(session, draft.event, policy)
        else:
            registration_id, event, before = follow(session, draft.event, policy)
        numbers = numbers_of(event)
        check_numbers_free(session, registration_id, numbers)

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
            session.put_image(sha256, content, now)
        session.add_numbers(registration_id, numbers, now)
        version, changed = self._version(session, registration_id, registration, event, bool(before), now)
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


def _repeated(earlier: RecordedEvent, digest: str) -> Answer:
    """Answer a retry with what the first delivery gave."""
    if earlier.body_digest != digest:
        raise IdempotencyConflictError
    return Answer(earlier.outcome, created=False)
