"""The change feed: what happened to the certificates a client verified, in pages it can go on from."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Final

import structlog

from certsvc.domain.clock import Clock, beijing_day
from certsvc.domain.events import RegistrationId
from certsvc.domain.specialty import days_left
from certsvc.errors import Fault, InvalidFieldError, RecordDamagedError
from certsvc.page.certificate_type import CertificateType
from certsvc.registry.changes_told import announce
from certsvc.registry.port import Registry, WriteSession
from certsvc.registry.port_feed import FOLLOWING, Change, ExpiringSpecialty

PAGE: Final = 100
"""Items of a page when nobody says how many."""
PAGE_MAX: Final = 1000
LOOK_BACK: Final = timedelta(days=3)
"""How far back each day's look begins: an end recorded at the very turn of a day, by a clock a little behind,
is found a day later at the latest."""
_AT_ONCE: Final = 200
"""Specialties gone through in one transaction."""
_PLACE_BYTES: Final = 8
_MAC_BYTES: Final = 13

_log = structlog.get_logger("certsvc.changes")


class ChangeFeed:
    """Reads feeds; what they hold is written with the events themselves."""

    def __init__(
        self, *, registry: Registry, kinds: Mapping[str, CertificateType], clock: Clock, secret: bytes
    ) -> None:
        """Take what is read from; cursors are signed with a key of their own, derived from *secret*."""
        self._registry = registry
        self._kinds = kinds
        self._clock = clock
        self._key = hmac.digest(secret, b"certsvc issuing 1: change cursor", "sha256")
        self._announced_on: date | None = None
        self._announcing = Lock()

    def page(self, client_id: str, since: str | None, limit: int = PAGE) -> Mapping[str, object]:
        """Show what comes after a cursor in a client's feed, the oldest first.

        Args:
            client_id: whose feed.
            since: the ``next_cursor`` of the page before; None: from the beginning.
            limit: items at most, 1 to PAGE_MAX.

        Raises:
            InvalidFieldError: the cursor is none of this client's, or of a register that was since restored
                from a backup; or the limit is out of range.
        """
        if not 1 <= limit <= PAGE_MAX:
            raise InvalidFieldError(
                Fault("/limit", f"请填写1至{PAGE_MAX}之间的条数", f"give a number from 1 to {PAGE_MAX}")
            )
        place = 0 if since is None else self._read(client_id, since)
        self.announce()
        with self._registry.reading() as session:
            if place > session.newest_change():
                raise _foreign_cursor()
            changes = session.changes_after(client_id, place, limit)
        return {
            "items": [_item(change) for change in changes],
            "next_cursor": self._cursor(client_id, changes[-1].seq if changes else place),
        }

    def announce(self) -> None:
        """Write into all feeds the specialties that came under the limit since this was done last.

        Once a day there is something to do: a specialty comes under the limit at midnight. What is recorded
        or followed in between is looked at then and there.
        """
        now = self._clock.now()
        today = beijing_day(now)
        if self._announced_on == today:
            return
        with self._announcing:
            limits = [kind.policy.warn_below_days for kind in self._kinds.values()]
            with self._registry.reading() as session:
                last = session.announced_on()
            if last is None or last < today:
                first = today
                if last is not None:
                    first = max(today, last + timedelta(days=min(limits)) - LOOK_BACK)
                self._go_through(first, today + timedelta(days=max(limits)), now)
                with self._registry.writing() as session:
                    session.hold([FOLLOWING])
                    if (session.announced_on() or date.min) < today:
                        session.set_announced_on(today)
            self._announced_on = today

    def _go_through(self, first: date, before: date, now: datetime) -> None:
        """Announce the ends from *first* to *before*, excluded; a page of them to a transaction."""
        after: tuple[date, str, str] | None = None
        while True:
            with self._registry.writing() as session:
                session.hold([FOLLOWING])
                rows = session.followed_ends(first, before, after, _AT_ONCE)
                for registration_id in dict.fromkeys(row.registration_id for row in rows):
                    self._announce_one(session, registration_id, now)
            if len(rows) < _AT_ONCE:
                return
            after = _place_of(rows[-1])

    def _announce_one(self, session: WriteSession, registration_id: RegistrationId, now: datetime) -> None:
        try:
            history = session.history(registration_id)
            policy = self._kinds[history[0].event.certificate_type].policy
            announce(session, registration_id, now, policy)
        except RecordDamagedError as error:
            # One damaged row must not silence every feed; its own clients meet it when they ask.
            _log.error("not announced", code=error.code, note=error.note)

    def _cursor(self, client_id: str, place: int) -> str:
        body = place.to_bytes(_PLACE_BYTES, "big")
        return base64.urlsafe_b64encode(body + self._mac(client_id, body)).decode("ascii")

    def _read(self, client_id: str, cursor: str) -> int:
        try:
            told = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as error:
            raise _foreign_cursor() from error
        body, mac = told[:_PLACE_BYTES], told[_PLACE_BYTES:]
        if not hmac.compare_digest(mac, self._mac(client_id, body)):
            raise _foreign_cursor()
        return int.from_bytes(body, "big")

    def _mac(self, client_id: str, body: bytes) -> bytes:
        return hmac.digest(self._key, client_id.encode() + b"\0" + body, "sha256")[:_MAC_BYTES]


def _place_of(row: ExpiringSpecialty) -> tuple[date, str, str]:
    return row.valid_to, row.registration_id, row.specialty


def _item(change: Change) -> dict[str, object]:
    ends = change.valid_to
    return {
        "token": change.token,
        "licence_id": change.licence_id,
        "status": str(change.status),
        "changed_fields": list(change.changed_fields),
        "at": change.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "specialty": change.specialty,
        "valid_to": None if ends is None else ends.isoformat(),
        "days_left": None if ends is None else days_left(ends, beijing_day(change.at)),
    }


def _foreign_cursor() -> InvalidFieldError:
    return InvalidFieldError(
        Fault(
            "/since",
            "请使用上一页返回的 next_cursor；若不可用，请不带 since 重新开始",
            "use the next_cursor of the page before, or begin anew without since",
        )
    )
