"""The witness: every way to break the log's promise is told apart, in words; honest growth passes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certsvc.translog.fault import BrokenPromiseError, LogFaultError
from certsvc.translog.hashing import leaf_hash
from certsvc.translog.tiles import WIDTH, Tile
from certsvc.translog.witness import Memory, look, read_memory
from tests.translog.trees import KEY, Shown, leaves_of

LEAVES = leaves_of(1200)
OTHER = leaf_hash(b"forged")
Change = Callable[[list[bytes], int], list[bytes]]


def _seen(size: int) -> Memory:
    return Memory(note=Shown(LEAVES).note(size).decode(), keys=(KEY,))


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700, 1200])
def test_first_look_takes_a_log_whose_leaves_lead_to_its_root(size: int) -> None:
    """Nothing is remembered yet; what is shown must at least be what is signed."""
    shown = Shown(LEAVES[:size])

    found = look(shown.note(), None, [KEY], shown.fetch)

    assert (found.before, found.signed.checkpoint.size, found.whole) == (None, size, True)


@pytest.mark.parametrize("before", [0, 1, 100, 256, 511, 700])
def test_growth_is_good(before: int) -> None:
    """More leaves behind those that were there."""
    shown = Shown(LEAVES[:700])

    found = look(shown.note(), _seen(before), [KEY], shown.fetch)

    assert found.before is not None
    assert found.before.size == before


def test_light_look_fetches_what_the_proof_needs() -> None:
    """A log of a million leaves is not fetched each minute."""
    shown = Shown(LEAVES)

    look(shown.note(), _seen(1100), [KEY], shown.fetch, whole=False)

    assert len(shown.fetched) < len(LEAVES) // WIDTH


def test_rollback_is_told() -> None:
    """Yesterday's copy was restored."""
    shown = Shown(LEAVES[:600])

    with pytest.raises(BrokenPromiseError, match="rolled back: the log had 700 leaves and now shows 600"):
        look(shown.note(), _seen(700), [KEY], shown.fetch)


def test_two_trees_of_one_size_are_told() -> None:
    """Two people were shown two logs."""
    shown = Shown([*LEAVES[:699], OTHER])

    with pytest.raises(BrokenPromiseError, match="forked: two different trees of 700"):
        look(shown.note(), _seen(700), [KEY], shown.fetch)


def _altered(leaves: list[bytes], at: int) -> list[bytes]:
    return [*leaves[:at], OTHER, *leaves[at + 1 :]]


def _removed(leaves: list[bytes], at: int) -> list[bytes]:
    return [*leaves[:at], *leaves[at + 1 :]]


def _moved(leaves: list[bytes], at: int) -> list[bytes]:
    return [*leaves[:at], leaves[at + 1], leaves[at], *leaves[at + 2 :]]


@pytest.mark.parametrize("change", [_altered, _removed, _moved])
@pytest.mark.parametrize("at", [0, 255, 256, 500, 698])
@pytest.mark.parametrize("whole", [True, False])
def test_changed_history_that_was_signed_again_is_told(change: Change, at: int, whole: bool) -> None:
    """Whoever holds the log's key can sign another history; the one remembered convicts him."""
    shown = Shown([*change(LEAVES[:700], at), *LEAVES[700:900]])

    with pytest.raises(BrokenPromiseError, match=r"forked: .* does not begin with the 700 leaves"):
        look(shown.note(), _seen(700), [KEY], shown.fetch, whole=whole)


@pytest.mark.parametrize("change", [_altered, _moved])
@pytest.mark.parametrize("at", [0, 256, 1198])
def test_leaf_that_is_not_what_was_signed_is_told(change: Change, at: int) -> None:
    """Somebody changed what is served, without the key."""
    honest, shown = Shown(LEAVES), Shown(change(LEAVES, at))

    with pytest.raises(BrokenPromiseError, match="altered"):
        look(honest.note(), None, [KEY], shown.fetch)


def test_upper_tile_that_does_not_fit_its_leaves_is_told() -> None:
    """The leaves are right and a tile above them is not: proofs made from it would be wrong."""
    shown = Shown(LEAVES)

    def fetch(tile: Tile) -> bytes:
        content = shown.fetch(tile)
        return content[:32] + OTHER + content[64:] if tile.level == 1 else content

    with pytest.raises(BrokenPromiseError, match=r"tile 1/0 .* leaves 256 to 511"):
        look(shown.note(), None, [KEY], fetch)


def test_missing_tiles_are_not_called_broken() -> None:
    """A server that cannot answer is no forger."""
    with pytest.raises(LogFaultError) as told:
        look(Shown(LEAVES).note(), _seen(700), [KEY], Shown(LEAVES[:900]).fetch)

    assert not isinstance(told.value, BrokenPromiseError)


def test_checkpoint_by_another_key_says_nothing_of_the_log() -> None:
    """Anybody can sign with a key of his own."""
    shown = Shown(LEAVES)
    note = shown.note(private=Ed25519PrivateKey.generate())

    with pytest.raises(LogFaultError, match="no key that is trusted") as told:
        look(note, _seen(700), [KEY], shown.fetch)

    assert not isinstance(told.value, BrokenPromiseError)


def test_memory_comes_back_as_it_was_kept() -> None:
    """The file is all a witness has."""
    kept = _seen(700)

    assert read_memory(str(kept).encode()) == kept


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        json.dumps({"format": 2, "keys": [], "checkpoint": ""}).encode(),
        json.dumps({"format": 1, "keys": ["x"], "checkpoint": ""}).encode(),
        json.dumps({"format": 1, "keys": 7, "checkpoint": ""}).encode(),
        json.dumps({"format": 1, "keys": [], "checkpoint": 7}).encode(),
    ],
)
def test_damaged_memory_is_no_empty_memory(content: bytes) -> None:
    """A witness that lost its memory must not take whatever it is shown for the first look."""
    with pytest.raises(LogFaultError, match="state file"):
        read_memory(content)
