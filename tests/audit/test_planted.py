"""Defects planted in a store of many certificates: the audit finds each, names it, and nothing else."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from certsvc.audit.defect import Defect, Finding
from certsvc.audit.run import Wish, audit
from certsvc.wiring.auditing import open_bench
from tests import drills
from tests.audit.planting import Said, said
from tests.audit.plants_erasures import ERASURE_PLANTS
from tests.audit.plants_files import FILE_PLANTS
from tests.audit.plants_history import HISTORY_PLANTS
from tests.audit.plants_log import LOG_PLANTS
from tests.audit.plants_rows import ROW_PLANTS
from tests.audit.store import Spoiler, grow
from tests.factories import FixedClock
from tests.world import World, settings_in

COPIES = 10_000 if drills.FULL else 100
PLANTS = (*ROW_PLANTS, *HISTORY_PLANTS, *FILE_PLANTS, *LOG_PLANTS, *ERASURE_PLANTS)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> World:
    """Make a store once."""
    place = tmp_path_factory.mktemp("audited") / "var"
    place.mkdir()
    (place / "cache").symlink_to(font_cache)
    world = World(settings_in(place, dev_keys), FixedClock())
    grow(world, COPIES)
    return world


def _audited(world: World, wish: Wish, workers: int = 1) -> list[Finding]:
    findings: list[Finding] = []
    audit(
        partial(open_bench, world.settings),
        wish,
        now=world.clock.now(),
        workers=workers,
        tell=findings.append,
        step=lambda done, total: None,
    )
    return findings


def test_every_planted_defect_is_found_and_nothing_else(grown: World, tmp_path: Path) -> None:
    """Each kind by its code, at its place; what nobody touched is not complained of."""
    shutil.copytree(grown.settings.data_dir, tmp_path / "var", symlinks=True)
    world = World(settings_in(tmp_path / "var", grown.settings.keys_dir), grown.clock)
    spoiler = Spoiler(world)
    due = {plant.name: plant.spoil(spoiler) for plant in PLANTS}

    findings = _audited(world, Wish(thorough=True), workers=2 if drills.FULL else 1)

    told: set[Said] = {said(one) for one in findings if isinstance(one, Defect)}
    missed = {name: sorted(wanted - told) for name, wanted in due.items() if not wanted <= told}
    false = sorted(told - frozenset().union(*due.values()))
    drills.record(
        "audit", certificates=COPIES, planted=len(PLANTS), found=len(due) - len(missed), false=len(false)
    )
    assert len(PLANTS) >= 20
    assert missed == {}
    assert false == []
    assert len(told) == len([one for one in findings if isinstance(one, Defect)])
    assert [one for one in findings if not isinstance(one, Defect)] == []
