"""The audit of the log and of time stamps: what no planted store can show."""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from certsvc.audit.defect import Defect, Finding
from certsvc.audit.judges import openssl
from certsvc.audit.merkle import Tree
from certsvc.audit.run import Wish, audit
from certsvc.sealing.trust import mark_compromised
from certsvc.translog.growing import grow
from certsvc.wiring.auditing import open_bench
from tests.audit.planting import both, found, said
from tests.audit.store import Spoiler, log
from tests.factories import FixedClock
from tests.flows.stamped_world import a_stamped_world
from tests.tools import need
from tests.world import World, settings_in

SIZES = (0, 1, 2, 3, 255, 256, 257, 1_000)


def _audited(world: World) -> list[Finding]:
    findings: list[Finding] = []
    audit(
        partial(open_bench, world.settings),
        Wish(thorough=True),
        now=world.clock.now(),
        workers=1,
        tell=findings.append,
        step=lambda done, total: None,
    )
    return findings


def _told(world: World) -> set[tuple[str, str, str, str]]:
    return {said(one) for one in _audited(world) if isinstance(one, Defect)}


def test_both_make_the_same_tree() -> None:
    """Root and tiles of the audit's tree are those of the tree that is published."""
    leaves = [hashlib.sha256(bytes([0, place % 251, place >> 8])).digest() for place in range(max(SIZES))]
    for size in SIZES:
        tree = Tree()
        tiles = {(level, number): row for leaf in leaves[:size] for level, number, row in tree.add_hash(leaf)}
        tiles |= {(level, number): row for level, number, row in tree.edge()}
        grown = grow(0, leaves[:size], lambda tile: pytest.fail(str(tile)))
        assert (tree.size, tree.root, tiles) == (size, grown.root, dict(grown.tiles))
        assert sum(map(tree.width, range(4))) == len(tiles)


def test_entries_that_have_just_been_written_may_wait(world: World) -> None:
    """A place comes seconds later; minutes later none has come, and one defect tells of all."""
    world.initial()
    log(world)
    copy = world.endorse()
    world.jump(seconds=60)
    young = _audited(world)
    world.jump(seconds=3_600)

    assert young == []
    entry = Spoiler(world, picking=False).entry_of(copy["endorsement_id"])["entry"]
    assert _told(world) == found("LOG_STALLED", "log_entry", str(entry))


def test_a_theft_spares_what_the_log_held_before(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """A row may be dated back; the instant of a checkpoint cannot be, and decides."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    own_keys = shutil.copytree(dev_keys, tmp_path / "keys")
    world = World(settings_in(tmp_path / "var", own_keys), FixedClock())
    world.initial()
    log(world)
    world.jump(seconds=30)
    before = world.endorse()["endorsement_id"]
    log(world)
    world.jump(days=1)
    late = world.endorse()["endorsement_id"]
    stolen = world.clock.now() + timedelta(seconds=60)
    world.jump(seconds=300)
    log(world)
    for key in world.services.keystore.keys:
        if key.use == "seal":
            mark_compromised(own_keys, key.key_id, stolen)
    log(world)

    assert _told(world) == both("KEY_COMPROMISED", late)
    assert before != late


@pytest.mark.parametrize("policy", ["b-lta", "queue"])
def test_stamped_copies_are_sound_and_each_stamp_is_of_its_file(
    tmp_path: Path, dev_keys: Path, font_cache: Path, policy: str
) -> None:
    """A document time stamp is no growth of a file; a token of another file is found, and a false one too."""
    need("openssl")
    with a_stamped_world(tmp_path, dev_keys, font_cache, policy) as stamped:
        world = stamped.world
        world.jump(seconds=30)
        copy = world.endorse()["endorsement_id"]
        if (queue := world.services.stamp_queue) is not None:
            queue.run()
        log(world)
        world.jump(seconds=60)
        assert _audited(world) == []
        spoiler = Spoiler(world, picking=False)
        (row,) = spoiler.rows("file_timestamp", copy_id=copy, format="ofd")
        assert openssl.is_here()
        spoiler.edit("file_timestamp", row, token=bytes(row["token"])[:-1] + b"\x00")  # type: ignore[arg-type]
        assert _told(world) == found("JUDGE_REFUSES", "copy", copy, "ofd")
        spoiler.edit("file_timestamp", row, stamped_at="2001-01-01T00:00:00.000000Z")
        assert _told(world) == found("TIMESTAMP_WRONG", "copy", copy, "ofd")
        spoiler.edit("file_timestamp", row, sha256="0" * 64)
        assert _told(world) == found("TIMESTAMP_WRONG", "copy", copy, "ofd")
