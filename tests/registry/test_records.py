"""Holders, registrations, events, versions, images, clients. Runs on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from certsvc.domain.certificate import VersionId
from certsvc.domain.events import EventType, HolderId, IdType, RegistrationId
from certsvc.errors import DefectError, InvalidFieldError, NotFoundError, UnavailableError
from certsvc.registry.sql import SQLRegistry
from tests.factories import CONSTRUCTOR_1, NOW, a_grant_of, a_holder, an_employer, an_event, an_initial
from tests.registry.shelf import id_number, issue, register

HOUR = timedelta(hours=1)


class TestHolders:
    """A holder is found by the document in force."""

    def test_a_holder_is_created_once_and_found_by_type_and_number(self, registry: SQLRegistry) -> None:
        """Everything about a person hangs on one id."""
        with registry.writing() as session:
            assert session.find_holder(IdType.PASSPORT, "E1234567") is None
            holder_id = session.lock_holder(IdType.PASSPORT, "E1234567", NOW)
            assert session.lock_holder(IdType.PASSPORT, "E1234567", NOW + HOUR) == holder_id
            assert session.lock_holder(IdType.OTHER, "E1234567", NOW) != holder_id, "another document"
        with registry.reading() as session:
            assert session.find_holder(IdType.PASSPORT, "E1234567") == holder_id

    def test_a_new_document_replaces_the_old_one(self, registry: SQLRegistry) -> None:
        """After a change of passport the old number must not lead to the holder any more."""
        with registry.writing() as session:
            holder_id = session.lock_holder(IdType.PASSPORT, "E1", NOW)
            session.set_holder_document(holder_id, IdType.PASSPORT, "E2")
            session.set_holder_document(holder_id, IdType.PASSPORT, "E2")
        with registry.reading() as session:
            assert session.find_holder(IdType.PASSPORT, "E1") is None
            assert session.find_holder(IdType.PASSPORT, "E2") == holder_id

    def test_a_document_of_another_holder_is_refused(self, registry: SQLRegistry) -> None:
        """Two people must never merge; the refusal names the field and quotes no number."""
        with registry.writing() as session:
            session.lock_holder(IdType.PASSPORT, "E1", NOW)
            second = session.lock_holder(IdType.PASSPORT, "E2", NOW)
        with pytest.raises(InvalidFieldError) as refused, registry.writing() as session:
            session.set_holder_document(second, IdType.PASSPORT, "E1")
        assert [fault.pointer for fault in refused.value.faults] == ["/holder/id_number"]
        assert "E1" not in str(refused.value)

    def test_unknown_ids_are_not_found(self, registry: SQLRegistry) -> None:
        """get_ raises, find_ answers None."""
        nobody = RegistrationId("nobody")
        with registry.writing() as session:
            for ask in (
                lambda: session.holder_of(nobody),
                lambda: session.lock_registration(nobody),
                lambda: session.latest_version(nobody),
                lambda: session.get_version(VersionId("none")),
                lambda: session.get_image("0" * 64),
                lambda: session.set_holder_document(HolderId("nobody"), IdType.OTHER, "1"),
            ):
                with pytest.raises(NotFoundError):
                    ask()
            assert session.history(nobody) == []
            assert session.newest_endorsement(nobody) is None


class TestHistory:
    """Events and versions come back as they were recorded."""

    def test_an_event_reads_back_whole_with_its_place_in_the_order(self, registry: SQLRegistry) -> None:
        """State is derived from events; a lost field would change a certificate."""
        with registry.writing() as session:
            who = register(session)
        with registry.reading() as session:
            assert session.find_event(who.recorded.event.source_id) == who.recorded
            assert session.history(who.registration_id) == [who.recorded]
            assert session.latest_version(who.registration_id) == who.version
            assert session.get_version(who.version.version_id) == who.version
            assert session.holder_of(who.registration_id) == who.holder_id

    def test_every_part_an_event_may_bring_survives(self, registry: SQLRegistry) -> None:
        """Also those the initial registration does not use."""
        events = [
            an_event(EventType.CANCEL, seq=2),
            an_event(EventType.CHANGE_EMPLOYER, seq=3, employer=an_employer(), new_registration_number="沪1"),
            an_event(
                EventType.RENEW,
                seq=4,
                specialties=[a_grant_of(stated_to=date(2028, 6, 2))],
                former_numbers=("京1", "京2"),
                override_reason="法院判决",
            ),
            an_event(EventType.AMEND_HOLDER, seq=5, holder=replace(a_holder(), id_number=None, sex=None)),
        ]
        with registry.writing() as session:
            who = register(session)
            for event in events:
                session.append_event(replace(who.recorded, event=event))
        with registry.reading() as session:
            assert [item.event for item in session.history(who.registration_id)] == [
                who.recorded.event,
                *events,
            ]

    def test_order_is_that_of_recording_over_the_whole_registry(self, registry: SQLRegistry) -> None:
        """A later event never gets a smaller place, whatever its clock says."""
        with registry.writing() as session:
            first = register(session, 1, at=NOW)
            second = register(session, 2, at=NOW - HOUR)
        assert (first.recorded.event.seq, second.recorded.event.seq) == (1, 2)

    def test_a_source_id_is_recorded_once(self, registry: SQLRegistry) -> None:
        """A second delivery that slipped past the look-up must come again, then finds the first."""
        with registry.writing() as session:
            who = register(session)
        again = replace(who.recorded, event=replace(an_initial(), source_id=who.recorded.event.source_id))
        with pytest.raises(UnavailableError), registry.writing() as session:
            session.append_event(again)

    @pytest.mark.parametrize("change", [{"version_id": "V9"}, {"version_id": "V9", "version": 2}])
    def test_serial_with_version_and_licence_id_are_unique(
        self, registry: SQLRegistry, change: dict[str, str | int]
    ) -> None:
        """Two certificates must never carry one identifier."""
        with registry.writing() as session:
            who = register(session)
        with pytest.raises(DefectError), registry.writing() as session:
            session.add_version(replace(who.version, **change))  # type: ignore[arg-type]  # fields by name

    def test_the_latest_version_is_the_last_recorded_also_under_a_new_serial(
        self, registry: SQLRegistry
    ) -> None:
        """After 999 versions numbering starts again at 001."""
        with registry.writing() as session:
            who = register(session)
            newer = replace(
                who.version,
                version_id=VersionId("V-new"),
                serial=session.next_serial(2026),
                licence_id="licence.new",
                previous_licence_id=who.version.licence_id,
            )
            session.add_version(newer)
            assert session.latest_version(who.registration_id) == newer

    def test_serials_rise_within_their_year(self, registry: SQLRegistry) -> None:
        """Ten digits after the year, nothing given twice; a transaction undone gives its number back."""
        with registry.writing() as session:
            assert session.next_serial(2026) == "20260000000001"
            assert session.next_serial(2026) == "20260000000002"
            assert session.next_serial(2027) == "20270000000001"
        with pytest.raises(KeyError), registry.writing() as session:
            session.next_serial(2026)
            raise KeyError
        with registry.writing() as session:
            assert session.next_serial(2026) == "20260000000003"


class TestNumbers:
    """A registration answers to every number it ever had."""

    def test_the_latest_registration_of_a_number_is_found(self, registry: SQLRegistry) -> None:
        """Also when the clock stood still or went back between them: 重新注册 may keep the number."""
        with registry.writing() as session:
            who = register(session)
            later = session.add_registration(who.holder_id, CONSTRUCTOR_1, NOW - HOUR)
            session.add_numbers(later, [who.number, "京112006200800"], NOW)
            session.add_numbers(later, [who.number], NOW + HOUR)
        with registry.reading() as session:
            assert session.find_registration(who.number) == later
            assert session.find_registration("京112006200800") == later
            assert session.find_registration("京9") is None
            assert session.registrations_of(who.holder_id, CONSTRUCTOR_1) == [who.registration_id, later]
            assert session.registrations_of(who.holder_id, "constructor-2") == []


class TestExpiring:
    """The list of specialties running out."""

    def test_pages_follow_day_number_and_specialty(self, registry: SQLRegistry) -> None:
        """First day included, last day not, nothing twice and nothing lost between pages."""
        day = date(2027, 1, 1)
        with registry.writing() as session:
            who = [register(session, order) for order in (1, 2, 3)]
            session.project(
                who[0].registration_id, "京A", live=True, ends={"x": day, "y": day + timedelta(9)}
            )
            session.project(who[1].registration_id, "京B", live=True, ends={"x": day, "a": day})
            session.project(who[2].registration_id, "京C", live=True, ends={"x": day - timedelta(1)})
        with registry.reading() as session:
            until = day + timedelta(10)
            rows = session.expiring(day, until, None, 10)
            found = [(row.valid_to, row.registration_number, row.specialty) for row in rows]
            assert [(number, specialty) for _, number, specialty in found] == [
                ("京A", "x"),
                ("京B", "a"),
                ("京B", "x"),
                ("京A", "y"),
            ]
            assert rows[0].registration_id == who[0].registration_id
            for place, row in enumerate(found):
                assert list(session.expiring(day, until, row, 2)) == list(rows[place + 1 : place + 3])
            assert len(session.expiring(day, day + timedelta(9), None, 10)) == 3

    def test_a_registration_that_ended_leaves_the_list(self, registry: SQLRegistry) -> None:
        """Nobody is warned to renew what was cancelled."""
        with registry.writing() as session:
            who = register(session)
            assert len(session.expiring(NOW.date(), date(2099, 1, 1), None, 9)) == 1
            session.project(who.registration_id, who.number, live=False, ends={"建筑工程": date(2028, 6, 1)})
            assert session.expiring(NOW.date(), date(2099, 1, 1), None, 9) == []


def test_an_image_is_kept_once(registry: SQLRegistry) -> None:
    """The same photo comes with many events."""
    with registry.writing() as session:
        who = register(session)
        session.put_image(who.holder_id, "f" * 64, b"\xff\xd8 photo \x00", NOW)
        session.put_image(who.holder_id, "f" * 64, b"\xff\xd8 photo \x00", NOW + HOUR)
        assert session.get_image("f" * 64) == b"\xff\xd8 photo \x00"


def test_a_client_is_found_by_its_key_only(registry: SQLRegistry) -> None:
    """Scopes come from the row, never from the caller."""
    with registry.writing() as session:
        client = session.add_client("投标平台", frozenset({"verify", "read"}), "key-1", NOW)
        assert session.find_client("key-1") == client
        assert session.find_client("key-2") is None
        assert client.scopes == {"read", "verify"}


def test_the_last_recorded_instant_is_the_latest_of_all_rows(registry: SQLRegistry) -> None:
    """The clock is held against it; an effective_at in the past or future plays no part."""
    with registry.reading() as session:
        assert session.last_recorded_at() is None
    with registry.writing() as session:
        who = register(session)
        assert session.last_recorded_at() == NOW
    issue(registry, who, at=NOW + HOUR)
    with registry.writing() as session:
        assert session.last_recorded_at() == NOW + HOUR + timedelta(seconds=2)
        session.add_client("c", frozenset(), "key", NOW + 2 * HOUR)
        register(session, 2, at=NOW)
        assert session.last_recorded_at() == NOW + 2 * HOUR


def test_a_reading_sees_one_moment_and_a_failed_writing_leaves_nothing(registry: SQLRegistry) -> None:
    """A report must not mix two states, and half an event is no event."""
    with registry.writing() as session:
        who = register(session, 1)
    with registry.reading() as before:
        assert len(before.history(who.registration_id)) == 1
        with registry.writing() as session:
            session.append_event(replace(who.recorded, event=an_event(seq=2)))
        assert len(before.history(who.registration_id)) == 1
    with pytest.raises(KeyError), registry.writing() as session:
        register(session, 2)
        raise KeyError
    with registry.reading() as session:
        assert len(session.history(who.registration_id)) == 2
        assert session.find_holder(IdType.RESIDENT_ID, id_number(2)) is None
