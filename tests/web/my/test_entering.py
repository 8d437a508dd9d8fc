"""Coming in by a one-time link and being let out: once, in time, by a press of the button."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
import structlog

from certsvc.errors import NotFoundError, PersonalDataErasedError
from certsvc.registry.port_access import Principal
from tests.web.my.guest import Guest, secret_of
from tests.web.site import HTML, Site, body_of, path_of
from tests.world import NUMBER

REASON = {"code": "C", "text": "测试"}


def test_the_api_makes_a_link_for_who_may_issue(site: Site) -> None:
    """201 with address and end; the scope endorse is not enough, for the link opens all of a holder's."""
    site.world.initial()
    answer = site.post(path_of(NUMBER, "holder-links"))

    assert answer.status_code == 201
    body = body_of(answer)
    assert body["url"].startswith(f"{site.world.settings.public_url}/my/enter/")
    assert len(secret_of(body["url"])) == 26
    assert body["expires_at"] == "2026-11-20T02:15:00+00:00"
    assert Guest(site).use(secret_of(body["url"])).status_code == 303

    _, key = site.world.services.clients.add("platform", ["endorse", "read", "verify"])
    refused = site.client.post(path_of(NUMBER, "holder-links"), headers={"X-API-Key": key})
    assert (refused.status_code, body_of(refused)["code"]) == (403, "FORBIDDEN")
    with pytest.raises(NotFoundError):
        site.world.services.holders.links.make("沪1312020202200001", "")


def test_opening_the_address_uses_nothing_up(site: Site) -> None:
    """Messengers open every link they carry; only the button counts."""
    site.world.initial()
    guest = Guest(site)
    path = guest.link()
    for _ in range(3):
        assert guest.get(path).status_code == 200
        assert Guest(site).client.head(path).status_code == 200
    assert guest.cookie is None
    assert guest.use(secret_of(path)).status_code == 303
    assert "样本甲" in guest.get("/my").text


def test_a_link_works_once(site: Site) -> None:
    """The second time, from wherever, it is gone, and says so in words."""
    site.world.initial()
    path = (guest := Guest(site)).link()
    assert guest.use(secret_of(path)).status_code == 303

    other = Guest(site)
    answer = other.use(secret_of(path))
    assert answer.status_code == 410
    assert "每个链接只能使用一次" in answer.text
    assert other.cookie is None
    assert "样本甲" not in other.get("/my").text


@pytest.mark.parametrize(("seconds", "status"), [(899, 303), (900, 410)])
def test_a_link_ends_after_fifteen_minutes(site: Site, seconds: int, status: int) -> None:
    """To the second."""
    site.world.initial()
    guest = Guest(site)
    path = guest.link()
    site.world.jump(seconds=seconds)
    assert guest.use(secret_of(path)).status_code == status


@pytest.mark.parametrize("secret", ["", "0" * 26, "x" * 9000, "' OR 1=1 --", "一" * 26])
def test_a_made_up_secret_is_answered_like_a_used_one(site: Site, secret: str) -> None:
    """Nothing tells whether a link ever was."""
    site.world.initial()
    answer = Guest(site).use(secret)
    assert (answer.status_code, "每个链接只能使用一次" in answer.text) == (410, True)


def test_guessing_is_slowed_down(site: Site) -> None:
    """Beyond 130 bits: twenty tries a minute from one address."""
    guest = Guest(site)
    statuses = [guest.use("0" * 26).status_code for _ in range(21)]
    assert statuses == [410] * 20 + [429]


def test_the_register_holds_no_secret_and_the_log_no_address(site: Site) -> None:
    """Who reads the database or the logs cannot come in."""
    site.world.initial()
    guest = Guest(site)
    with structlog.testing.capture_logs() as logs:
        path = guest.link()
        guest.get(path)
        guest.use(secret_of(path))
    with closing(sqlite3.connect(site.world.settings.data_dir / "registry.db")) as database:
        dump = "\n".join(database.iterdump())
    assert "holder_link" in dump
    assert secret_of(path) not in dump
    assert guest.cookie is not None
    assert guest.cookie not in dump
    assert secret_of(path) not in json.dumps(logs, default=str)


def test_a_changed_row_lets_nobody_in(site: Site) -> None:
    """Making a used link fresh, or another holder's, fails its MAC."""
    site.world.initial()
    path = (guest := Guest(site)).link()
    guest.use(secret_of(path))
    with closing(sqlite3.connect(site.world.settings.data_dir / "registry.db")) as database, database:
        assert database.execute("UPDATE holder_link SET used_at = NULL").rowcount == 1
    answer = Guest(site).use(secret_of(path))
    assert answer.status_code == 503


def test_a_visit_begins_under_a_new_secret(site: Site) -> None:
    """A cookie somebody planted is worth nothing after entering, and what was there before has ended."""
    site.world.initial()
    guest = Guest(site)
    guest.client.set_cookie("certsvc-my", "A" * 43)
    guest.let_in()
    first = guest.cookie
    assert first is not None and first != "A" * 43

    thief = Guest(site)
    thief.client.set_cookie("certsvc-my", first)
    assert "样本甲" in thief.get("/my").text
    guest.let_in()
    assert guest.cookie != first
    assert "样本甲" not in thief.get("/my").text


def test_the_cookie_is_for_this_site_and_no_script(site: Site) -> None:
    """HttpOnly, Lax, whole site, gone with the browser; no page is kept by anybody between."""
    site.world.initial()
    guest = Guest(site)
    cookie = guest.use(secret_of(guest.link())).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Expires" not in cookie and "Max-Age" not in cookie
    for path in ("/my", guest.link(), f"{guest.base}/endorse", f"{guest.copy()}.pdf"):
        headers = guest.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
        assert headers["Referrer-Policy"] == "strict-origin", path


def test_a_visit_that_is_not_used_ends_in_words(guest: Guest) -> None:
    """Fifteen minutes; the person is told what happened and how to come back."""
    guest.site.world.jump(seconds=14 * 60)
    assert "样本甲" in guest.get("/my").text
    guest.site.world.jump(seconds=15 * 60)
    page = guest.get("/my").text
    assert "样本甲" not in page
    assert "上次进入已结束" in page


def test_leaving_ends_the_visit_for_every_window(guest: Guest) -> None:
    """Not the cookie alone: its copy is worth nothing either."""
    kept = guest.cookie
    assert kept is not None
    answer = guest.post("/my/leave", guest.form("/my", "/my/leave"))
    assert answer.status_code == 303
    assert "已安全退出" in guest.get("/my/left").text
    guest.client.set_cookie("certsvc-my", kept)
    assert "样本甲" not in guest.get("/my").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_let_somebody_in(site: Site, headers: dict[str, str]) -> None:
    """A page elsewhere could send its own holder's secret from a stranger's browser, also from an old one."""
    site.world.initial()
    guest = Guest(site)
    secret = secret_of(guest.link())
    refused = guest.post("/my/enter", {"secret": secret}, **headers)
    assert refused.status_code == 403
    assert guest.cookie is None
    assert guest.use(secret).status_code == 303


def test_a_login_of_the_desk_opens_nothing_here(guest: Guest) -> None:
    """The session of an operator is no holder's, under whatever name its cookie is sent."""
    held = guest.site.world.services
    with held.registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        holder_id = session.holder_of(registration_id)
    secret = held.doors.sessions.begin(Principal(kind="operator", id=holder_id))
    stranger = Guest(guest.site)
    stranger.client.set_cookie("certsvc-my", secret)
    assert "样本甲" not in stranger.get("/my").text


def test_erasing_takes_links_and_visits_along(guest: Guest) -> None:
    """Whoever is erased while looking is told the word, and is shown no data; no new link is made."""
    world = guest.site.world
    address, fresh = guest.copy(), guest.link()
    with world.services.registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        holder_id = session.holder_of(registration_id)
        assert session.entries_of(holder_id) == 2
    world.record(world.event("cancel", reason=REASON))
    world.services.eraser.erase(NUMBER, "测试", override=True)

    with world.services.registry.reading() as session:
        assert session.entries_of(holder_id) == 0
        assert session.sessions_of(Principal(kind="holder", id=holder_id)) == []
    assert "样本甲" not in guest.get("/my").text
    assert guest.get(f"{address}.pdf").status_code == 303
    assert Guest(guest.site).use(secret_of(fresh)).status_code == 410
    with pytest.raises(PersonalDataErasedError):
        world.services.holders.links.make(NUMBER, "")


def test_who_is_in_by_any_way_sees_only_the_word_once_erased(guest: Guest) -> None:
    """Also with a visit that began at the very moment."""
    world = guest.site.world
    address = guest.copy()
    with world.services.registry.reading() as session:
        registration_id = session.find_registration(NUMBER)
        assert registration_id is not None
        holder_id = session.holder_of(registration_id)
    world.record(world.event("cancel", reason=REASON))
    world.services.eraser.erase(NUMBER, "测试", override=True)
    late = Guest(guest.site)
    late.client.set_cookie(
        "certsvc-my", world.services.doors.sessions.begin(Principal(kind="holder", id=holder_id))
    )
    page = late.get("/my")
    assert page.status_code == 200
    assert "个人信息已依规删除" in page.text
    assert NUMBER not in page.text
    assert late.get(f"/my/r/{registration_id}").status_code == 410
    assert late.get(address).status_code == 404
    assert late.get(f"{address}.pdf").status_code == 404


def test_a_head_request_and_json_are_answered_too(site: Site) -> None:
    """A program is told the code."""
    answer = site.client.post("/my/enter", data={"secret": "0" * 26})
    assert (answer.status_code, body_of(answer)["code"]) == (410, "HOLDER_LINK_UNUSABLE")
    assert site.client.post("/my/enter", json={}, headers=HTML).status_code == 415
