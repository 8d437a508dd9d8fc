"""A test key is never green in production: not at the start, not later, not offline."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from certsvc.errors import KeyMaterialError
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import read_trust, write_trust
from certsvc.sealing.trust_list import read_list
from certsvc.verification.question import Question
from certsvc.verification.verify import Verifier
from tests.factories import FixedClock
from tests.world import World, settings_in


@pytest.fixture
def keys(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Path:
    """Copy the keys, so that a test may change them."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return Path(shutil.copytree(dev_keys, tmp_path / "keys"))


@pytest.mark.parametrize("hidden", [False, True])
def test_production_refuses_test_keys_whatever_the_list_says_of_them(keys: Path, hidden: bool) -> None:
    """The subject of the certificate tells it as well: one word edited in the list lets nothing out."""
    if hidden:
        write_trust(keys, [replace(key, development=False) for key in read_trust(keys)])

    with pytest.raises(KeyMaterialError, match="CERTSVC_KEYS_DIR"):
        Keystore.open(keys, production=True)


class RealEnough(Keystore):
    """A production keystore that was opened while its list held no key at all."""

    def __init__(self, keys: Path) -> None:
        """Open the list as it was before somebody put test keys into it."""
        with_keys = (keys / "trust.json").read_bytes()
        write_trust(keys, [])
        super().__init__(keys, bytes(32), production=True)
        (keys / "trust.json").write_bytes(with_keys)


def test_test_keys_put_into_a_running_service_are_not_believed(tmp_path: Path, keys: Path) -> None:
    """A file they sealed is not ours, also when our own register knows it; nothing is signed with them."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    copy = world.endorse()
    production = RealEnough(keys)
    services = world.services
    verifier = Verifier(
        registry=services.registry,
        kinds=services.kinds,
        pinned=production.live_pinned,
        pinned_seals=production.live_pinned_seals,
        readers=services.verifier._readers,
        clock=services.clock,
        public_url=world.settings.public_url,
    )

    assert read_list(keys, production=False).is_development
    for question in (
        Question(file=world.file(copy, "pdf")),
        Question(file=world.file(copy, "ofd")),
        Question(token=str(copy["token"])),
        Question(sha256=copy["files"]["pdf"]["sha256"]),
    ):
        assert verifier.verify(question).status == "NOT_OURS"
        assert world.services.verifier.verify(question).status == "VALID"
    for use in ("p256", "receipt"):
        with pytest.raises(KeyMaterialError, match="development keys in production"):
            production.signer("p256") if use == "p256" else production.service_signer("receipt")


def test_a_bundle_with_test_keys_is_not_believed_in_production(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline there is no register to say more; "cannot tell" it is, with the reason."""
    from click.testing import CliRunner

    from certsvc.cli.program import program

    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    (tmp_path / "a.pdf").write_bytes(world.file(world.endorse()))
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(world.services.trust_material.bundle().body)
    words = ["verify", str(tmp_path / "a.pdf"), "--offline", "--trust", str(bundle), "--json"]

    for environ, code in ((_production(), 3), ({}, None)):
        told = CliRunner(env=environ).invoke(program, words)
        if code is not None:
            assert (told.exit_code, "test keys" in told.stderr) == (code, True)
            assert "VALID" not in told.stdout
        else:
            assert json.loads(told.stdout)


def _production() -> dict[str, str]:
    from tests.test_config import PRODUCTION

    return dict(PRODUCTION)
