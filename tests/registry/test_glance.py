"""One statement against the look-ups it stands for, on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.domain.events import Event
from certsvc.errors import RecordDamagedError
from certsvc.registry.port_glance import Glance
from certsvc.registry.sql import SQLRegistry
from tests.factories import NOW
from tests.registry.shelf import issue, pending, register

DAY = timedelta(days=1)


def _long_way(registry: SQLRegistry, token: str) -> Glance | None:
    with registry.reading() as session:
        copy = session.find_copy_by_token(token)
        if copy is None:
            return None
        newest = session.newest_endorsement(copy.registration_id)
        return Glance(
            copy=copy,
            version=session.get_version(copy.version_id),
            # Nobody shows the purpose of a copy that is not in hand.
            newest=newest if newest is None or newest == copy else replace(newest, purpose=None),
            events=tuple(_unopened(item.event) for item in session.history(copy.registration_id)),
        )


def _unopened(event: Event) -> Event:
    """Return an event without its ID number: nothing shown rests on one, so a glance opens none."""
    assert event.holder is None or event.holder.id_number is not None
    return replace(event, holder=event.holder and replace(event.holder, id_number=None))


def test_a_glance_tells_what_single_look_ups_tell(registry: SQLRegistry) -> None:
    """Also while a newer copy is being made, after it failed, and for tokens nobody has."""
    with registry.writing() as session:
        who = register(session)
    first = issue(registry, who, 1)
    second = issue(registry, who, 2, at=NOW + DAY)
    made = pending(who, 3, at=NOW + 2 * DAY)
    for step in ("none", "pending", "failed"):
        if step != "none":
            with registry.writing() as session:
                assert (
                    session.reserve(made)
                    if step == "pending"
                    else session.fail(made.copy_id, made.worker, "DEFECT", NOW + 2 * DAY)
                )
        for token in (first.token, second.token, made.token, "0" * 26, "x\0"):
            assert registry.glance(token).read() == _long_way(registry, token), step
        with registry.reading() as session:
            assert registry.glance(first.token).last_recorded_at == session.last_recorded_at()
    found = registry.glance(first.token).read()
    assert found is not None and found.newest is not None and found.newest.token == second.token


def test_the_newest_instant_follows_what_others_write(registry: SQLRegistry) -> None:
    """What is remembered of it must not outlive the next row."""
    assert registry.glance("0" * 26).last_recorded_at is None
    with registry.writing() as session:
        who = register(session)
    before = registry.glance("0" * 26).last_recorded_at
    issue(registry, who, 1, at=NOW + DAY)

    after = registry.glance("0" * 26).last_recorded_at

    assert before is not None and after is not None and after >= before + DAY


@pytest.mark.parametrize("column", ["recorded_at", "mac"])
def test_a_moved_instant_fails_its_mac_although_the_row_was_seen_before(
    registry: SQLRegistry, column: str
) -> None:
    """Who could move the last instant could make every server say that its clock is wrong."""
    with registry.writing() as session:
        register(session)
    assert registry.glance("0" * 26).last_recorded_at is not None
    value = "'2099-01-01T00:00:00.000000Z'" if column == "recorded_at" else "id_number"
    with registry.database.engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE event SET {column} = {value}")

    with pytest.raises(RecordDamagedError):
        registry.glance("0" * 26)
