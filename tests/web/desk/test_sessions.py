"""Logins of the desk end when they should, whoever holds the cookie."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from certsvc.registry.sql import SQLRegistry
from tests.web.desk.person import PASSWORD, TESTS, Person, at_the_desk, hire, is_in
from tests.web.site import Site

ENDS = ("logout", "password", "disabled", "reset", "ended", "idle", "long")


def test_a_planted_cookie_is_not_the_one_after_the_login(site: Site) -> None:
    """Session fixation: who planted it would be logged in as well."""
    thief, victim = Person(site), Person(site)
    planted = thief.token("/desk/login") and thief.cookie()
    victim.plant(planted)
    hire(site, "victim", "reader")

    assert victim.log_in("victim").status_code == 303

    assert victim.cookie() != planted
    assert is_in(victim) and not is_in(thief)


def test_a_login_ends_the_one_before_it(site: Site) -> None:
    """A cookie copied from the same browser yesterday is worth nothing today."""
    person = at_the_desk(site, ["reader"], "twice")
    thief = Person(site)
    thief.plant(person.cookie())
    assert is_in(thief)
    person.client.delete_cookie("nothing")
    csrf = person.token()

    person.post("/desk/login", {"name": "twice", "password": PASSWORD}, csrf=csrf)

    assert is_in(person) and not is_in(thief)


@pytest.mark.parametrize("how", ENDS)
def test_a_stolen_cookie_ends_with_the_login(site: Site, how: str) -> None:
    """At once, whichever way it ended."""
    operators = site.world.services.doors.operators
    operators.add("spare", ["admin"], TESTS)
    person = at_the_desk(site, ["reader"], "stolen")
    thief = Person(site)
    thief.plant(person.cookie())
    assert is_in(thief)
    match how:
        case "logout":
            person.post("/desk/logout")
        case "password":
            changed = {"old": PASSWORD, "new": "another long sentence", "again": "another long sentence"}
            assert person.post("/desk/password", changed).status_code == 303
            assert is_in(person), "whoever changed it goes on"
        case "disabled":
            operators.disable("stolen", TESTS)
        case "reset":
            operators.reset_password("stolen", TESTS)
        case "ended":
            operators.end_sessions("stolen", TESTS)
        case "idle":
            site.world.jump(seconds=14 * 60)
            assert is_in(thief)
            site.world.jump(seconds=15 * 60)
        case "long":
            for _ in range(48):
                assert is_in(thief)
                site.world.jump(seconds=600)
    assert not is_in(thief)


def test_a_session_from_before_the_password_is_none(site: Site) -> None:
    """It may have been begun in the instant between the reset and the end of all sessions."""
    operators, sessions = site.world.services.doors.operators, site.world.services.doors.sessions
    person = Person(site)
    hire(site, "racer", "reader")
    site.world.jump(seconds=1)
    operators.reset_password("racer", TESTS)
    found = operators.require("racer")
    for seconds, leads in ((-1, "/desk/login"), (1, "/desk/password")):
        site.world.jump(seconds=seconds)
        person.plant(sessions.begin(found.principal))
        assert person.get("/desk/").headers["Location"] == leads


def test_a_clock_that_was_set_back_opens_no_desk(site: Site) -> None:
    """Else setting it back would lengthen every login."""
    person = at_the_desk(site, ["reader"], "early")
    for seconds, opens in ((-1, False), (1, True)):
        site.world.jump(seconds=seconds)
        assert is_in(person) == opens


def test_roles_count_from_the_next_click(site: Site) -> None:
    """Both ways, in the login that goes on: also one copied into another browser."""
    person = at_the_desk(site, ["reader"], "moved")
    thief = Person(site)
    thief.plant(person.cookie())
    for roles, opens in ((["auditor"], "/desk/actions"), (["reader"], "/desk/expiring")):
        site.world.services.doors.operators.set_roles("moved", [*roles, "admin"], TESTS)
        for path in ("/desk/actions", "/desk/expiring"):
            told = {who.get(path).status_code for who in (person, thief)}
            assert told == {200 if path == opens else 403}


def test_who_is_disabled_and_enabled_comes_in_by_the_new_password_alone(site: Site) -> None:
    """What was known or open before counts no more."""
    operators = site.world.services.doors.operators
    operators.add("spare", ["admin"], TESTS)
    person = at_the_desk(site, ["reader"], "back")
    operators.disable("back", TESTS)
    assert operators.end_sessions("back", TESTS) == 0, "each ended with the account"

    once = operators.enable("back", TESTS)

    assert not is_in(person)
    assert Person(site).log_in("back").status_code == 401
    assert Person(site).log_in("back", once).headers["Location"] == "/desk/password"


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
