"""Several requests in one transaction: one that is refused leaves nothing, the others stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certsvc.domain.endorsement import CopyId
from certsvc.domain.events import HolderId, RegistrationId
from certsvc.errors import EndorsementPendingError, NotFoundError
from certsvc.registry.sql import SQLRegistry
from tests.registry.shelf import pending, register


def test_what_is_refused_apart_leaves_nothing(registry: SQLRegistry) -> None:
    """Registrations, serials and copies before and behind it are kept, and serials have no gap."""
    with registry.writing() as session:
        first = register(session, 1)
        with pytest.raises(EndorsementPendingError), session.apart():
            refused = register(session, 2)
            assert session.find_registration(refused.number) == refused.registration_id
            raise EndorsementPendingError
        assert session.find_registration(refused.number) is None
        with session.apart():
            third = register(session, 3)
    with registry.reading() as session:
        assert session.find_registration(first.number) == first.registration_id
        assert session.find_registration(refused.number) is None
    assert int(third.version.serial) == int(first.version.serial) + 1


def test_any_other_error_takes_the_whole_transaction_along(registry: SQLRegistry) -> None:
    """A defect is not a refusal."""
    with pytest.raises(ZeroDivisionError), registry.writing() as session:
        first = register(session, 1)
        with session.apart():
            raise ZeroDivisionError
    with registry.reading() as session:
        assert session.find_registration(first.number) is None


def test_a_registration_begun_by_a_refused_request_is_not_there_for_the_next(registry: SQLRegistry) -> None:
    """What was held in it is forgotten with it."""
    with registry.writing() as session:
        with pytest.raises(EndorsementPendingError), session.apart():
            refused = register(session, 2)
            session.lock_registration(refused.registration_id)
            raise EndorsementPendingError
        with pytest.raises(NotFoundError):
            session.lock_registration(refused.registration_id)
        with pytest.raises(NotFoundError):
            session.holder_of(refused.registration_id)


def test_several_are_held_at_once_and_unknown_ones_passed_over(registry: SQLRegistry) -> None:
    """Who is not there cannot be waited for."""
    with registry.writing() as session:
        people = [register(session, order) for order in (1, 2)]
        session.lock_known(
            [*(one.registration_id for one in people), RegistrationId("nobody")],
            [*(one.holder_id for one in people), HolderId("nobody")],
        )
        session.lock_known((), ())


def test_a_reserved_copy_is_returned_as_it_is_kept(registry: SQLRegistry) -> None:
    """With the numbers it was given; two of one chunk have different ones."""
    with registry.writing() as session:
        people = [register(session, order) for order in (1, 2)]
        kept = [session.reserve(pending(who, order)) for order, who in enumerate(people, 1)]
        for copy in kept:
            assert copy is not None and copy == session.get_copy(copy.copy_id)
        assert [copy.copy_number for copy in kept if copy] == [1, 1]
        assert len({copy.status_index for copy in kept if copy}) == 2
        again = replace(pending(people[0], 3), copy_id=CopyId("third"))
        assert session.reserve(again) is None
