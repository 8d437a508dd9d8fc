"""Every proof of every tree up to 600 leaves holds, and none that was cut, lengthened or moved."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.translog.fault import LogFaultError
from certsvc.translog.growing import grow
from certsvc.translog.hashing import EMPTY_ROOT, root_of
from certsvc.translog.proofs import check_consistency, check_inclusion
from certsvc.translog.tiles import Tile, TiledTree, tile_at
from tests.drills import FULL, record
from tests.translog.trees import Shown, leaves_of

LARGEST: Final = 600
LEAVES: Final = leaves_of(LARGEST)
_OTHER: Final = bytes(32)


def _some(count: int, size: int) -> Sequence[int]:
    """Choose places: all in a whole run, else the edges and a few between."""
    if FULL or count <= 4:
        return range(count)
    return sorted({0, count - 1, *random.Random(size).sample(range(count), 2)})


def test_every_proof_of_every_size_holds() -> None:
    """Whatever the shape of the right edge, and on both sides of a tile's border."""
    roots = [root_of(LEAVES[:size]) for size in range(LARGEST + 1)]
    proofs = 0
    for size in range(1, LARGEST + 1):
        tree = TiledTree(size, Shown(LEAVES[:size]).fetch)
        assert tree.root() == roots[size]
        for place in _some(size, size):
            check_inclusion(LEAVES[place], place, size, tree.inclusion(place), roots[size])
            proofs += 1
        for before in _some(size + 1, size):
            check_consistency(before, size, tree.consistency(before), roots[before], roots[size])
            proofs += 1
    record("log proofs", sizes=LARGEST, proofs=proofs)
    assert proofs > 2 * LARGEST


@settings(max_examples=40)
@given(st.data())
def test_a_proof_that_was_tampered_with_fails(data: st.DataObject) -> None:
    """Cut, lengthened, another hash, another place, size or root: 0 accepted."""
    size = data.draw(st.integers(2, 300))
    place = data.draw(st.integers(0, size - 1))
    tree = TiledTree(size, Shown(LEAVES[:size]).fetch)
    root, proof = tree.root(), tree.inclusion(place)
    at = data.draw(st.integers(0, len(proof) - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != place))
    for leaf, its_place, its_size, its_proof, its_root in (
        (LEAVES[place], place, size, proof[:-1], root),
        (LEAVES[place], place, size, proof[1:], root),
        (LEAVES[place], place, size, [*proof, _OTHER], root),
        (LEAVES[place], place, size, [*proof[:at], _OTHER, *proof[at + 1 :]], root),
        (LEAVES[place], place, size, [*proof[:at], proof[at][:-1], *proof[at + 1 :]], root),
        (LEAVES[place], other, size, proof, root),
        (LEAVES[other], place, size, proof, root),
        (LEAVES[place], place, size, proof, _OTHER),
        (LEAVES[place], size, size, proof, root),
        (LEAVES[place], -1, size, proof, root),
    ):
        with pytest.raises(LogFaultError):
            check_inclusion(leaf, its_place, its_size, its_proof, its_root)


@settings(max_examples=40)
@given(st.data())
def test_a_history_that_was_tampered_with_fails(data: st.DataObject) -> None:
    """A leaf changed, removed or moved before the end of the earlier tree cannot be proved away."""
    size = data.draw(st.integers(3, 300))
    before = data.draw(st.integers(2, size - 1))
    root_before = root_of(LEAVES[:before])
    leaves = list(LEAVES[:size])
    at = data.draw(st.integers(0, before - 2))
    match data.draw(st.sampled_from(["altered", "removed", "moved"])):
        case "altered":
            leaves[at] = _OTHER
        case "removed":
            del leaves[at]
        case _:
            leaves[at], leaves[at + 1] = leaves[at + 1], leaves[at]
    tree = TiledTree(len(leaves), Shown(leaves).fetch)

    with pytest.raises(LogFaultError):
        check_consistency(before, len(leaves), tree.consistency(before), root_before, tree.root())


@pytest.mark.parametrize(
    ("before", "size", "proof", "root_before", "root"),
    [
        (3, 2, [], _OTHER, _OTHER),
        (2, 2, [], _OTHER, LEAVES[0]),
        (2, 2, [_OTHER], _OTHER, _OTHER),
        (0, 2, [], _OTHER, _OTHER),
        (0, 2, [_OTHER], EMPTY_ROOT, _OTHER),
        (3, 5, [], _OTHER, _OTHER),
        (-1, 5, [], _OTHER, _OTHER),
    ],
)
def test_consistency_that_cannot_be_is_refused(
    before: int, size: int, proof: list[bytes], root_before: bytes, root: bytes
) -> None:
    """The borders of RFC 9162, 2.1.4.2."""
    with pytest.raises(LogFaultError):
        check_consistency(before, size, proof, root_before, root)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=6))
def test_growing_comes_to_the_same_tree_in_any_steps(steps: list[int]) -> None:
    """However entries are gathered into rounds, the tree is that of their order."""
    leaves = leaves_of(sum(steps))
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0

    def kept(tile: Tile) -> bytes:
        return tiles[tile.level, tile.number]

    for step in steps:
        growth = grow(size, leaves[size : size + step], kept)
        tiles.update(growth.tiles)
        size = growth.size

    assert size == len(leaves)
    assert growth.root == root_of(leaves)
    shown = Shown(leaves)
    for (level, number), content in tiles.items():
        tile = tile_at(level, number, size)
        assert content == shown.fetch(tile)


def test_what_a_tree_does_not_have_is_refused() -> None:
    """Nothing is made up at the edges."""
    tree = TiledTree(3, Shown(LEAVES[:3]).fetch)
    for place in (3, -1):
        with pytest.raises(LogFaultError):
            tree.inclusion(place)
    with pytest.raises(LogFaultError):
        tree.consistency(4)
    with pytest.raises(LogFaultError):
        tile_at(1, 0, 255)


def test_tile_of_another_length_is_refused() -> None:
    """A cut tile is damage, not a smaller tree."""

    def short(tile: Tile) -> bytes:
        return Shown(LEAVES[:7]).fetch(tile)[:-1]

    with pytest.raises(LogFaultError, match="bytes instead of"):
        TiledTree(7, short).root()
