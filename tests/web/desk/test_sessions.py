"""Logins of the desk that must not be, or not go on: written, put back, of a past clock, of a holder."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from certsvc.registry.port_access import Principal
from certsvc.registry.sql import SQLRegistry
from certsvc.registry.tables_access import SESSION
from tests.web.desk.person import PASSWORD, TESTS, Person, at_the_desk, hire, is_in
from tests.web.site import Site


def test_a_session_somebody_wrote_into_the_database_is_none(site: Site) -> None:
    """Whoever can write rows and has no secret lengthens no login and takes nobody's place."""
    person = at_the_desk(site, ["reader"], "row")
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    later = site.world.clock.now() + timedelta(days=400)
    with registry.database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE session SET expires_at = :at"), {"at": f"{later:%Y-%m-%dT%H:%M:%S.000000Z}"}
        )
    assert not is_in(person)


def test_a_session_put_back_as_it_was_ends_with_the_password_all_the_same(site: Site) -> None:
    """Its MAC is right, we wrote it ourselves: it was ended by a change of the password."""
    person = at_the_desk(site, ["reader"], "restored")
    registry, operators = site.world.services.registry, site.world.services.doors.operators
    assert isinstance(registry, SQLRegistry)
    with registry.database.engine.begin() as connection:
        before = [dict(row) for row in connection.execute(sa.select(SESSION)).mappings()]
    site.world.jump(seconds=1)
    operators.change_password(operators.require("restored"), PASSWORD, "another horse battery")

    with registry.database.engine.begin() as connection:
        connection.execute(sa.delete(SESSION))
        connection.execute(sa.insert(SESSION), before)

    assert not is_in(person)


def test_a_clock_set_back_lengthens_no_login(site: Site) -> None:
    """Who can turn the machine's clock would else stay in for as long as it pleases."""
    person = at_the_desk(site, ["reader"], "yesterday")
    site.world.jump(seconds=-1)

    assert not is_in(person)


def test_a_holder_s_login_opens_no_desk(site: Site) -> None:
    """Both are sessions of one table, and anybody can put a value under another cookie's name."""
    hire(site, "somebody", "reader")
    operator = site.world.services.doors.operators.require("somebody")
    person = Person(site)
    for principal, opens in (
        (operator.principal, True),
        (replace(operator.principal, kind="holder"), False),
    ):
        person.plant(site.world.services.doors.sessions.begin(principal))
        assert is_in(person) == opens


def test_a_password_that_is_reset_during_the_login_lets_nobody_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the password and the session there is time for an admin."""
    hire(site, "racer", "reader")
    doors = site.world.services.doors
    begin = doors.sessions.begin

    def late(principal: Principal) -> str:
        doors.operators.reset_password("racer", TESTS)
        site.world.jump(seconds=1)
        return begin(principal)

    person = Person(site)
    monkeypatch.setattr(doors.sessions, "begin", late)
    assert person.log_in("racer").status_code == 401
    assert not is_in(person)
