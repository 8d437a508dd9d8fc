"""Copies and Idempotency-Keys: what the issuing cycle relies on. Runs on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyId, CopyKind, CopyState, IssuedFile
from certsvc.errors import DefectError, NotFoundError, UnavailableError
from certsvc.registry.port import IdempotentRequest
from certsvc.registry.sql import SQLRegistry
from tests.factories import CONSTRUCTOR_1, NOW
from tests.registry.shelf import LEASE, Registered, files_of, issue, pending, register

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def who(registry: SQLRegistry) -> Registered:
    """Register one holder."""
    with registry.writing() as session:
        return register(session)


def _numbered(copy: Copy) -> Copy:
    """Return the first copy of a registry as it is reserved."""
    return replace(copy, copy_number=1, status_index=0)


class TestReserve:
    """One endorsement per holder, type and day; one original per version and reissue."""

    def test_a_reserved_copy_reads_back_as_it_was(self, registry: SQLRegistry, who: Registered) -> None:
        """What is printed and signed comes from this row."""
        copy = pending(who)
        with registry.writing() as session:
            assert session.reserve(copy)
        with registry.reading() as session:
            assert session.get_copy(copy.copy_id) == _numbered(copy)
            taken = session.find_endorsement_on(who.holder_id, CONSTRUCTOR_1, beijing_day(NOW))
            assert taken == _numbered(copy)
            assert session.find_copy_by_token(copy.token) is None, "not issued yet"

    def test_the_day_is_taken_once_and_the_next_day_is_free(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """The quota of the register: one a day, counted in Beijing days."""
        with registry.writing() as session:
            assert session.reserve(pending(who, 1))
            assert not session.reserve(pending(who, 2))
            assert session.reserve(pending(who, 3, at=NOW + DAY))
            assert not session.reserve(pending(who, 4, at=NOW + DAY))

    def test_another_certificate_type_has_a_day_of_its_own(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """The quota is per holder and type."""
        with registry.writing() as session:
            assert session.reserve(pending(who, 1))
            assert session.reserve(replace(pending(who, 2), certificate_type="constructor-2"))

    def test_a_failed_copy_frees_the_day_and_keeps_its_number(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """A fault of ours must not cost the holder the day; a number is never given twice."""
        first, second = pending(who, 1), pending(who, 2)
        with registry.writing() as session:
            assert session.reserve(first)
            assert session.fail(first.copy_id, "worker-1", "STORAGE_FULL", NOW)
            assert session.find_endorsement_on(who.holder_id, CONSTRUCTOR_1, first.day) is None
            assert session.reserve(second)
        with registry.reading() as session:
            failed = session.get_copy(first.copy_id)
            assert (failed.state, failed.failure, failed.copy_number) == (
                CopyState.FAILED,
                "STORAGE_FULL",
                1,
            )
            assert session.get_copy(second.copy_id).copy_number == 2

    def test_a_done_copy_keeps_the_day(self, registry: SQLRegistry, who: Registered) -> None:
        """Both PENDING and DONE count."""
        issue(registry, who, 1)
        with registry.writing() as session:
            assert not session.reserve(pending(who, 2))

    def test_an_original_has_one_place_per_version_and_reissue(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """Originals know no days; 证书更换 opens a new place."""
        original = pending(who, 1, kind=CopyKind.ORIGINAL)
        with registry.writing() as session:
            assert session.reserve(original)
            assert not session.reserve(pending(who, 2, kind=CopyKind.ORIGINAL, at=NOW + DAY))
            assert session.reserve(pending(who, 3, kind=CopyKind.ORIGINAL, reissue=1))
            assert session.reserve(pending(who, 4)), "an original takes nobody's day"
            assert session.find_original(who.version.version_id, 0) == original
            assert session.find_original(who.version.version_id, 2) is None
            assert session.get_copy(original.copy_id).copy_number is None

    def test_a_token_in_use_is_unavailable_not_a_taken_day(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """The caller must try again with fresh randomness, not tell the holder the day is gone."""
        first = issue(registry, who, 1)
        again = replace(pending(who, 2, at=NOW + DAY), code=first.code)
        with pytest.raises(UnavailableError), registry.writing() as session:
            session.reserve(again)

    def test_only_pending_copies_are_reserved(self, registry: SQLRegistry, who: Registered) -> None:
        """DONE is reached through the lease or not at all."""
        with pytest.raises(DefectError), registry.writing() as session:
            session.reserve(replace(pending(who), state=CopyState.DONE, done_at=NOW))

    def test_a_place_in_the_status_lists_is_given_once_over_the_registry(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """Two copies in one place would be revoked together; a failed one keeps its own for ever."""
        with registry.writing() as session:
            other = register(session, 2)
            assert session.reserve(pending(who, 1))
            assert session.fail(pending(who, 1).copy_id, "worker-1", "DEFECT", NOW)
            assert session.reserve(pending(who, 2))
            assert session.reserve(pending(other, 3))
            assert session.reserve(pending(who, 4, kind=CopyKind.ORIGINAL))
        with pytest.raises(NotFoundError), registry.writing() as session:
            assert session.reserve(pending(other, 5, at=NOW + DAY))
            raise NotFoundError  # what is rolled back may leave a gap
        with registry.writing() as session:
            assert session.reserve(pending(other, 6, at=NOW + DAY))
        with registry.reading() as session:
            copies = [session.get_copy(pending(who, order).copy_id) for order in (1, 2, 4)]
            copies += [session.get_copy(pending(other, order).copy_id) for order in (3, 6)]
            highest = session.highest_status_index()
        indexes = [copy.status_index for copy in copies]
        assert indexes[:4] == [0, 1, None, 2]
        assert indexes[4] == highest
        assert highest in (3, 4)


class TestLease:
    """Who lost the lease changes nothing."""

    def test_complete_works_until_the_last_moment_of_the_lease(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """lease_until itself still counts; a microsecond later does not."""
        copy = pending(who)
        files = files_of(copy)
        with registry.writing() as session:
            assert session.reserve(copy)
            assert not session.complete(copy.copy_id, "worker-1", files, copy.lease_until + MOMENT)
            assert not session.complete(copy.copy_id, "worker-2", files, NOW)
            assert not session.complete(CopyId("nobody's"), "worker-1", files, NOW)
            assert session.complete(copy.copy_id, "worker-1", files, copy.lease_until)
            assert not session.complete(copy.copy_id, "worker-1", files, NOW), "a copy is completed once"
        with registry.reading() as session:
            done = session.find_copy_by_token(copy.token)
            assert done == replace(
                _numbered(copy), state=CopyState.DONE, files=files, done_at=copy.lease_until
            )
            assert session.find_copy_by_code(copy.code) == done
            assert session.find_copy_by_sha256(files["pdf"].sha256) == done
            assert session.find_copy_by_sha256(files["ofd"].sha256) == done

    def test_who_lost_the_lease_can_do_nothing(self, registry: SQLRegistry, who: Registered) -> None:
        """Two workers must never both think the copy is theirs."""
        copy = pending(who)
        late = copy.lease_until + MOMENT
        with registry.writing() as session:
            assert session.reserve(copy)
            assert not session.take_over(copy.copy_id, "worker-2", copy.lease_until, late + LEASE)
            assert session.take_over(copy.copy_id, "worker-2", late, late + LEASE)
            assert not session.complete(copy.copy_id, "worker-1", files_of(copy), NOW)
            assert not session.fail(copy.copy_id, "worker-1", "X", NOW)
            assert not session.extend_lease(copy.copy_id, "worker-1", late + DAY)
            assert session.extend_lease(copy.copy_id, "worker-2", late + DAY)
            assert session.complete(copy.copy_id, "worker-2", files_of(copy), late + DAY)
            assert not session.take_over(copy.copy_id, "worker-1", late + DAY + DAY, late + DAY * 3)

    def test_pending_copies_are_listed_once_their_lease_ended(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """Recover must find what a crash left, and only that."""
        copy = pending(who, 1)
        with registry.writing() as session:
            assert session.reserve(copy)
            assert session.reserve(pending(who, 2, at=NOW + DAY))
        issue(registry, who, 3, at=NOW - DAY)
        with registry.reading() as session:
            assert session.pending_copies(copy.lease_until) == []
            assert [c.copy_id for c in session.pending_copies(copy.lease_until + MOMENT)] == [copy.copy_id]

    def test_failed_copies_are_listed_from_the_instant_they_failed(
        self, registry: SQLRegistry, who: Registered
    ) -> None:
        """Recovery removes their files; one that is PENDING or DONE must never be among them."""
        copy = pending(who, 1)
        with registry.writing() as session:
            assert session.reserve(copy)
            assert session.reserve(pending(who, 2, at=NOW + DAY))
            assert session.fail(copy.copy_id, "worker-1", "DEFECT", NOW + MOMENT)
        issue(registry, who, 3, at=NOW + 2 * DAY)
        with registry.reading() as session:
            assert [c.copy_id for c in session.failed_copies(NOW + MOMENT)] == [copy.copy_id]
            assert session.failed_copies(NOW + 2 * MOMENT) == []

    @pytest.mark.parametrize("formats", [(), ("pdf",), ("ofd",), ("pdf", "ofd", "docx")])
    def test_done_without_both_files_or_with_another_is_a_defect(
        self, registry: SQLRegistry, who: Registered, formats: tuple[str, ...]
    ) -> None:
        """A copy nobody can be given must not verify as valid."""
        copy = pending(who)
        files = {fmt: IssuedFile(sha256=fmt * 10, size=1) for fmt in formats}
        with pytest.raises(DefectError), registry.writing() as session:
            session.reserve(copy)
            session.complete(copy.copy_id, "worker-1", files, NOW)


def test_newest_endorsement_is_the_highest_done_number(registry: SQLRegistry, who: Registered) -> None:
    """A verifier is shown when a newer copy exists; a failed try is not one."""
    with registry.reading() as session:
        assert session.newest_endorsement(who.registration_id) is None
    first = issue(registry, who, 1)
    second = issue(registry, who, 2, at=NOW + DAY)
    third = pending(who, 3, at=NOW + 2 * DAY)
    with registry.writing() as session:
        assert session.reserve(third)
        assert session.fail(third.copy_id, "worker-1", "DEFECT", NOW + 2 * DAY)
        assert session.reserve(pending(who, 4, at=NOW + 3 * DAY))
    fifth = issue(registry, who, 5, at=NOW + 4 * DAY)
    with registry.reading() as session:
        assert session.newest_endorsement(who.registration_id) == fifth
        found = [session.next_endorsement(who.registration_id, above) for above in (0, 1, 2, 4, 5)]
    assert found == [first, second, fifth, fifth, None]


def test_an_idempotency_key_moves_only_from_a_failed_attempt(registry: SQLRegistry, who: Registered) -> None:
    """A retry gets the first answer; only a failed try may be tried again under the same key."""
    first, second = pending(who, 1), pending(who, 2)
    request = IdempotentRequest(body_digest="d1", copy_id=first.copy_id)
    retry = IdempotentRequest(body_digest="d1", copy_id=second.copy_id)
    with registry.writing() as session:
        assert session.put_idempotent("client", "key", request, NOW), "before its copy, too"
        assert session.reserve(first)
        assert not session.put_idempotent("client", "key", retry, NOW), "PENDING"
        assert session.find_idempotent("client", "key") == request
        assert session.find_idempotent("other client", "key") is None
        assert session.fail(first.copy_id, "worker-1", "DEFECT", NOW)
        assert not session.put_idempotent("client", "key", replace(retry, body_digest="d2"), NOW), "body"
        assert session.reserve(second)
        assert session.put_idempotent("client", "key", retry, NOW)
        assert session.find_idempotent("client", "key") == retry
        assert session.complete(second.copy_id, "worker-1", files_of(second), NOW)
        assert not session.put_idempotent("client", "key", retry, NOW), "DONE"
        assert not session.put_idempotent("client", "key", request, NOW)


def test_a_key_without_its_copy_is_not_kept(registry: SQLRegistry) -> None:
    """A key that answers with nothing would lock its client out for ever."""
    with pytest.raises(DefectError), registry.writing() as session:
        session.put_idempotent("c", "k", IdempotentRequest(body_digest="d", copy_id=CopyId("none")), NOW)
    with registry.reading() as session:
        assert session.find_idempotent("c", "k") is None


@pytest.mark.parametrize("text", ["", "unknown", "\x00", "a\x00b", "\ud800", "' OR 1=1 --", "文" * 5000])
def test_hostile_look_ups_find_nothing(registry: SQLRegistry, text: str) -> None:
    """Whatever the public types is a miss, never an error of the driver."""
    with registry.reading() as session:
        assert session.find_copy_by_token(text) is None
        assert session.find_copy_by_code(text) is None
        assert session.find_copy_by_sha256(text) is None
        assert session.find_registration(text) is None
        assert session.find_event(text) is None
        assert session.find_client(text) is None
        assert session.find_idempotent("client", text) is None
        with pytest.raises(NotFoundError):
            session.get_copy(CopyId(text))
