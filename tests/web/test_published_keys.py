"""What time does to keys: published, and acted on by running servers; what was sealed before stays good."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pypdfium2
import pytest

from certsvc.registry.sql import SQLRegistry
from certsvc.sealing.trust import mark_compromised
from certsvc.wiring import rotate_key
from tests.factories import FixedClock
from tests.registry.insider import Insider
from tests.web.site import Site, body_of
from tests.web.test_well_known import BUNDLE, TRUST, bundle_of
from tests.world import JSON, World, settings_in


@pytest.fixture
def own(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Site:
    """A site whose keys the test may spoil, with a copy sealed before."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "cache").symlink_to(font_cache)
    keys = Path(shutil.copytree(dev_keys, tmp_path / "own-keys"))
    site = Site(World(settings_in(tmp_path / "own", keys), FixedClock()))
    site.issued()
    assert site.client.get(TRUST).status_code == 200
    return site


def _key_id(site: Site) -> str:
    return site.world.services.keystore.signer("p256").key_id


def _told(site: Site) -> JSON:
    """Return the line of the key that seals PDF files, as published."""
    bundle = bundle_of(site.client.get(BUNDLE))
    line = next(key for key in bundle.keys if key.key_id.startswith("p256-"))
    return {"retired_at": line.retired_at, "compromised_since": line.compromised_since}


def test_a_compromise_is_published_and_acted_on_without_a_restart(own: Site) -> None:
    """In the running server: the list says it, new files are refused, old ones stay valid."""
    world = own.world
    before = world.file({"endorsement_id": _copies(own)[0]})
    key_id, tag = _key_id(own), own.client.get(TRUST).headers["ETag"]
    world.jump(days=1)
    late = world.endorse()
    theft: datetime = world.clock.now()
    sealed_late = world.file(late)

    mark_compromised(world.settings.keys_dir, key_id, theft)
    world.jump(seconds=60)

    assert _told(own) == {"retired_at": theft, "compromised_since": theft}
    assert own.client.get(TRUST, headers={"If-None-Match": tag}).status_code == 200
    assert world.verify(file=before).status == "VALID"
    assert world.verify(file=sealed_late).status == "NOT_OURS"
    world.jump(days=1)
    assert own.endorse("after the theft").status_code == 500
    rotate_key(world.settings, "p256", world.clock)
    assert own.endorse("after the rotation").status_code == 201


def test_a_retirement_is_published_and_takes_nothing_back(own: Site) -> None:
    """The next key follows; both are listed for ever."""
    world, key_id = own.world, _key_id(own)
    before = world.file({"endorsement_id": _copies(own)[0]})
    world.jump(days=1)
    new, _ = (rotate_key(world.settings, name, world.clock) for name in ("p256", "sm2"))

    answer = own.endorse("next").get_json()

    found = {key.key_id: key for key in bundle_of(own.client.get(BUNDLE)).keys}
    assert found[key_id].retired_at == world.clock.now()
    assert found[new.key_id].retired_at is None
    assert found[new.key_id].development
    with world.services.registry.reading() as session:
        assert session.get_copy(answer["endorsement_id"]).key_id == new.key_id
    assert _shapes(world.file(answer)) == _shapes(before), "test keys made just now are some as well"
    for file in (before, world.file(answer)):
        assert world.verify(file=file).status == "VALID"


def test_a_list_that_cannot_be_read_is_not_told_from_memory(own: Site) -> None:
    """Somebody may be writing a compromise into it at this moment."""
    trust = own.world.settings.keys_dir / "trust.json"
    trust.write_text(trust.read_text()[:-9])

    answer = own.client.get(TRUST)

    assert (answer.status_code, body_of(answer)["code"]) == (500, "KEY_MATERIAL")


def _copies(site: Site) -> list[str]:
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    return [str(row["copy_id"]) for row in Insider(registry).rows("copy")]


def _shapes(pdf: bytes) -> int:
    """Count what is drawn on the page; the watermark of a test certificate is among it."""
    with pypdfium2.PdfDocument(pdf) as document:
        return sum(1 for _ in document[0].get_objects())
