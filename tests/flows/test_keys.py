"""What the keys' life means for copies already out."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.domain.endorsement import FORMATS
from certsvc.domain.report import Check
from certsvc.errors import KeyMaterialError
from certsvc.sealing.trust import mark_compromised, retire_key
from certsvc.verification.question import Question
from certsvc.verification.verify import Verifier
from certsvc.wiring import build
from tests.factories import FixedClock
from tests.test_config import PRODUCTION
from tests.world import World, settings_in


@pytest.fixture
def keys(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Path:
    """Copy the keys, so that a test may withdraw them."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return Path(shutil.copytree(dev_keys, tmp_path / "keys"))


def test_compromise_counts_from_its_instant(tmp_path: Path, keys: Path) -> None:
    """A stolen key must not take the good copies sealed before the theft with it."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    before = world.file(world.endorse())
    world.jump(days=1)
    copy = world.endorse()
    after = world.file(copy)
    key_id = next(key.key_id for key in world.services.keystore.keys if key.algorithm == "p256")

    mark_compromised(keys, key_id, world.clock.now())

    world.services = build(world.settings, world.clock)
    assert world.verify(file=before).status == "VALID"
    for report in (world.verify(file=after), world.verify(token=copy["token"])):
        assert report.status == "NOT_OURS"
        assert any(finding.code == "KEY_COMPROMISED" for finding in report.findings)


@pytest.mark.parametrize("stolen", FORMATS)
def test_each_file_answers_for_its_own_key_and_a_record_for_both(
    tmp_path: Path, keys: Path, stolen: str
) -> None:
    """A thief of one key can forge one format; who holds the other file need not be told that it is false."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    before = world.endorse()
    world.jump(days=1)
    after = world.endorse()
    files = {fmt: world.file(after, fmt) for fmt in FORMATS}
    keystore = world.services.keystore
    key_id = {
        "pdf": keystore.signer("p256").key_id,
        "ofd": keystore.seal_signer(world.settings.issuer_name).key_id,
    }[stolen]

    mark_compromised(keys, key_id, world.clock.now())

    world.services = build(world.settings, world.clock)
    check = {"pdf": Check.SIGNER_PINNED, "ofd": Check.SEAL_PINNED}[stolen]
    reports = [world.verify(file=files[stolen]), world.verify(sha256=after["files"][stolen]["sha256"])]
    reports += [world.verify(token=after["token"]), world.verify(code=after["code"])]
    for report in reports:
        assert report.status == "NOT_OURS"
        assert (check, "KEY_COMPROMISED") in {(finding.check, finding.code) for finding in report.findings}
    (other,) = set(FORMATS) - {stolen}
    assert world.verify(file=files[other]).status == "VALID"
    assert world.verify(sha256=after["files"][other]["sha256"]).status == "VALID"
    for fmt in FORMATS:
        assert world.verify(file=world.file(before, fmt)).status == "VALID"
    assert world.verify(token=before["token"]).status == "VALID"


@pytest.mark.parametrize("lost", FORMATS)
def test_a_key_nobody_knows_any_more_makes_its_file_not_ours(tmp_path: Path, keys: Path, lost: str) -> None:
    """A trust list put back from before the key must not call valid what it cannot judge."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    copy = world.endorse()
    services = world.services
    pinned = services.keystore.pinned
    seals = services.keystore.pinned_seals
    verifier = Verifier(
        registry=services.registry,
        kinds=services.kinds,
        pinned=() if lost == "pdf" else pinned,
        pinned_seals=() if lost == "ofd" else seals,
        readers=services.verifier._readers,
        clock=services.clock,
        public_url=world.settings.public_url,
    )
    for fmt in FORMATS:
        report = verifier.verify(Question(file=world.file(copy, fmt)))
        assert report.status == ("NOT_OURS" if fmt == lost else "VALID")
    report = verifier.verify(Question(token=copy["token"]))
    assert report.status == "NOT_OURS"
    assert "SIGNER_NOT_OURS" in {finding.code for finding in report.findings}


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(("moved_s", "status"), [(0, "VALID"), (-1, "NOT_OURS")])
def test_a_key_counts_until_its_last_instant(
    tmp_path: Path, keys: Path, fmt: str, moved_s: int, status: str
) -> None:
    """Its end is judged at the instant the register names, not at one a file tells."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    copy = world.endorse()
    services = world.services
    end = world.clock.now() + timedelta(seconds=moved_s)
    verifier = Verifier(
        registry=services.registry,
        kinds=services.kinds,
        pinned=tuple(replace(one, valid_to=end) for one in services.keystore.pinned),
        pinned_seals=tuple(replace(one, valid_to=end) for one in services.keystore.pinned_seals),
        readers=services.verifier._readers,
        clock=services.clock,
        public_url=world.settings.public_url,
    )
    report = verifier.verify(Question(file=world.file(copy, fmt)))
    assert report.status == status
    if status != "VALID":
        assert "SIGNED_OUTSIDE_VALIDITY" in {finding.code for finding in report.findings}


@pytest.mark.parametrize("algorithm", ["p256", "sm2"])
def test_retired_key_seals_nothing_more_and_its_copies_stay_valid(
    tmp_path: Path, keys: Path, algorithm: str
) -> None:
    """Rotation is routine: nobody who holds a copy should notice it. Verifying needs no private key."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    copy = world.endorse()
    files = [world.file(copy, fmt) for fmt in FORMATS]
    key_id = next(key.key_id for key in world.services.keystore.keys if key.algorithm == algorithm)

    retire_key(keys, key_id, world.clock.now() + timedelta(hours=1))

    world.jump(days=1)
    world.services = build(world.settings, world.clock)
    for file in files:
        assert world.verify(file=file).status == "VALID"
    with pytest.raises(KeyMaterialError):
        world.endorse()


def test_production_refuses_test_keys(tmp_path: Path, keys: Path) -> None:
    """A certificate sealed with a key anybody can make must never leave a real service."""
    world = World(settings_in(tmp_path / "var", keys), FixedClock())

    own = {name.removeprefix("CERTSVC_").lower(): value for name, value in PRODUCTION.items()}

    with pytest.raises(KeyMaterialError, match="CERTSVC_KEYS_DIR"):
        build(settings_in(tmp_path / "var", keys, **own), world.clock)
