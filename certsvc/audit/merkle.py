"""The tree of the log (RFC 6962, 2.1) grown a leaf at a time; it keeps its right edge, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from hashlib import sha256
from typing import Final

WIDTH: Final = 256
"""Hashes of one tile."""


class Tree:
    """A tree to which leaves are added."""

    def __init__(self) -> None:
        """Begin without a leaf."""
        self.size = 0
        self._subtrees: list[bytes] = []
        """Roots of the full subtrees from the left, one for each bit of the size."""
        self._rows: list[list[bytes]] = [[]]
        """Of each level the tile at the right edge."""
        self._begun = [0]
        """Of each level the number of that tile."""

    def add(self, commitment: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf; yields each tile that is full with it: (level, number, hashes)."""
        return self.add_hash(sha256(b"\0" + commitment).digest())

    def add_hash(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf of which the hash alone is known."""
        self._subtrees.append(leaf)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right, left = self._subtrees.pop(), self._subtrees.pop()
            self._subtrees.append(_node(left, right))
        return iter(list(self._tiles(leaf)))

    def _tiles(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        level, came = 0, leaf
        while True:
            if level == len(self._rows):
                self._rows.append([])
                self._begun.append(0)
            row = self._rows[level]
            row.append(came)
            if len(row) < WIDTH:
                return
            yield level, self._begun[level], b"".join(row)
            came = _whole(row)
            row.clear()
            self._begun[level] += 1
            level += 1

    def edge(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the tiles that are not full: (level, number, hashes)."""
        for level, row in enumerate(self._rows):
            if row:
                yield level, self._begun[level], b"".join(row)

    def width(self, level: int) -> int:
        """Return how many tiles a level has, the one at the edge included."""
        if level >= len(self._rows):
            return 0
        return self._begun[level] + bool(self._rows[level])

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        if not self._subtrees:
            return sha256().digest()
        return reduce(lambda right, left: _node(left, right), reversed(self._subtrees))


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _whole(row: list[bytes]) -> bytes:
    """Return the root over hashes of which there are a power of two."""
    if len(row) == 1:
        return row[0]
    middle = len(row) // 2
    return _node(_whole(row[:middle]), _whole(row[middle:]))
