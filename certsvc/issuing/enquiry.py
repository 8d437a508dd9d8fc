"""Reading what was recorded and issued: registrations, histories, copies, files, what runs out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.endorsement import Copy, CopyId, CopyKind, CopyState, warnings_on
from certsvc.domain.judge import check_as_of
from certsvc.domain.registration import fold
from certsvc.domain.specialty import days_left, is_renewable, renew_deadline
from certsvc.errors import (
    Fault,
    FileErasedError,
    InvalidFieldError,
    NotFoundError,
    NoTimestampError,
    OriginalNotIssuedError,
    RecordDamagedError,
    TimestampPendingError,
)
from certsvc.issuing.answers import copy_body, history_body, registration_body
from certsvc.issuing.reserve import get_case
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import ReadSession, Registry
from certsvc.rendering.png import preview
from certsvc.sealing.tsa_messages import response_of
from certsvc.storage.port import Storage

_PREVIEW_DPI = 150
_CURSOR_MAX = 400
"""Characters; ours have under 200."""


@dataclass(frozen=True, slots=True)
class IssuedBytes:
    """One file to hand out."""

    content: bytes
    sha256: str
    """Hex, of the issued file (for a preview: of the picture)."""
    filename: str


class Enquiry:
    """Answers the reading calls of the API."""

    def __init__(
        self,
        *,
        registry: Registry,
        storage: Storage,
        kinds: Mapping[str, CertificateType],
        clock: Clock,
        public_url: str,
    ) -> None:
        """Take what is read from."""
        self._registry = registry
        self._storage = storage
        self._kinds = kinds
        self._clock = clock
        self._public_url = public_url

    def registration(self, number: str, as_of: datetime | None) -> Mapping[str, object]:
        """Show a registration as of an instant, by default now.

        Raises:
            NotFoundError: nobody has this number, or nothing was in force then.
            AsOfInFutureError: the instant has not come.
        """
        now = self._clock.now()
        instant = now if as_of is None else as_of
        check_as_of(instant, now)
        with self._registry.reading() as session:
            registration_id = registration_at(session, number, instant)
            if registration_id is None:
                raise NotFoundError
            history = session.history(registration_id)
            recorded = [item for item in history if item.event.recorded_at <= instant] or history[:1]
            version = session.get_version(recorded[-1].version_id)
        events = [item.event for item in history]
        policy = self._kinds[events[0].certificate_type].policy
        registration = fold(events, instant, policy)
        if registration is None:
            raise NotFoundError
        today = beijing_day(instant)
        warnings = warnings_on(registration.specialties, today, policy)
        return registration_body(registration, version, warnings, today, policy)

    def history(self, number: str) -> Mapping[str, object]:
        """Show every event of a registration in the order of recording."""
        with self._registry.reading() as session:
            registration_id = session.find_registration(number)
            if registration_id is None:
                raise NotFoundError
            items = session.history(registration_id)
            ids = {item.version_id for item in items}
            versions = {str(one): session.get_version(one).version for one in ids}
        return history_body(items, versions)

    def endorsement(self, copy_id: str) -> Mapping[str, object]:
        """Show one endorsed copy in any state."""
        with self._registry.reading() as session:
            copy = _endorsement(session, copy_id)
            version = session.get_version(copy.version_id)
        return copy_body(copy, version, self._public_url)

    def endorsement_file(self, copy_id: str, fmt: str) -> IssuedBytes:
        """Return one issued file, the same bytes for ever.

        Raises:
            NotFoundError: no such copy, not finished, or not in this format.
            FileErasedError: it went with its holder's personal data.
            RecordDamagedError: the stored bytes are not those that were issued.
        """
        with self._registry.reading() as session:
            copy = _endorsement(session, copy_id)
            _check_kept(session.get_version(copy.version_id))
        return self._file(copy, fmt)

    def original_file(self, number: str, fmt: str) -> IssuedBytes:
        """Return the original of the version in force; *fmt* ``png`` is a preview picture of it.

        Raises:
            OriginalNotIssuedError: it was not issued yet.
        """
        with self._registry.reading() as session:
            _check_kept(get_case(session, self._kinds, number, self._clock.now()).version)
            copy = self._original(session, number)
        return self._picture(copy, _PREVIEW_DPI) if fmt == "png" else self._file(copy, fmt)

    def issued_file(self, copy_id: str, fmt: str, dpi: int = _PREVIEW_DPI) -> IssuedBytes:
        """Return a file of any copy, original or endorsed; *fmt* ``png`` is a picture of its PDF at *dpi*.

        Raises:
            NotFoundError, FileErasedError, RecordDamagedError: as endorsement_file().
        """
        with self._registry.reading() as session:
            copy = session.get_copy(CopyId(copy_id))
            _check_kept(session.get_version(copy.version_id))
        return self._picture(copy, dpi) if fmt == "png" else self._file(copy, fmt)

    def endorsement_timestamp(self, copy_id: str, fmt: str) -> IssuedBytes:
        """Return the time stamp of one issued file, as a TimeStampResp (RFC 3161).

        Raises:
            NotFoundError: no such copy, or it is not finished.
            TimestampPendingError: it is being fetched.
            NoTimestampError: the file has none beside it.
        """
        with self._registry.reading() as session:
            return _timestamp(session, _endorsement(session, copy_id), fmt)

    def original_timestamp(self, number: str, fmt: str) -> IssuedBytes:
        """Return the time stamp of a file of the original of the version in force; errors as above.

        Raises:
            OriginalNotIssuedError: it was not issued yet.
        """
        with self._registry.reading() as session:
            return _timestamp(session, self._original(session, number), fmt)

    def original_id(self, number: str) -> CopyId:
        """Return the id of the original of the version in force; errors as original_timestamp()."""
        with self._registry.reading() as session:
            return self._original(session, number).copy_id

    def expiring(self, within_days: int, cursor: str | None, limit: int = 100) -> Mapping[str, object]:
        """List specialties of live registrations with 0 <= days_left < within_days, by valid_to then number.

        Raises:
            InvalidFieldError: the cursor is none of ours, or within_days is not 1 to 3660.
        """
        if not 1 <= within_days <= 3660:
            raise InvalidFieldError(
                Fault("/within_days", "请填写1至3660之间的天数", "give a number of days from 1 to 3660")
            )
        today = beijing_day(self._clock.now())
        with self._registry.reading() as session:
            rows = session.expiring(today, today + timedelta(days=within_days), _cursor(cursor), limit + 1)
            items = []
            for row in rows[:limit]:
                face = session.latest_version(row.registration_id).face
                policy = self._kinds[face.certificate_type].policy
                renewable = not face.erased and is_renewable(row.valid_to, face.birth_date, policy)
                deadline = renew_deadline(row.valid_to, face.birth_date, policy) if renewable else None
                items.append(
                    {
                        "registration_number": row.registration_number,
                        "specialty": row.specialty,
                        "valid_to": row.valid_to.isoformat(),
                        "days_left": days_left(row.valid_to, today),
                        "renew_deadline": deadline.isoformat() if deadline else None,
                        "renewable": renewable,
                    }
                )
        last = rows[limit - 1] if len(rows) > limit else None
        following = None
        if last is not None:
            key = [last.valid_to.isoformat(), last.registration_number, last.specialty]
            following = base64.urlsafe_b64encode(json.dumps(key).encode("ascii")).decode("ascii")
        return {"items": items, "next_cursor": following}

    def _original(self, session: ReadSession, number: str) -> Copy:
        case = get_case(session, self._kinds, number, self._clock.now())
        copy = session.find_original(case.version.version_id, case.registration.reissues)
        if copy is None or copy.state is not CopyState.DONE:
            raise OriginalNotIssuedError
        return copy

    def _picture(self, copy: Copy, dpi: int) -> IssuedBytes:
        picture = preview(self._file(copy, "pdf").content, dpi)
        return IssuedBytes(picture, hashlib.sha256(picture).hexdigest(), f"{copy.copy_id}.png")

    def _file(self, copy: Copy, fmt: str) -> IssuedBytes:
        facts = copy.files.get(fmt)
        if copy.state is not CopyState.DONE or facts is None:
            raise NotFoundError
        name = copy.file_name(fmt)
        content = self._storage.get(name)
        if hashlib.sha256(content).hexdigest() != facts.sha256:
            raise RecordDamagedError(f"{name} is not the file that was issued")
        return IssuedBytes(content, facts.sha256, name)


def _check_kept(version: CertificateVersion) -> None:
    if version.face.erased:
        raise FileErasedError


def _timestamp(session: ReadSession, copy: Copy, fmt: str) -> IssuedBytes:
    if copy.state is not CopyState.DONE:
        raise NotFoundError
    stamp = session.find_timestamp(copy.copy_id, fmt)
    if stamp is not None and not stamp.held:
        raise TimestampPendingError
    if stamp is None or stamp.token is None:
        raise NoTimestampError
    content = response_of(stamp.token)
    return IssuedBytes(content, hashlib.sha256(content).hexdigest(), f"{copy.file_name(fmt)}.tsr")


def _endorsement(session: ReadSession, copy_id: str) -> Copy:
    copy = session.get_copy(CopyId(copy_id))
    if copy.kind is not CopyKind.ENDORSEMENT:
        raise NotFoundError
    return copy


def _cursor(text: str | None) -> tuple[date, str, str] | None:
    """Read back where the page before ended."""
    if text is None:
        return None
    try:
        # The length bounds the depth, which the parser would otherwise meet as a RecursionError.
        if len(text) > _CURSOR_MAX:
            raise ValueError("longer than any of ours")
        day, number, specialty = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        # What does not print, NUL and half surrogates too, is in none of ours; not every database takes it.
        if not all(isinstance(one, str) and one.isprintable() for one in (number, specialty)):
            raise ValueError("not a number and a specialty")
        return date.fromisoformat(day), number, specialty
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidFieldError(
            Fault("/cursor", "请使用上一页返回的 next_cursor", "use the next_cursor of the page before")
        ) from error
