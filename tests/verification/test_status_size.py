"""How large the status lists become, and how long the first reading takes."""

from __future__ import annotations

import resource
import time

from certsvc.domain.status_list import LIST_SIZE, StatusValue
from certsvc.registry.sql import SQLRegistry
from certsvc.verification.trust_bundle import read_bundle
from tests.drills import FULL, record
from tests.verification.crowd import COPIES_EACH, fill, is_cancelled
from tests.verification.history import lists_of
from tests.world import World

COPIES = 1_000_000 if FULL else 2_500


def test_a_province_of_copies(world: World) -> None:
    """A whole bundle stays small enough for a memory stick, and reading on costs next to nothing."""
    registry = world.services.registry
    assert isinstance(registry, SQLRegistry)
    ended = fill(registry, world.services.keystore.registry_secret, COPIES)
    lists, material = lists_of(world), world.services.trust_material
    began = time.process_time()
    lists.refresh(world.clock.now())
    whole_s = time.process_time() - began
    began = time.process_time()
    lists.refresh(world.clock.now())
    again_s = time.process_time() - began

    values = [lists.values(number) for number in lists.numbers()]
    assert sum(lists.count(number) for number in lists.numbers()) == COPIES
    assert sum(len(one) for one in values) == ended
    bundle = material.bundle().body
    found = read_bundle(bundle)
    for index in (*range(0, COPIES, 97), COPIES - 1):
        ends = is_cancelled(index // COPIES_EACH)
        assert found.status_of(index) is (StatusValue.ENDED if ends else StatusValue.USABLE)
    assert found.status_of(COPIES) is None
    assert len(found.lists) == -(-COPIES // LIST_SIZE)
    record(
        "status lists, size",
        copies=COPIES,
        lists=len(found.lists),
        ended=ended,
        first_reading_cpu_s=f"{whole_s:.2f}",
        next_reading_cpu_ms=f"{again_s * 1000:.1f}",
        all_lists_bytes=sum(len(material.status(number).body) for number in lists.numbers()),
        largest_list_bytes=max(len(material.status(number).body) for number in lists.numbers()),
        bundle_bytes=len(bundle),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )
