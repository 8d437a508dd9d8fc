"""One link, one assertion, many hands at the same moment: one comes in, on either database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from certsvc.errors import AccessError
from tests.factories import FixedClock
from tests.flows.conftest import close
from tests.web.my.guest import Guest, secret_of
from tests.web.my.test_assertions import ISSUER, jwks, signed
from tests.web.site import Site
from tests.world import World, settings_in

HANDS = 8


@pytest.fixture
def sites(tmp_path: Path, dev_keys: Path, font_cache: Path, database_url: str) -> Iterator[list[Site]]:
    """Make two processes' worth of sites on one register, with somebody registered."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    portal = tmp_path / "portal.json"
    portal.write_text(json.dumps({"keys": jwks()}), encoding="utf-8")
    settings = settings_in(
        tmp_path / "var",
        dev_keys,
        database_url=database_url,
        portal_jwks=str(portal),
        portal_issuer=ISSUER,
    )
    clock = FixedClock()
    worlds = [World(settings, clock), World(settings, clock)]
    worlds[0].initial()
    yield [Site(world) for world in worlds]
    for world in worlds:
        close(world)


def at_once(uses: list[Callable[[str], object]], secret: str) -> Counter[str]:
    """Have every hand try *secret* at the same moment; counts how each ended."""
    ready = Barrier(HANDS)

    def hand(place: int) -> str:
        ready.wait()
        try:
            uses[place % len(uses)](secret)
        except AccessError as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(HANDS) as pool:
        return Counter(pool.map(hand, range(HANDS)))


def test_of_many_hands_one_comes_in_by_a_link(sites: list[Site]) -> None:
    """Whoever copies a link races its owner."""
    for _ in range(5):
        secret = secret_of(Guest(sites[0]).link())
        told = at_once([site.world.services.holders.links.use for site in sites], secret)
        assert told == {"in": 1, "HOLDER_LINK_UNUSABLE": HANDS - 1}


def test_of_many_hands_one_comes_in_by_an_assertion(sites: list[Site]) -> None:
    """The portal's page is sent twice by a double click, and by whoever recorded it."""
    for turn in range(5):
        token = signed(sites[0], jti=f"turn-{turn}")
        told = at_once([site.world.services.holders.assertions.use for site in sites], token)
        assert told == {"in": 1, "ASSERTION_REFUSED": HANDS - 1}
