"""A log of a million leaves: one that was changed, removed or moved is caught by a witness."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from certsvc.translog.fault import BrokenPromiseError
from certsvc.translog.hashing import leaf_hash
from certsvc.translog.proofs import check_inclusion
from certsvc.translog.tiles import TiledTree
from certsvc.translog.witness import Memory, look
from tests import drills
from tests.translog.trees import KEY, Grown, leaves_of

LEAVES: Final = 1_000_000 if drills.FULL else 20_000
REMEMBERED: Final = LEAVES * 9 // 10
PROOFS: Final = 200


def _altered(leaves: Sequence[bytes], at: int) -> list[bytes]:
    return [*leaves[:at], leaf_hash(b"forged"), *leaves[at + 1 :]]


def _removed(leaves: Sequence[bytes], at: int) -> list[bytes]:
    return [*leaves[:at], *leaves[at + 1 :]]


def _moved(leaves: Sequence[bytes], at: int) -> list[bytes]:
    return [*leaves[:at], leaves[at + 1], leaves[at], *leaves[at + 2 :]]


CHANGES: Final[dict[str, Callable[[Sequence[bytes], int], list[bytes]]]] = {
    "altered": _altered,
    "removed": _removed,
    "moved": _moved,
}


def _took_s(what: Callable[[], object]) -> float:
    began = time.process_time()
    what()
    return time.process_time() - began


def test_one_leaf_among_all_is_not_overlooked() -> None:
    """By a proof against what is remembered, and by recomputing what is served; an honest log passes both."""
    chance = random.Random("large log")
    leaves = leaves_of(LEAVES)
    honest = Grown(leaves)
    memory = Memory(note=Grown(leaves[:REMEMBERED]).note().decode(), keys=(KEY,))
    whole_s = _took_s(lambda: look(honest.note(), memory, [KEY], honest.fetch))
    light_s = _took_s(lambda: look(honest.note(), memory, [KEY], honest.fetch, whole=False))
    places = [chance.randrange(LEAVES) for _ in range(PROOFS)]

    def prove() -> None:
        for place in places:
            proof = TiledTree(LEAVES, honest.fetch).inclusion(place)
            check_inclusion(leaves[place], place, LEAVES, proof, honest.root)

    proof_s = _took_s(prove) / PROOFS
    caught = 0
    for change in CHANGES.values():
        at = chance.randrange(REMEMBERED - 1)
        forged = Grown(change(leaves, at))
        # Signed anew by somebody with the key, and looked at lightly.
        with pytest.raises(BrokenPromiseError, match=r"forked"):
            look(forged.note(), memory, [KEY], forged.fetch, whole=False)
        # Served under what was signed before, by somebody without it.
        same_size = Grown([*change(leaves, at), leaf_hash(b"more")][:LEAVES])
        with pytest.raises(BrokenPromiseError, match=r"altered"):
            look(honest.note(), None, [KEY], same_size.fetch)
        caught += 1
    drills.record(
        "one leaf of a large log",
        leaves=LEAVES,
        kinds=len(CHANGES),
        caught=caught,
        whole_look_cpu_s=f"{whole_s:.2f}",
        light_look_cpu_ms=f"{light_s * 1e3:.1f}",
        inclusion_proof_cpu_ms=f"{proof_s * 1e3:.2f}",
    )
    assert caught == len(CHANGES)
