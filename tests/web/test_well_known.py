"""The published trust material: fresh within a minute in every worker, cheap to ask again, never a guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from certsvc.domain.status_list import LIST_SIZE, StatusValue
from certsvc.registry.sql import SQLRegistry
from certsvc.verification.trust_bundle import Bundle, read_bundle
from certsvc.wiring import build
from tests.registry.insider import Insider
from tests.web.site import Site, body_of
from tests.world import World

TRUST, STATUS, BUNDLE = (f"/.well-known/certsvc/{name}" for name in ("trust.json", "status/0", "bundle.json"))
ALL = (TRUST, STATUS, BUNDLE)
REASON = {"code": "other", "text": "测试"}


def bundle_of(answer: TestResponse) -> Bundle:
    """Read a bundle as a stranger does."""
    assert answer.status_code == 200, answer.text
    return read_bundle(answer.data)


def value(site: Site, index: int = 0) -> StatusValue | None:
    """Return what the site's lists say of a copy now."""
    return bundle_of(site.client.get(BUNDLE)).status_of(index)


def max_age(answer: TestResponse) -> int:
    """Return how many seconds others may keep an answer."""
    public, _, age = answer.headers["Cache-Control"].partition(", max-age=")
    assert public == "public"
    return int(age)


@pytest.fixture
def endorsed(site: Site) -> Site:
    """A site with one endorsed copy."""
    site.issued()
    return site


def change_employer(world: World) -> None:
    """Let the holder move to another employer."""
    world.record(
        world.event(
            "change_employer", employer={"name": "另一家示例建设有限公司", "uscc": "91990000MA0000015Q"}
        )
    )


CHANGES: dict[str, tuple[Callable[[World], object], StatusValue]] = {
    "cancel": (lambda w: w.record(w.event("cancel", reason=REASON)), StatusValue.ENDED),
    "revoke": (lambda w: w.record(w.event("revoke", reason=REASON)), StatusValue.ENDED),
    "revoke_penalty": (lambda w: w.record(w.event("revoke_penalty", reason=REASON)), StatusValue.ENDED),
    "suspend": (lambda w: w.record(w.event("suspend", reason=REASON)), StatusValue.SUSPENDED),
    "change_employer": (change_employer, StatusValue.SUPERSEDED),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_within_a_minute_in_every_worker(change: str, endorsed: Site) -> None:
    """Replay of revoked copies: also where somebody fetched a list just before and keeps it as he may."""
    act, expected = CHANGES[change]
    workers = [Site(endorsed.world), *(_another_worker(endorsed.world) for _ in range(2))]
    endorsed.world.jump(seconds=1)
    before = [worker.client.get(BUNDLE) for worker in workers]
    assert [bundle_of(answer).status_of(0) for answer in before] == [StatusValue.USABLE] * 3

    act(endorsed.world)
    endorsed.world.jump(seconds=60 - max(max_age(answer) for answer in before))

    assert [value(worker) for worker in workers] == [expected] * 3


def _another_worker(world: World) -> Site:
    """Wire the same place again, as another process does."""
    second = object.__new__(World)
    second.__dict__.update(world.__dict__, services=build(world.settings, world.clock))
    return Site(second)


def test_resuming_makes_a_copy_usable_again(endorsed: Site) -> None:
    """A list says how things stand, not how they stood."""
    endorsed.world.record(endorsed.world.event("suspend", reason=REASON))
    assert value(endorsed) is StatusValue.SUSPENDED
    endorsed.world.record(endorsed.world.event("resume"))
    endorsed.world.jump(seconds=15)
    assert value(endorsed) is StatusValue.USABLE


def test_a_new_copy_stands_in_the_list_within_a_minute(endorsed: Site) -> None:
    """Until then the list does not speak of it, which a reader must not take for usable."""
    assert value(endorsed, 1) is None
    endorsed.world.initial("京1112020202200002", order=2)
    endorsed.world.endorse("京1112020202200002")
    endorsed.world.jump(seconds=15)
    assert value(endorsed, 1) is StatusValue.USABLE


@pytest.mark.parametrize("path", ALL)
def test_who_has_it_already_gets_nothing_again(path: str, endorsed: Site) -> None:
    """A platform asks every minute; equal content has an equal tag in every worker."""
    first = endorsed.client.get(path)
    assert first.mimetype == "application/json"
    tag = first.headers["ETag"]
    other = _another_worker(endorsed.world).client.get(path)
    assert other.headers["ETag"] == tag
    for worker in (endorsed, _another_worker(endorsed.world)):
        again = worker.client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    endorsed.world.jump(seconds=30)
    assert endorsed.client.get(path).data == first.data, "unchanged, so the bytes stay"


@pytest.mark.parametrize("path", [STATUS, BUNDLE])
def test_a_change_has_another_tag(path: str, endorsed: Site) -> None:
    """304 for what has changed would hide a revocation."""
    tag = endorsed.client.get(path).headers["ETag"]
    endorsed.world.record(endorsed.world.event("cancel", reason=REASON))
    endorsed.world.jump(seconds=15)

    answer = endorsed.client.get(path, headers={"If-None-Match": tag})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


def test_what_does_not_change_is_signed_again_within_the_hour(endorsed: Site) -> None:
    """A list is worth nothing a day after its instant, so who asks gets a new one that says the same."""
    tags = {endorsed.client.get(BUNDLE).headers["ETag"]}
    issued = [bundle_of(endorsed.client.get(BUNDLE))]
    for _ in range(3):
        endorsed.world.jump(seconds=3600)
        issued.append(bundle_of(endorsed.client.get(BUNDLE)))
        tags.add(endorsed.client.get(BUNDLE).headers["ETag"])
    ages = [endorsed.world.clock.now() - one.issued_at for one in issued]
    stamps = [one.status_issued_at for one in issued]

    assert len(tags) == 4
    assert ages == [timedelta(hours=hours) for hours in (3, 2, 1, 0)]
    assert stamps == [one.issued_at for one in issued]


def test_there_are_no_other_lists(endorsed: Site) -> None:
    """One that came into being empty would say "usable" of copies nobody issued."""
    for wrong in ("1", str(LIST_SIZE), "-1", "00", "01", "x", "1.0", "999999999999999999999", "%D9%A1"):
        answer = endorsed.client.get(f"/.well-known/certsvc/status/{wrong}")
        assert answer.status_code == 404, wrong
        assert answer.headers["Cache-Control"] == "no-store"
        assert body_of(answer)["code"] == "NOT_FOUND"


def test_a_first_list_is_there_before_the_first_copy(site: Site) -> None:
    """A reader can tell "no copies" from "no answer"."""
    answer = site.client.get(STATUS)
    assert answer.status_code == 200
    assert bundle_of(site.client.get(BUNDLE)).lists[0].count == 0


class TestRegistryAway:
    """Nothing old is served as new."""

    @pytest.fixture
    def away(self, endorsed: Site) -> Site:
        """A site that has served its lists and lost its database since."""
        assert endorsed.client.get(STATUS).status_code == 200
        path = Path(endorsed.world.settings.data_dir) / "registry.db"
        registry = endorsed.world.services.registry
        assert isinstance(registry, SQLRegistry)
        registry.close()
        path.rename(path.with_suffix(".gone"))
        endorsed.world.jump(seconds=15)
        return endorsed

    @pytest.mark.parametrize("path", [STATUS, BUNDLE])
    def test_lists_are_refused_with_a_time_to_come_again(self, path: str, away: Site) -> None:
        """A copy may have been revoked since, and nobody could tell."""
        answer = away.client.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Cache-Control"] == "no-store"
        assert body_of(answer)["code"] == "UNAVAILABLE"

    def test_a_tag_of_before_does_not_help(self, away: Site, endorsed: Site) -> None:
        """304 would say that it is still true."""
        answer = away.client.get(STATUS, headers={"If-None-Match": "*"})
        assert answer.status_code == 503

    def test_keys_are_told_all_the_same(self, away: Site) -> None:
        """They lie in a folder and not in the database; a theft must be told on such a day too."""
        assert away.client.get(TRUST).status_code == 200

    def test_it_comes_back_with_the_database(self, away: Site) -> None:
        """Without a restart, and with what happened meanwhile."""
        path = Path(away.world.settings.data_dir) / "registry.db"
        path.unlink(missing_ok=True)
        path.with_suffix(".gone").rename(path)
        away.world.record(away.world.event("cancel", reason=REASON))
        assert value(away) is StatusValue.ENDED


def test_a_damaged_row_is_said_and_no_list_is_signed_with_a_guess(endorsed: Site) -> None:
    """503 with its own code; the bundle goes on without that list, whose copies then cannot be judged."""
    registry = endorsed.world.services.registry
    assert isinstance(registry, SQLRegistry)
    Insider(registry).run("UPDATE certificate_version SET face_hash = 'x'")

    answer = endorsed.client.get(STATUS)

    assert (answer.status_code, body_of(answer)["code"]) == (503, "RECORD_DAMAGED")
    found = bundle_of(endorsed.client.get(BUNDLE))
    assert (found.lists, found.status_of(0), found.status_issued_at) == ((), None, None)
    assert found.pinned


def test_trust_material_is_described_and_public(standing_site: Site) -> None:
    """No key, no cookie, and the form stands in the description."""
    spec = body_of(standing_site.client.get("/openapi.json"))
    for path in ("trust.json", "status/{number}", "bundle.json"):
        operation = spec["paths"][f"/.well-known/certsvc/{path}"]["get"]
        assert "security" not in operation
        assert {"200", "304", "503"} <= set(operation["responses"])
    document = json.loads(standing_site.client.get(TRUST).data)
    assert set(document) == {"payload", "protected", "signature"}
