"""Checking proofs; written from RFC 9162, 2.1.3.2 and 2.1.4.2, apart from the code that makes them."""

from __future__ import annotations

from collections.abc import Sequence

from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import EMPTY_ROOT, HASH_BYTES, node_hash


def check_inclusion(leaf: bytes, place: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf lies in a tree.

    Args:
        leaf: the leaf's hash.
        place: from 0.
        size: leaves of the tree.
        proof: 32-byte hashes, the leaf's sibling first.
        root: of the tree.

    Raises:
        LogFaultError: it does not, as far as this proof shows.
    """
    _check_lengths(proof)
    if not 0 <= place < size:
        raise LogFaultError(f"a tree of {size} leaves has no leaf {place}")
    at, last, found = place, size - 1, leaf
    for one in proof:
        if last == 0:
            raise LogFaultError("the inclusion proof is too long")
        if at & 1 or at == last:
            found = node_hash(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    if last:
        raise LogFaultError("the inclusion proof is too short")
    if found != root:
        raise LogFaultError("the inclusion proof leads to another root")


def check_consistency(
    before: int, size: int, proof: Sequence[bytes], root_before: bytes, root: bytes
) -> None:
    """Check that a tree begins with all of an earlier one, each leaf as it was and in its place.

    Args:
        before: leaves of the earlier tree.
        size: leaves of the tree.
        proof: 32-byte hashes.
        root_before: of the earlier tree.
        root: of the tree.

    Raises:
        LogFaultError: it does not, as far as this proof shows.
    """
    _check_lengths(proof)
    if not 0 <= before <= size:
        raise LogFaultError(f"a tree of {size} leaves cannot hold one of {before}")
    if before == size:
        if proof or root_before != root:
            raise LogFaultError("two different trees of one size")
        return
    if before == 0:
        if proof or root_before != EMPTY_ROOT:
            raise LogFaultError("nothing is proved of an empty tree, and its root is fixed")
        return
    parts = list(proof)
    if before & (before - 1) == 0:
        parts.insert(0, root_before)
    if not parts:
        raise LogFaultError("the consistency proof is too short")
    at, last = before - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = parts[0]
    for one in parts[1:]:
        if last == 0:
            raise LogFaultError("the consistency proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, one)
        at, last = at >> 1, last >> 1
    if last:
        raise LogFaultError("the consistency proof is too short")
    if old != root_before:
        raise LogFaultError("the consistency proof leads to another earlier root")
    if new != root:
        raise LogFaultError("the consistency proof leads to another root")


def _check_lengths(proof: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in proof):
        raise LogFaultError(f"a proof is made of hashes of {HASH_BYTES} bytes")
