"""A key that has no use left today: what callers and whoever watches the service are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from certsvc.errors import KeyWithdrawnError
from certsvc.issuing.orders import Outcome
from certsvc.issuing.withdrawn import Turns
from tests.factories import FixedClock
from tests.web.site import Site, body_of, path_of
from tests.world import NUMBER, World, settings_in


@pytest.fixture
def site(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Site:
    """A service whose keys have one use a day."""
    (tmp_path / "cache").symlink_to(font_cache)
    site = Site(World(settings_in(tmp_path, dev_keys, key_daily_cap="1"), FixedClock()))
    site.world.initial()
    return site


def test_over_the_cap_it_is_503_with_the_time_until_midnight(site: Site) -> None:
    """Neither the caller's fault nor for long: tomorrow in Beijing the same request is answered."""
    assert site.post(path_of(NUMBER, "original"), None).status_code == 201
    answer = site.endorse("k1")

    problem = body_of(answer)
    assert (answer.status_code, problem["code"]) == (503, "KEY_CAP_REACHED")
    assert "次日" in problem["detail"]
    wait_s = int(answer.headers["Retry-After"])
    assert 0 < wait_s <= 86_400
    site.world.jump(seconds=wait_s)
    assert site.endorse("k1").status_code == 201


def test_the_metrics_tell_how_often_each_key_was_used_today(site: Site) -> None:
    """Of all processes together, because the register counts; beside it the cap."""
    site.post(path_of(NUMBER, "original"), None)
    told = site.get("/metrics").data.decode()

    keystore = site.world.services.keystore
    seal = keystore.seal_signer(site.world.settings.issuer_name).key_id
    for key_id, uses in (
        (keystore.signer("p256").key_id, 1),
        (seal, 1),
        (keystore.signer("rsa2048").key_id, 0),
    ):
        assert f'certsvc_key_uses_today{{key="{key_id}"}} {uses}.0' in told
    assert "certsvc_key_daily_cap 1.0" in told


def test_an_order_is_not_taken_anew_for_ever() -> None:
    """After the third time the caller is told, and may come again."""
    turns, withdrawn = Turns(), {0: Outcome(error=KeyWithdrawnError("test"))}

    assert [turns.settled(withdrawn) for _ in range(4)] == [{}, {}, {}, withdrawn]
    assert turns.taken == 3
