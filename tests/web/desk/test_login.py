"""Coming in, and staying out."""

from __future__ import annotations

from tests.web.desk.person import PASSWORD, TESTS, Person, at_the_desk, hire
from tests.web.site import Site


def test_an_operator_logs_in_and_out(site: Site) -> None:
    """The whole way, as a person goes it."""
    person = at_the_desk(site, ["reader"], "李示例")
    page = person.get("/desk/")
    assert page.status_code == 200
    assert "李示例" in page.text

    assert person.post("/desk/logout").headers["Location"] == "/desk/login"
    assert person.get("/desk/").headers["Location"] == "/desk/login"


def test_a_one_time_password_opens_only_the_page_that_changes_it(site: Site) -> None:
    """Whoever gave it knows it."""
    _, once = site.world.services.doors.operators.add("new", ["admin"], TESTS)
    person = Person(site)
    assert person.log_in("new", once).headers["Location"] == "/desk/password"
    assert person.get("/desk/").headers["Location"] == "/desk/password"

    changed = person.post("/desk/password", {"old": once, "new": PASSWORD, "again": PASSWORD})

    assert (changed.status_code, changed.headers["Location"]) == (303, "/desk/")
    assert person.get("/desk/").status_code == 200
    hire(site, "other", "reader")
    assert Person(site).log_in("new", once).status_code == 401


def test_the_old_password_cannot_be_guessed_at_a_desk_left_open(site: Site) -> None:
    """Whoever sits down there has six tries, as at the door; the right one must wait then too."""
    person = at_the_desk(site, ["reader"], "away")
    new = {"new": "another long sentence", "again": "another long sentence"}
    told = [person.post("/desk/password", {**new, "old": f"guess number {n}"}).status_code for n in range(7)]

    assert told == [422] * 6 + [429]
    assert person.post("/desk/password", {**new, "old": PASSWORD}).status_code == 429
