"""The change feed over HTTP: whose it is, how it goes on, what it does not say."""

from __future__ import annotations

from certsvc.registry.sql import SQLRegistry
from tests.flows.feeds import CHANGES, change_employer, end, feed, told, verified
from tests.web.site import Site, body_of
from tests.world import JSON, NUMBER


def test_nobody_is_told_of_what_he_did_not_verify(site: Site) -> None:
    """The feed is no register to read along; and what happened before, the answer itself has said."""
    copy = site.issued()
    site.world.initial("京1112020202200002", order=2)
    change_employer(site.world)
    _, other = site.world.services.clients.add("other platform", ["verify"])
    verified(site, {"code": copy["code"]})
    verified(site, {"registration_number": "京1112020202200002", "name": "王某"})
    verified(site, {"code": "0000-0000-0000"}, **{"X-API-Key": other})
    end(site.world, "cancel")
    end(site.world, "cancel", "京1112020202200002")

    assert told(feed(site)[0]) == [(copy["token"], "CANCELLED", [], None)]
    assert feed(site, **{"X-API-Key": other})[0] == []


def test_the_public_follows_nothing(site: Site) -> None:
    """Who scans a copy is nobody the service knows."""
    copy = site.issued()
    assert site.client.get(f"/v/{copy['token']}").status_code == 200
    site.world.services.lookups.flush()
    end(site.world, "cancel")

    assert feed(site)[0] == []


def test_an_ended_registration_is_not_announced(site: Site) -> None:
    """Nobody can renew it."""
    copy = site.issued()
    verified(site, {"qr": copy["verify_url"]})
    end(site.world, "cancel")
    _, cursor = feed(site)
    site.world.jump(days=3 * 365 - 100)

    assert feed(site, cursor)[0] == []


def test_days_nobody_asked_on_are_made_up_for(site: Site) -> None:
    """A service that stood still, or whose clients slept, announces what came due meanwhile."""
    verified(site, {"qr": site.issued()["verify_url"]})
    feed(site)
    site.world.jump(days=3 * 365 - 20)

    assert [one["specialty"] for one in feed(site)[0]] == ["建筑工程"]


def test_a_feed_holds_no_personal_data(site: Site) -> None:
    """It names certificates by what the platform knows them by."""
    site.issued()
    verified(site, {"registration_number": NUMBER, "name": "样本甲"})
    change_employer(site.world)
    site.world.record(site.world.event("amend_holder", holder={"name": "样本乙"}))
    text = site.get(CHANGES).text

    assert '"name"' in text
    for personal in ("样本", NUMBER, "建设有限公司", "1985", "91990000MA"):
        assert personal not in text


def test_a_cursor_that_is_none_of_ours_is_refused(site: Site) -> None:
    """A client that mixed something up must not miss what it believes to have read."""
    for since in ("", "x", "AAAA", "0" * 28, "A" * 28, "京", "..", "AAAAAAAAAAAA", "A" * 3000, "%20"):
        answer = site.get(f"{CHANGES}?since={since}")

        assert (answer.status_code, body_of(answer)["code"]) == (422, "INVALID_FIELD"), since
        assert [one["pointer"] for one in body_of(answer)["errors"]] == ["/since"]


def test_a_cursor_is_good_for_its_own_client_alone(site: Site) -> None:
    """And no longer once the register was restored to before it: its places are given anew."""
    verified(site, {"qr": site.issued()["verify_url"]})
    feed(site)
    end(site.world, "suspend")
    _, cursor = feed(site)
    _, other = site.world.services.clients.add("other platform", ["verify"])
    foreign = site.get(f"{CHANGES}?since={cursor}", **{"X-API-Key": other})
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    with registry.database.engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM change")
        connection.exec_driver_sql("DELETE FROM counter WHERE name = 'change'")
    restored = site.get(f"{CHANGES}?since={cursor}")

    assert (foreign.status_code, restored.status_code) == (422, 422)


def test_pages_are_as_long_as_asked_and_lose_nothing(site: Site) -> None:
    """A client that was away for a month reads on page by page."""
    verified(site, {"qr": site.issued()["verify_url"]})
    feed(site)
    for kind in ("suspend", "cancel", "revoke"):
        end(site.world, kind)
    whole, last = feed(site)
    pages, cursor = list[JSON](), ""
    for _ in range(4):
        query = f"?limit=1&since={cursor}" if cursor else "?limit=1"
        body = body_of(site.get(CHANGES + query))
        pages += body["items"]
        cursor = body["next_cursor"]

    assert len(whole) == 3 and pages == whole
    assert cursor == last
    for limit in ("0", "1001", "-1", "x", "9" * 30, "١"):
        assert site.get(f"{CHANGES}?limit={limit}").status_code == 422
