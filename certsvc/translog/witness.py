"""The witness: remembers what a log promised, and holds it to that.

It reads the whole tree, not only a proof: each leaf hash it saw before must still stand in its place, and
the tiles that are served must lead to the root that was signed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certsvc.translog.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from certsvc.translog.fault import BrokenPromiseError, LogFaultError
from certsvc.translog.hashing import node_hash, root_of
from certsvc.translog.note import NoteKey, read_key
from certsvc.translog.proofs import check_consistency
from certsvc.translog.tiles import WIDTH, Fetch, Tile, TiledTree, hashes_in, tile_at

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a witness keeps between two looks."""

    note: str
    """The last checkpoint that was found good, signed."""
    keys: tuple[NoteKey, ...]
    """Those the log is trusted by."""

    def __str__(self) -> str:
        """Return what is written into the state file."""
        said = {"format": _FORMAT, "keys": [str(key) for key in self.keys], "checkpoint": self.note}
        return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look found."""

    before: Checkpoint | None
    """The checkpoint remembered; None at the first look."""
    signed: SignedCheckpoint
    """The one that was found good now."""
    whole: bool
    """Whether every leaf was fetched and the root recomputed."""


def read_memory(content: bytes) -> Memory:
    """Read a state file. LogFaultError when it is none: a witness that forgot must be told so."""
    try:
        said = json.loads(content)
        if said.keys() != {"format", "keys", "checkpoint"} or said["format"] != _FORMAT:
            raise ValueError("of another kind")
        note, keys = said["checkpoint"], tuple(read_key(key) for key in said["keys"])
        if not isinstance(note, str):
            raise TypeError("the checkpoint is a text")
    except (ValueError, TypeError, AttributeError, RecursionError) as fault:
        raise LogFaultError(f"the state file is damaged: {fault}") from fault
    return Memory(note=note, keys=keys)


def look(
    note: bytes, memory: Memory | None, keys: Sequence[NoteKey], fetch: Fetch, *, whole: bool = True
) -> Look:
    """Judge a checkpoint that the log shows now.

    Args:
        note: the signed checkpoint, any bytes.
        memory: what an earlier look left; None trusts the first one.
        keys: those of the log.
        fetch: gives the log's tiles.
        whole: fetch every leaf and recompute the root, and not only the tiles that a consistency proof needs.

    Raises:
        BrokenPromiseError: the log signed two histories, or its tiles are not what it signed.
        StrangeKeyError: the checkpoint is by none of *keys*: perhaps by one that came later.
        LogFaultError: the checkpoint, or what is remembered, is damaged.
    """
    signed = open_checkpoint(note, keys)
    now = signed.checkpoint
    # What is remembered was judged when it was new: a key of then may be withdrawn by now.
    before = (
        open_checkpoint(memory.note.encode(), (*keys, *memory.keys)).checkpoint
        if memory is not None
        else None
    )
    if before is not None and now.size < before.size:
        raise BrokenPromiseError(
            f"rolled back: the log had {before.size} leaves and now shows {now.size}; "
            "entries that were published are gone"
        )
    if before is not None and now.size == before.size and now.root != before.root:
        raise BrokenPromiseError(f"forked: two different trees of {now.size} leaves, both signed")
    if whole:
        _check_tiles(now, fetch)
    if before is not None:
        _check_same_history(before, now, fetch)
    return Look(before=before, signed=signed, whole=whole)


def _check_tiles(now: Checkpoint, fetch: Fetch) -> None:
    """Recompute the root from the leaves, and with it every tile above them."""
    level, tops = 0, _level(0, now.size, fetch)
    partial: bytes | None = None
    while True:
        full = [root_of(tops[at : at + WIDTH]) for at in range(0, len(tops) - len(tops) % WIDTH, WIDTH)]
        rest = tops[len(full) * WIDTH :]
        if rest or partial is not None:
            # The ragged right edge: below what is full stands what is not.
            partial = _edge(rest, partial)
        if not full:
            break
        level += 1
        shown = _level(level, now.size, fetch)
        if shown != full:
            at = next(at for at, pair in enumerate(zip(shown, full, strict=False)) if pair[0] != pair[1])
            raise BrokenPromiseError(
                f"altered: tile {level}/{at // WIDTH} does not hold the root of the leaves below it, "
                f"leaves {at * WIDTH**level} to {(at + 1) * WIDTH**level - 1}"
            )
        tops = full
    root = partial if partial is not None else root_of([])
    if root != now.root:
        raise BrokenPromiseError(
            f"altered: the {now.size} leaves that are served do not lead to the root that was signed; "
            "one was changed, removed or moved"
        )


def _edge(rest: Sequence[bytes], below: bytes | None) -> bytes:
    """Return the root over full subtrees of one height and, at their right, a smaller tree."""
    parts: list[bytes] = []
    begin = 0
    while begin < len(rest):
        width = 1 << ((len(rest) - begin).bit_length() - 1)
        parts.append(root_of(rest[begin : begin + width]))
        begin += width
    if below is not None:
        parts.append(below)
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


def _level(level: int, size: int, fetch: Fetch) -> list[bytes]:
    hashes: list[bytes] = []
    for number in range(-(-(size >> (8 * level)) // WIDTH)):
        tile: Tile = tile_at(level, number, size)
        hashes += hashes_in(tile, fetch(tile))
    return hashes


def _check_same_history(before: Checkpoint, now: Checkpoint, fetch: Fetch) -> None:
    """Demand that the tree begins with the one remembered."""
    proof = TiledTree(now.size, fetch).consistency(before.size)
    try:
        check_consistency(before.size, now.size, proof, before.root, now.root)
    except LogFaultError as fault:
        raise BrokenPromiseError(
            f"forked: the log of {now.size} leaves does not begin with the {before.size} leaves it had; "
            f"an entry was changed, removed or moved after it was published ({fault})"
        ) from fault
