"""Test keys in a place to work: made once, cheap and safe to ask for again, refused in production."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from certsvc.errors import KeyMaterialError
from certsvc.gm.seal import read_seal
from certsvc.sealing.keystore import Keystore
from certsvc.wiring import make_dev_keys, rotate_key
from tests.factories import NOW, FixedClock
from tests.world import settings_in

OTHERS = ("样例市住房和城乡建设局（测试）", "样例县住房和城乡建设局（测试）")


def test_the_picture_in_the_seal_is_the_stamp_of_the_page(dev_keys: Path) -> None:
    """PNG at 300 dpi with a clear ground, in the size the layout gives it."""
    (pinned,) = Keystore.open(dev_keys).pinned_seals
    picture = read_seal(pinned.seal).picture

    assert (picture.kind, picture.width_mm, picture.height_mm) == ("png", 38, 38)
    with Image.open(BytesIO(picture.content)) as image:
        assert image.format == "PNG"
        assert [round(38 / 25.4 * 300)] * 2 == pytest.approx(image.size, abs=1)
        alpha = image.convert("RGBA").getchannel("A")
    assert alpha.getextrema() == (0, 255)


def test_nothing_is_drawn_when_the_seal_is_there(tmp_path: Path, dev_keys: Path) -> None:
    """Every start asks; loading fonts would cost each a second."""
    make_dev_keys(settings_in(tmp_path, dev_keys), FixedClock())

    assert not (tmp_path / "cache").exists()


def test_many_starts_at_once_make_one_seal_for_each_issuer(tmp_path: Path, font_cache: Path) -> None:
    """Workers of several servers share a key folder."""
    (tmp_path / "cache").symlink_to(font_cache)
    places = [settings_in(tmp_path, tmp_path / "keys", issuer_name=name) for name in OTHERS * 4]
    make_dev_keys(places[0], FixedClock())
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda place: make_dev_keys(place, FixedClock()), places)) == {None}

    store = Keystore.open(tmp_path / "keys")
    assert sorted(one.seal.name for one in store.seals) == sorted(OTHERS)
    assert all(store.seal_signer(name, NOW).sign(b"x") for name in OTHERS)


def test_production_makes_no_test_keys_and_rotates_none(tmp_path: Path) -> None:
    """What a test key seals must never look real."""
    place = settings_in(tmp_path, tmp_path / "keys").model_copy(update={"env": "production"})

    with pytest.raises(KeyMaterialError, match="production"):
        make_dev_keys(place, FixedClock())
    with pytest.raises(KeyMaterialError, match="production"):
        rotate_key(place, "sm2", FixedClock())
    assert not (tmp_path / "keys").exists()
