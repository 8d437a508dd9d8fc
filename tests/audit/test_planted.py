"""Defects planted in a store of many certificates: the audit finds each, names it, and nothing else."""

from __future__ import annotations

import time
from functools import partial

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
from tests.world import World

COPIES = 10_000 if drills.FULL else 100
PLANTS = (*ROW_PLANTS, *HISTORY_PLANTS, *FILE_PLANTS, *LOG_PLANTS, *ERASURE_PLANTS)


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


def test_every_planted_defect_is_found_and_nothing_else(world: World) -> None:
    """Each kind by its code, at its place; what nobody touched is not complained of."""
    began = time.monotonic()
    grow(world, COPIES)
    grown_at = time.monotonic()
    spoiler = Spoiler(world)
    due = {plant.name: plant.spoil(spoiler) for plant in PLANTS}

    spoilt_at = time.monotonic()
    findings = _audited(world, Wish(thorough=True), workers=2 if drills.FULL else 1)

    told: set[Said] = {said(one) for one in findings if isinstance(one, Defect)}
    missed = {name: sorted(wanted - told) for name, wanted in due.items() if not wanted <= told}
    false = sorted(told - frozenset().union(*due.values()))
    drills.record(
        "audit",
        certificates=COPIES,
        planted=len(PLANTS),
        found=len(due) - len(missed),
        false=len(false),
        grown_s=f"{grown_at - began:.0f}",
        audited_s=f"{time.monotonic() - spoilt_at:.0f}",
    )
    assert len(PLANTS) >= 20
    assert missed == {}
    assert false == []
    assert len(told) == len([one for one in findings if isinstance(one, Defect)])
    assert [one for one in findings if not isinstance(one, Defect)] == []
