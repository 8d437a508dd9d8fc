"""Endorsing beside events that lie ahead, moved numbers and attempts that died."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certsvc.domain.endorsement import CopyId, CopyState
from certsvc.errors import SuspendedError
from certsvc.registry.port import IdempotentRequest
from tests.world import World


def test_events_that_lie_minutes_ahead_do_not_count_yet(world: World) -> None:
    """State follows the instant an event takes effect: a copy made before it prints what is in force."""
    world.initial()
    ahead = world.clock.now() + timedelta(minutes=4)
    body = world.event("add_specialty", effective_at=ahead)
    body["specialties"] = [{"name": "公路工程", "granted_on": world.today.isoformat()}]
    world.record(body)

    copy = world.endorse()

    report = world.verify(token=copy["token"])
    assert (copy["certificate"]["version"], report.status) == (1, "VALID")
    assert [line.name for line in report.specialties] == ["建筑工程"]
    world.jump(seconds=241)
    assert world.verify(token=copy["token"]).status == "SUPERSEDED"


def test_resumption_that_lies_ahead_lifts_nothing_yet(world: World) -> None:
    """A copy granted while suspended would be spent on a paper nobody may use."""
    world.initial()
    world.record(world.event("suspend", reason={"code": "S", "text": "核查"}))
    world.record(world.event("resume", effective_at=world.clock.now() + timedelta(minutes=4)))

    with pytest.raises(SuspendedError):
        world.endorse()
    world.jump(seconds=241)

    assert world.endorse()["copy_number"] == 1


def test_retry_through_the_new_number_is_the_same_request(world: World) -> None:
    """The number may change between two tries; the request is about the registration."""
    world.initial()
    first = world.endorse(key="k1")
    employer = {"name": "另一示例建设有限公司", "uscc": "91990000TEXT00017N"}
    world.jump(days=1)
    world.record(
        world.event("change_employer", employer=employer, new_registration_number="沪1312020202200001")
    )

    again = world.endorse("沪1312020202200001", key="k1")

    assert again == first


def test_attempt_that_died_before_midnight_does_not_block_its_key(world: World) -> None:
    """The key's own attempt is settled too, not only the copy that holds today."""
    world.initial()
    registry = world.services.registry
    first = world.endorse(key="k0")
    with registry.reading() as session:
        done = session.get_copy(first["endorsement_id"])
        claim = session.find_idempotent("tests", "k0")
    assert claim is not None
    world.jump(days=1)
    dead = replace(
        done,
        copy_id=CopyId("d" * 32),
        state=CopyState.PENDING,
        worker="dead",
        day=world.today,
        reserved_at=world.clock.now(),
        lease_until=world.clock.now() + timedelta(seconds=60),
        token="D" * 26,
        code="D" * 12,
        copy_number=None,
        files={},
        done_at=None,
    )
    with registry.writing() as session:
        assert session.reserve(dead)
        digest = claim.body_digest
        assert session.put_idempotent(
            "tests", "k1", IdempotentRequest(body_digest=digest, copy_id=dead.copy_id), world.clock.now()
        )
    world.jump(days=1)

    assert world.endorse(key="k1")["copy_number"] == 3
