"""What is read for a whole chunk at once: the same answers, each row taken once, few statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import RegistrationId
from certsvc.errors import NotFoundError
from certsvc.registry.crypto import Value
from certsvc.registry.database import Query
from certsvc.registry.port import IdempotentRequest, WriteSession
from certsvc.registry.session import Session
from certsvc.registry.sql import SQLRegistry
from tests.factories import CONSTRUCTOR_1, NOW
from tests.registry.shelf import Registered, files_of, issue, pending, register

MANY = 5


@pytest.fixture
def people(registry: SQLRegistry) -> list[Registered]:
    """Register several holders; the first two have a copy."""
    with registry.writing() as session:
        registered = [register(session, order) for order in range(1, MANY + 1)]
    for who in registered[:2]:
        issue(registry, who)
    return registered


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note every SELECT a session sends."""
    sent: list[str] = []
    rows = Session._rows

    def noting(self: Session, query: Query, given: Mapping[str, Value]) -> object:
        sent.append(query.prepared(self._dialect, given)[0])
        return rows(self, query, given)

    with monkeypatch.context() as patched:
        patched.setattr(Session, "_rows", noting)
        yield sent


def _looked_up(session: WriteSession, who: Registered) -> tuple[object, ...]:
    """Look everything up that deciding an order looks up."""
    session.lock_registration(who.registration_id)
    return (
        session.registrations_with(who.number),
        session.find_idempotent("client", f"key {who.number}"),
        session.history(who.registration_id),
        session.get_version(who.version.version_id),
        session.holder_of(who.registration_id),
        session.find_endorsement_on(who.holder_id, CONSTRUCTOR_1, beijing_day(NOW)),
    )


def _foresee(session: WriteSession, people: list[Registered]) -> None:
    session.foresee_requests(
        {who.number for who in people}, {("client", f"key {who.number}") for who in people}
    )
    session.foresee_cases({who.registration_id for who in people}, beijing_day(NOW))


def test_what_is_read_ahead_is_what_is_found_alone(
    registry: SQLRegistry, people: list[Registered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what is not there; and no further statement is sent for any of them."""
    with registry.writing() as session:
        copy = session.find_endorsement_on(people[0].holder_id, CONSTRUCTOR_1, beijing_day(NOW))
        assert copy is not None
        request = IdempotentRequest(body_digest="d" * 64, copy_id=copy.copy_id)
        assert session.put_idempotent("client", f"key {people[0].number}", request, NOW)
    with registry.writing() as session:
        alone = [_looked_up(session, who) for who in people]
    with registry.writing() as session:
        _foresee(session, people)
        with counted(monkeypatch) as sent:
            together = [_looked_up(session, who) for who in people]

    assert together == alone
    assert sent == []


def test_a_row_read_ahead_is_handed_out_once(registry: SQLRegistry, people: list[Registered]) -> None:
    """Of two orders of one holder in a chunk, the second has to see what the first one wrote."""
    who = people[3]
    with registry.writing() as session:
        _foresee(session, people)
        assert session.reserve(pending(who, 1)) is not None
        assert session.reserve(pending(who, 2)) is None


def test_copy_numbers_go_on_from_what_was_read_ahead(registry: SQLRegistry, people: list[Registered]) -> None:
    """The highest number of each registration is found among all of them."""
    day = beijing_day(NOW).replace(year=2027)
    with registry.writing() as session:
        session.foresee_cases({who.registration_id for who in people}, day)
        reserved = [session.reserve(pending(who, 9, at=NOW.replace(year=2027))) for who in people]

    assert [copy.copy_number for copy in reserved if copy is not None] == [2, 2, 1, 1, 1]


def test_each_copy_held_ahead_is_completed_by_itself(
    registry: SQLRegistry, people: list[Registered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is no longer ours, or was never there, changes nothing for the others."""
    copies = [pending(who, 1) for who in people[2:]]
    copies[1] = pending(people[3], 1, worker="another")
    with registry.writing() as session:
        assert all(session.reserve(copy) for copy in copies)
    with registry.writing() as session:
        session.foresee_ends([*(copy.copy_id for copy in copies), CopyId("none of ours")])
        with counted(monkeypatch) as sent:
            done = [session.complete(copy.copy_id, "worker-1", files_of(copy), NOW) for copy in copies]

    assert done == [True, False, True]
    assert sent == []


def test_a_number_no_database_can_hold_is_nobodys(registry: SQLRegistry, people: list[Registered]) -> None:
    """PostgreSQL would refuse the whole statement for it."""
    with registry.writing() as session:
        session.foresee_requests({people[0].number, "\x00", "\ud800"}, {("client", "a"), ("client", "\x00")})
        assert session.registrations_with(people[0].number) == [people[0].registration_id]
        assert session.registrations_with("\x00") == []
        with pytest.raises(NotFoundError):
            session.foresee_cases({people[0].registration_id, RegistrationId("none")}, beijing_day(NOW))
            session.lock_registration(RegistrationId("none"))
