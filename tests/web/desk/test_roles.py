"""Who may do what: one table, held against the whole map of addresses."""

from __future__ import annotations

import re
from typing import Final

import pytest
from apiflask import APIFlask

from certsvc.access.roles import ROLES
from certsvc.errors import DefectError
from certsvc.web.desk import door
from certsvc.web.desk.roles_table import NAVIGATION, entries
from tests.web.desk.person import TESTS, Person, at_the_desk
from tests.web.site import Site

# Written out once more, by hand: the table in the code is what is being tested.
EXPECTED: Final = """
GET   /desk/login                                     *
POST  /desk/login                                     *
POST  /desk/logout                                    reader issuer registrar auditor admin
GET   /desk/                                          reader issuer registrar auditor admin
GET   /desk/password                                  reader issuer registrar auditor admin
POST  /desk/password                                  reader issuer registrar auditor admin
POST  /desk/registrations/<number:number>/original    issuer
POST  /desk/registrations/<number:number>/endorse     issuer
POST  /desk/registrations/<number:number>/event       registrar
GET   /desk/actions/<number:action_id>                issuer registrar auditor
GET   /desk/actions                                   auditor
GET   /desk/operators                                 admin
POST  /desk/operators                                 admin
POST  /desk/operators/<number:operator_id>            admin
"""
TABLE: Final = {
    (method, route): frozenset(roles) for method, route, *roles in map(str.split, EXPECTED.split("\n")[1:-1])
}


def what_happens(person: Person, method: str, route: str, csrf: str) -> str:
    """Return ``login``, ``refused`` or ``through`` for one call of a route."""
    path = re.sub(r"<[^>]+>", "x", route)
    answer = person.get(path) if method == "GET" else person.post(path, {"reason": "x"}, csrf=csrf)
    if answer.status_code == 303 and answer.headers["Location"] == "/desk/login":
        return "login"
    return "refused" if answer.status_code == 403 else "through"


def test_the_table_written_out_is_that_of_the_routes(standing_site: Site) -> None:
    """A new address is in nobody's reach until somebody said whose it is."""
    routes = {
        (method, rule.rule)
        for rule in standing_site.app.url_map.iter_rules()
        if rule.rule.startswith("/desk")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(TABLE)


def test_every_role_reaches_what_the_table_gives_it_and_nothing_else(standing_site: Site) -> None:
    """The whole map times all roles, nobody and a disabled operator."""
    people = {role: at_the_desk(standing_site, [role]) for role in ROLES}
    nobody, gone = Person(standing_site), at_the_desk(standing_site, ["reader", "admin"], "gone")
    standing_site.world.services.doors.operators.add("spare", ["admin"], TESTS)
    standing_site.world.services.doors.operators.disable("gone", TESTS)
    # What ends a login comes last.
    last = {("POST", "/desk/logout"), ("POST", "/desk/login"), ("POST", "/desk/password")}
    for method, route in sorted(TABLE, key=lambda key: key in last):
        public = TABLE[method, route] == {"*"}
        for role, person in people.items():
            if public:
                continue
            csrf = person.token()
            expected = "through" if role in TABLE[method, route] else "refused"
            if (method, route) == ("POST", "/desk/logout"):
                expected = "login"
            assert what_happens(person, method, route, csrf) == expected, (role, method, route)
        for stranger in (nobody, gone):
            csrf = stranger.token("/desk/login")
            expected = "through" if public else "login"
            assert what_happens(stranger, method, route, csrf) == expected, (method, route)


def test_every_form_with_a_wrong_token_is_refused(standing_site: Site) -> None:
    """Whatever the role, and before anything is looked at."""
    person = at_the_desk(standing_site, ROLES, "everything")
    stranger = Person(standing_site)
    theirs = stranger.token("/desk/login")
    for method, route in TABLE:
        if method == "POST":
            for csrf in ("", "0" * 48, theirs):
                assert what_happens(person, method, route, csrf) == "refused", route
    assert person.get("/desk/").status_code == 200


def test_head_counts_as_get_and_other_methods_are_not_there(standing_site: Site) -> None:
    """A method nobody thought of must not pass by the guard."""
    person = at_the_desk(standing_site, ["reader"], "head")
    assert person.client.head("/desk/operators").status_code == 403
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert person.client.open("/desk/operators", method=method).status_code == 405


def test_navigation_shows_what_the_roles_may_see(standing_site: Site) -> None:
    """No entry leads to a refusal, and none to nothing."""
    rules = {rule.rule for rule in standing_site.app.url_map.iter_rules()}
    for role in ROLES:
        shown = [route for route, _ in entries(frozenset({role}))]
        assert "/desk/" in shown and set(shown) <= rules & set(NAVIGATION)
        assert ("/desk/operators" in shown) == (role == "admin")
        assert ("/desk/actions" in shown) == (role == "auditor")


def test_a_route_outside_the_table_stops_the_start(standing_site: Site) -> None:
    """It would be open to everybody, or to nobody, by oversight."""
    app = APIFlask("other", json_errors=False)
    app.add_url_rule("/desk/forgotten", view_func=lambda: "", methods=["GET"])
    with pytest.raises(DefectError, match="forgotten"):
        door.check_table(app)
    door.check_table(standing_site.app)
