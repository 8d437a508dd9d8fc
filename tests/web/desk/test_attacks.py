"""What somebody tries who should not be at the desk."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from certsvc.registry.port_access import Principal
from certsvc.registry.sql import SQLRegistry
from certsvc.web.limits import Rate
from tests.web.desk.person import PASSWORD, TESTS, Person, at_the_desk, hire, is_in
from tests.web.site import Site
from tests.world import World, settings_in


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_the_token(
    standing_site: Site, headers: dict[str, str]
) -> None:
    """Should a token leak, the browser still says where a form came from."""
    person = Person(standing_site)
    csrf = person.token("/desk/login")
    fields = {"name": "x", "password": "y"}

    assert person.post("/desk/login", fields, csrf=csrf, headers=headers).status_code == 403
    assert (
        person.post("/desk/login", fields, csrf=csrf, headers={"Sec-Fetch-Site": "same-origin"}).status_code
        == 401
    )


def test_only_forms_are_taken(standing_site: Site) -> None:
    """JSON and multipart have ways of their own across sites."""
    person = Person(standing_site)
    csrf = person.token("/desk/login")
    sent = person.client.post("/desk/login", json={"csrf": csrf, "name": "x", "password": "y"})
    assert sent.status_code == 415


def test_nobody_learns_who_works_here(site: Site) -> None:
    """Unknown, wrong and disabled: one status, one page, and the same hash is worked out."""
    operators = site.world.services.doors.operators
    hire(site, "known", "admin")
    hire(site, "gone", "reader")
    operators.disable("gone", TESTS)
    seen = set()
    for name in ("nobody", "known", "gone"):
        password = PASSWORD if name == "gone" else "wrong but long enough"
        answer = Person(site).log_in(name, password)
        page = re.sub(r'nonce="[^"]+"|value="[^"]*"', "", answer.text)
        seen.add((answer.status_code, page, answer.headers.get("Retry-After")))
    assert len(seen) == 1 and next(iter(seen))[0] == 401


def test_tries_are_counted_for_names_nobody_has_too(site: Site) -> None:
    """Otherwise the limit itself would tell."""
    site.limit(login_account_there=Rate(2, 1))
    hire(site, "known", "reader")
    for name in ("known", "nobody"):
        person = Person(site)
        told = [person.log_in(name, "wrong but long enough") for _ in range(3)]
        assert [answer.status_code for answer in told] == [401, 401, 429]
        assert told[2].headers["Retry-After"] == "60"


def test_all_processes_count_together(site: Site) -> None:
    """Two instances on one register: what one counted, the other knows."""
    other = Site(World(site.world.settings, site.world.clock))
    for one in (site, other):
        one.limit(login_account_there=Rate(3, 1))
    here, there = Person(site), Person(other)

    statuses = [
        who.log_in("somebody", "wrong but long").status_code for who in (here, there, here, there, here)
    ]

    assert statuses == [401, 401, 401, 429, 429]


def test_strangers_cannot_lock_an_operator_out(site: Site) -> None:
    """They use the account's budget up from anywhere; a device known before has one of its own."""
    site.limit(login_account=Rate(3, 1), login_account_there=Rate(2, 1))
    hire(site, "busy", "reader")
    known = Person(site, address="192.0.2.1")
    assert known.log_in("busy").status_code == 303
    known.post("/desk/logout")
    told = [
        Person(site, address=f"198.51.100.{place}").log_in("busy", "wrong but long").status_code
        for place in range(6)
    ]
    assert told[-1] == 429

    assert Person(site, address="192.0.2.1").log_in("busy").status_code == 429, "without the mark"
    assert known.log_in("busy").status_code == 303
    # The mark of one name is no mark for another, and a copied one only shares its own budget.
    hire(site, "other", "reader")
    thief = Person(site, address="203.0.113.1")
    thief.plant(known.cookie("certsvc-desk-device"), "certsvc-desk-device")
    assert [thief.log_in("busy", "wrong but long").status_code for _ in range(7)][-1] == 429


def test_without_the_buckets_nobody_comes_in(site: Site) -> None:
    """Who must not be guessed at is asked nothing."""
    hire(site, "closed", "reader")
    person = Person(site)
    csrf = person.token("/desk/login")
    site.world.services.limits.take(b"0" * 16, Rate(1, 1).allowance, 0)
    with sa.create_engine(
        f"sqlite:///{site.world.settings.data_dir / 'registry.limits.db'}"
    ).begin() as database:
        database.execute(sa.text("ALTER TABLE bucket RENAME TO gone"))
        database.execute(sa.text("CREATE VIEW bucket AS SELECT * FROM gone"))
    answer = person.post("/desk/login", {"name": "closed", "password": PASSWORD}, csrf=csrf)
    assert answer.status_code == 503


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


def test_an_operator_raised_to_admin_by_sql_is_let_in_no_more(site: Site) -> None:
    """Damage is no permission."""
    person = at_the_desk(site, ["reader"], "raised")
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    with registry.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE operator SET roles = 'admin'"))
    assert person.get("/desk/operators").status_code == 503


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://verify.example.cn"])
def test_cookies_carry_their_flags(url: str, world: World) -> None:
    """No script reads them, no other site sends them, and with https nothing but https carries them."""
    settings = settings_in(world.settings.data_dir, world.settings.keys_dir, public_url=url)
    secure = Site(World(settings, world.clock))
    person = Person(secure)
    answer = person.get("/desk/login")
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    parts = {part.strip() for part in cookies[0].split(";")}
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= parts
    assert ("Secure" in parts) == cookies[0].startswith("__Host-certsvc-desk=") == url.startswith("https")
    assert not any(part.startswith("Domain") for part in parts)
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_public_page_sets_no_cookie(standing_site: Site) -> None:
    """Who verifies is nobody we need to know again."""
    for path in ("/verify", "/", "/v/x", "/offline"):
        assert "Set-Cookie" not in standing_site.client.get(path).headers
