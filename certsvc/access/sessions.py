"""Logins: a random secret in a cookie, its keyed hash in the register, short and revocable at once."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Final

import structlog

from certsvc.domain.clock import Clock
from certsvc.errors import RecordDamagedError
from certsvc.registry.access import TOUCHED_AFTER
from certsvc.registry.port import Registry
from certsvc.registry.port_access import LoginSession, Principal

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_KEPT: Final = timedelta(days=7)
"""How long a session stays to be seen after it expired."""

_log = structlog.get_logger("certsvc.access")


class Sessions:
    """Begins, finds and ends logins of operators and of holders; safe between threads."""

    def __init__(self, *, registry: Registry, clock: Clock, idle: timedelta, longest: timedelta) -> None:
        """Take the registry that keeps them.

        Args:
            registry: that of all processes: what one ends is ended for all.
            clock: the time.
            idle: a session not used for so long is over.
            longest: a session is over after so long, however much it is used.
        """
        self._registry = registry
        self._clock = clock
        self._idle = idle
        self._longest = longest

    def begin(self, principal: Principal) -> str:
        """Log somebody in; returns the secret for the cookie, which is new each time and kept nowhere."""
        secret, now = new_secret(), self._clock.now()
        with self._registry.writing() as session:
            session.forget_sessions(now - _KEPT)
            session.add_session(
                secret,
                LoginSession(
                    secret_hash="",
                    principal=principal,
                    created_at=now,
                    last_used_at=now,
                    expires_at=now + self._longest,
                ),
            )
        return secret

    def find(self, secret: str | None) -> LoginSession | None:
        """Return the session of *secret* if it is good now, and note that it was used.

        A row that fails its MAC is no session.

        Raises:
            UnavailableError: the register is away; nobody is let in on memory.
        """
        if secret is None or not _SECRET.fullmatch(secret):
            return None
        now = self._clock.now()
        try:
            with self._registry.reading() as session:
                found = session.find_session(secret)
            if found is None or not self.is_good(found):
                return None
            if now - found.last_used_at >= TOUCHED_AFTER:
                with self._registry.writing() as session:
                    return found if session.touch_session(secret, now) else None
        except RecordDamagedError as error:
            _log.error("session refused", code=error.code, note=error.note)
            return None
        return found

    def is_good(self, found: LoginSession) -> bool:
        """Tell whether a session goes on now."""
        now = self._clock.now()
        # A clock that was set back must not lengthen anything: what lies ahead of it is not good.
        return (
            found.revoked_at is None
            and found.created_at <= now < found.expires_at
            and now - found.last_used_at < self._idle
        )

    def revoke(self, secret: str | None) -> None:
        """End the session of *secret*, if there is one."""
        if secret is not None and _SECRET.fullmatch(secret):
            with self._registry.writing() as session:
                session.revoke_session(secret, self._clock.now())


def new_secret() -> str:
    """Return a fresh secret of a cookie: 256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)
