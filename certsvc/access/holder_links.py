"""One-time links that let a holder in to 我的证书."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.domain.events import HolderId
from certsvc.errors import HolderLinkUnusableError, NotFoundError, PersonalDataErasedError
from certsvc.qr.token import canonical_token, new_token
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import Registry

GOOD_FOR: Final = timedelta(minutes=15)
KEPT_FOR: Final = timedelta(days=30)
"""How long a link that expired is kept, so that somebody who asks who made it can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLink:
    """A link to hand to its holder, and to nobody else."""

    url: str
    expires_at: datetime


class HolderLinks:
    """Makes links and uses them up; safe to share between threads."""

    def __init__(self, *, registry: Registry, clock: Clock, public_url: str) -> None:
        """Take where links are kept and which address they begin with."""
        self._registry = registry
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    def make(self, number: str, made_by: str) -> MadeLink:
        """Make a link for the holder of a registration.

        Args:
            number: any number the registration has or had.
            made_by: id of the API client that asks, or empty for the command line.

        Raises:
            NotFoundError: nobody has this number.
            PersonalDataErasedError: there is nothing to show any more.
        """
        now, secret = self._clock.now(), new_token()
        expires_at = now + GOOD_FOR
        with self._registry.writing() as session:
            registration_id = registration_at(session, number, now)
            if registration_id is None:
                raise NotFoundError
            holder_id = session.holder_of(registration_id)
            if session.find_erasure(holder_id) is not None:
                raise PersonalDataErasedError
            session.forget_entries(now - KEPT_FOR, now - GOOD_FOR)
            session.add_holder_link(secret, holder_id, made_by, now, expires_at)
        return MadeLink(url=f"{self._public_url}/my/enter/{secret}", expires_at=expires_at)

    def use(self, secret: str) -> HolderId:
        """Use a link up; returns whom it lets in.

        Raises:
            HolderLinkUnusableError: it was used, has expired, or is none of ours: which, is not told.
        """
        canonical = canonical_token(secret)
        if canonical is None:
            raise HolderLinkUnusableError("malformed")
        with self._registry.writing() as session:
            now = self._clock.now()
            link = session.find_holder_link(canonical)
            if link is None:
                raise HolderLinkUnusableError("unknown")
            if now >= link.expires_at:
                raise HolderLinkUnusableError("expired")
            if link.used_at is not None or not session.use_holder_link(canonical, now):
                raise HolderLinkUnusableError("used")
        return link.holder_id
