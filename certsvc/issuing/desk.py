"""Issuing originals and endorsed copies: the numbered cycle of docs/issuing-cycle.md."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from certsvc.domain.bodies import parse_body
from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import FORMATS, Copy, CopyState, Grant, IssuedFile, check_original, grant
from certsvc.domain.identity import canonical_purpose
from certsvc.errors import (
    CertsvcError,
    EndorsedTodayError,
    EndorsementPendingError,
    Fault,
    IdempotencyConflictError,
    InvalidFieldError,
    UnavailableError,
)
from certsvc.issuing.answers import Answer, copy_body
from certsvc.issuing.discretion import check_label
from certsvc.issuing.press import Press
from certsvc.issuing.record import digest_of
from certsvc.issuing.recover import Recovery
from certsvc.issuing.reserve import LEASE, Case, Reserved, get_case, hold_case, reserve
from certsvc.issuing.schema import EndorsementRequest
from certsvc.issuing.turn import read_clock, wait_turn
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import FontChain
from certsvc.registry.port import IdempotentRequest, ReadSession, Registry, WriteSession
from certsvc.storage.port import Storage


class Desk:
    """Issues copies, one at a time; any number of desks may share a registry."""

    def __init__(
        self,
        *,
        registry: Registry,
        storage: Storage,
        press: Press,
        recovery: Recovery,
        kinds: Mapping[str, CertificateType],
        fonts: FontChain,
        clock: Clock,
        public_url: str,
    ) -> None:
        """Take everything issuing needs; *kinds* is keyed by certificate type."""
        self._registry = registry
        self._storage = storage
        self._press = press
        self._recovery = recovery
        self._kinds = kinds
        self._fonts = fonts
        self._clock = clock
        self._public_url = public_url
        self._worker = secrets.token_hex(8)

    def original(self, number: str) -> Answer:
        """Issue the original of the version in force, or answer with the one there is.

        Raises:
            RuleError: NOT_FOUND, REGISTRATION_ENDED, SUSPENDED, EXPIRED, PHOTO_OR_SIGNATURE_MISSING;
                ENDORSEMENT_PENDING while another request is making it.
        """
        now = self._clock.now()
        with self._registry.reading() as session:
            case = get_case(session, self._kinds, number, now)
            taken = session.find_original(case.version.version_id, case.registration.reissues)
        self._sweep(taken, now)
        with self._registry.writing() as session:
            wait_turn(session, f"original {number}", [number])
            now = read_clock(session, self._clock)
            case = hold_case(session, self._kinds, number, now)
            existing = session.find_original(case.version.version_id, case.registration.reissues)
            if existing is not None:
                return self._existing(session, existing)
            check_original(case.registration, beijing_day(now))
            reserved = self._reserve(session, case, now)
            if reserved is None:
                raise EndorsementPendingError
        return self._issue(reserved)

    def endorse(self, number: str, body: object, *, client_id: str, key: str) -> Answer:
        """Grant one endorsed copy, or answer a retry as the first time.

        Args:
            number: any number the registration has or had.
            body: JSON values of contract's request.
            client_id: whose Idempotency-Key it is.
            key: the Idempotency-Key, 1 to 200 printable ASCII characters.

        Raises:
            RuleError, InputError: coded; the day is not used up.
            EndorsedTodayError: names the endorsement that took the day.
        """
        _check_key(key)
        request = parse_body(EndorsementRequest, body)
        now = self._clock.now()
        with self._registry.reading() as session:
            case = get_case(session, self._kinds, number, now)
            taken = session.find_endorsement_on(
                case.holder_id, case.registration.certificate_type, beijing_day(now)
            )
            before = session.find_idempotent(client_id, key)
            tried = session.get_copy(before.copy_id) if before is not None else None
        # The registration, not the number: a retry after a move comes under another number.
        digest = digest_of({"registration": case.registration_id, "body": body})
        for stranded in (taken, tried):
            self._sweep(stranded, now)
        with self._registry.writing() as session:
            wait_turn(session, f"key {client_id} {key}", [number])
            earlier = session.find_idempotent(client_id, key)
            if earlier is not None:
                if earlier.body_digest != digest:
                    raise IdempotencyConflictError
                attempt = session.get_copy(earlier.copy_id)
                if attempt.state is not CopyState.FAILED:
                    return self._existing(session, attempt)
            now = read_clock(session, self._clock)
            case = hold_case(session, self._kinds, number, now)
            purpose = canonical_purpose(request.purpose, pointer="/purpose", limit=case.policy.purpose_max)
            self._fonts.check(purpose, pointer="/purpose")
            allowed = grant(case.registration, beijing_day(now), case.policy)
            reserved = self._reserve(session, case, now, allowed=allowed, purpose=purpose)
            # The unique index, not a check before it, stops two requests at once.
            if reserved is None:
                raise self._day_taken(session, case, now)
            claim = IdempotentRequest(body_digest=digest, copy_id=reserved.copy.copy_id)
            if not session.put_idempotent(client_id, key, claim, now):
                raise EndorsementPendingError
        return self._issue(reserved)

    def recover(self) -> Mapping[str, int]:
        """Finish or fail what a crash left PENDING; counts by outcome."""
        return self._recovery.run(self._clock.now())

    def _reserve(
        self,
        session: WriteSession,
        case: Case,
        now: datetime,
        *,
        allowed: Grant | None = None,
        purpose: str | None = None,
    ) -> Reserved | None:
        """Step 2, with what this desk puts its name to."""
        if allowed is not None:
            self._press.check_offline_key(case.registration.certificate_type)
        return reserve(
            session,
            case,
            now,
            worker=self._worker,
            key_id=self._press.key_id,
            seal_key_id=self._press.seal_key_id,
            issuer_name=self._press.issuer_name,
            allowed=allowed,
            purpose=purpose,
        )

    def _issue(self, reserved: Reserved) -> Answer:
        """Steps 3 to 9 for a reserved row."""
        copy = reserved.copy
        try:
            # Steps 3 to 5: compose, render, preflight; both formats before a key is used for either.
            prepared = self._press.prepare(
                copy,
                reserved.version,
                reserved.specialties,
                reserved.photo,
                reserved.signature,
                reserved.id_type,
            )
            # A key is used only while the row is ours; a swept row belongs to somebody else.
            self._keep_lease(copy)
            # Steps 6 and 7: seal, check, store. Between two files nothing is promised to anybody yet.
            sealed = self._press.seal(prepared)
            for fmt, content in sealed.items():
                self._storage.put(copy.file_name(fmt), content)
        except Exception as error:
            self._give_up(copy, error.code if isinstance(error, CertsvcError) else "DEFECT")
            raise
        # Step 8: complete. From here on an error leaves the row PENDING and the files in place: the commit
        # may have happened, and only recovery, which reads the row again, may tell.
        files = {
            fmt: IssuedFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            for fmt, content in sealed.items()
        }
        with self._registry.writing() as session:
            session.complete(copy.copy_id, self._worker, files, self._clock.now())
            copy = session.get_copy(copy.copy_id)
        if copy.state is CopyState.FAILED:
            # Whoever took the lease gave up before our files came; they are nobody's now.
            for fmt in FORMATS:
                self._storage.remove(copy.file_name(fmt))
        if copy.state is not CopyState.DONE:
            raise UnavailableError("the lease ran out before the copy was complete")
        # Step 9: answer.
        return Answer(copy_body(copy, reserved.version, self._public_url), created=True)

    def _keep_lease(self, copy: Copy) -> None:
        with self._registry.writing() as session:
            if not session.extend_lease(copy.copy_id, self._worker, self._clock.now() + LEASE):
                raise UnavailableError("the lease ran out before sealing")

    def _give_up(self, copy: Copy, code: str) -> None:
        """Free the day and remove the files; what cannot be done now is left to recovery."""
        try:
            with self._registry.writing() as session:
                mine = session.fail(copy.copy_id, self._worker, code, self._clock.now())
        except UnavailableError:
            return
        for fmt in FORMATS if mine else ():
            # Each is tried: one that cannot go must not keep the other.
            with suppress(UnavailableError):
                self._storage.remove(copy.file_name(fmt))

    def _existing(self, session: ReadSession, copy: Copy) -> Answer:
        """Answer with a copy that is there already.

        Raises:
            EndorsementPendingError: somebody is still making it.
        """
        if copy.state is not CopyState.DONE:
            raise EndorsementPendingError
        return Answer(copy_body(copy, session.get_version(copy.version_id), self._public_url), created=False)

    def _day_taken(self, session: ReadSession, case: Case, now: datetime) -> EndorsedTodayError:
        taken = session.find_endorsement_on(
            case.holder_id, case.registration.certificate_type, beijing_day(now)
        )
        return EndorsedTodayError(taken.copy_id if taken is not None else "")

    def _sweep(self, taken: Copy | None, now: datetime) -> None:
        """Settle a copy whose worker died, so that it does not hold the day."""
        if taken is not None and taken.state is CopyState.PENDING and taken.lease_until < now:
            self._recovery.settle(taken, now)


def _check_key(key: str) -> None:
    check_label(key, pointer="/Idempotency-Key")
    if not 1 <= len(key) <= 200 or not (key.isascii() and key.isprintable()):
        raise InvalidFieldError(
            Fault(
                "",
                "请在请求头 Idempotency-Key 中提供1至200个可见ASCII字符",
                "send the header Idempotency-Key with 1 to 200 printable ASCII characters",
            )
        )
