"""What followers are told: of each event as it is recorded, and once of each specialty that is about to end.

Who records an event holds the registration, and so does who begins to follow it: no event falls between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import Event, RegistrationId
from certsvc.domain.policy import Policy
from certsvc.domain.record_state import state_of
from certsvc.domain.report import Entry, Status
from certsvc.domain.specialty import days_left
from certsvc.registry.port import ReadSession, WriteSession
from certsvc.registry.port_feed import Change, Follow


class _Certificates:
    """The certificates followers hold, and what they were worth after any of the registration's events."""

    def __init__(self, session: ReadSession, registration_id: RegistrationId, policy: Policy) -> None:
        self._session = session
        self._registration_id = registration_id
        self._policy = policy
        self._known: dict[str, tuple[CertificateVersion, Copy | None]] = {}

    def status(self, follow: Follow, events: Sequence[Event], at: datetime) -> Status:
        """Return the status of one certificate at an instant, as *events* have it."""
        version, copy = self._certificate(follow)
        entry = Entry(
            registration_number=version.face.registration_number,
            version=version,
            copy=copy,
            events=tuple(events),
        )
        return state_of(entry, at, self._policy).status

    def _certificate(self, follow: Follow) -> tuple[CertificateVersion, Copy | None]:
        key = follow.copy_id or ""
        if key not in self._known:
            copy = self._session.get_copy(follow.copy_id) if follow.copy_id is not None else None
            version = (
                self._session.get_version(copy.version_id)
                if copy is not None
                else self._session.latest_version(self._registration_id)
            )
            self._known[key] = version, copy
        return self._known[key]


def tell_followers(
    session: WriteSession,
    registration_id: RegistrationId,
    before: Sequence[Event],
    event: Event,
    changed: Sequence[str],
    policy: Policy,
) -> None:
    """Write into the feeds what an event changed, in the transaction that records it.

    Args:
        session: holds the registration; the event and the ends it leads to are written already.
        registration_id: whose event it is.
        before: the registration's events recorded before.
        event: the one recorded now.
        changed: printed fields it changed.
        policy: rules of the certificate type.
    """
    followers = session.followers(registration_id)
    if not followers:
        return
    certificates = _Certificates(session, registration_id, policy)
    changes = list(_of_event(certificates, followers, [*before, event], changed))
    at = event.recorded_at
    changes += _of_ends(session, certificates, followers, [*before, event], at, policy)
    session.add_changes(changes)


def begin_to_follow(
    session: WriteSession, interest: Follow, seen_seq: int, now: datetime, policy: Policy
) -> bool:
    """Keep an interest, and tell what was recorded since the client was answered.

    Args:
        session: holds the registration, so that no event is recorded beside this.
        interest: what the client verified.
        seen_seq: place of the last event its answer knew of.
        now: the present instant.
        policy: rules of the certificate type.

    Returns:
        False when the client followed it before.
    """
    if not session.follow(interest, now):
        return False
    registration_id = interest.registration_id
    history = session.history(registration_id)
    mine = [one for one in session.followers(registration_id) if one.client_id == interest.client_id]
    certificates = _Certificates(session, registration_id, policy)
    changes: list[Change] = []
    for place, recorded in enumerate(history):
        if recorded.event.seq > seen_seq:
            events = [item.event for item in history[: place + 1]]
            told = _of_event(certificates, mine, events, recorded.changed_fields)
            # What the client followed before was told of it when it was recorded.
            changes += [one for one in told if one.token == interest.token]
    events = [item.event for item in history]
    changes += _of_ends(session, certificates, mine, events, now, policy)
    session.add_changes(changes)
    return True


def announce(session: WriteSession, registration_id: RegistrationId, now: datetime, policy: Policy) -> None:
    """Tell every follower of a registration's specialties that are about to end, each once."""
    followers = session.followers(registration_id)
    if followers:
        certificates = _Certificates(session, registration_id, policy)
        events = [item.event for item in session.history(registration_id)]
        session.add_changes(_of_ends(session, certificates, followers, events, now, policy))


def _of_event(
    certificates: _Certificates, followers: Sequence[Follow], events: Sequence[Event], changed: Sequence[str]
) -> Iterator[Change]:
    """Yield what the last of *events* changed, for each certificate followed; nothing where nothing did."""
    event = events[-1]
    # An event may lie a few minutes ahead; what is told is the state it leads to.
    at = max(event.recorded_at, *(one.effective_at for one in events))
    with_copies = {one.client_id for one in followers if one.copy_id is not None}
    for one in followers:
        if one.copy_id is None and one.client_id in with_copies:
            # The client has the same by the name of a copy.
            continue
        status = certificates.status(one, events, at)
        if changed or status is not certificates.status(one, events[:-1], at):
            yield Change(
                registration_id=one.registration_id,
                client_id=one.client_id,
                token=one.token,
                licence_id=one.licence_id,
                status=status,
                changed_fields=tuple(changed),
                at=event.recorded_at,
            )


def _of_ends(
    session: ReadSession,
    certificates: _Certificates,
    followers: Sequence[Follow],
    events: Sequence[Event],
    at: datetime,
    policy: Policy,
) -> list[Change]:
    """List what is to be announced to these followers and was not; each client by its latest interest."""
    today = beijing_day(at)
    ends = session.ends_of(followers[0].registration_id)
    near = {
        name: valid_to
        for name, valid_to in ends.items()
        if 0 <= days_left(valid_to, today) < policy.warn_below_days
    }
    if not near:
        return []
    told = {
        (one.client_id, one.specialty, one.valid_to)
        for one in session.announced(followers[0].registration_id)
    }
    latest: dict[str, Follow] = {}
    for one in followers:
        if one.copy_id is not None or one.client_id not in latest:
            latest[one.client_id] = one
    return [
        Change(
            registration_id=one.registration_id,
            client_id=one.client_id,
            token=one.token,
            licence_id=one.licence_id,
            status=certificates.status(one, events, at),
            specialty=specialty,
            valid_to=valid_to,
            at=at,
        )
        for one in latest.values()
        for specialty, valid_to in sorted(near.items(), key=lambda end: (end[1], end[0]))
        if (one.client_id, specialty, valid_to) not in told
    ]
