"""The tree cut into tiles: 256 hashes of one height each, as C2SP tlog-tiles lays them out.

A tile of level L holds the roots of full subtrees of 256^L leaves. All that is not in a tile, the heights
between and the ragged right edge, is computed from tiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import EMPTY_ROOT, HASH_BYTES, full_root, node_hash

WIDTH: Final = 256
HEIGHT: Final = 8
"""Heights of the tree in one tile: 2 ** HEIGHT is WIDTH."""
LEVELS: Final = 8
"""A tree of 256 ** 8 leaves is never reached."""
_PLACE: Final = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tile:
    """Which tile: its level, its number from the left, and how many hashes it holds."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its address below ``tile/``, e.g. ``0/x001/234.p/17``."""
        return f"{self.level}/{place_text(self.number, self.width)}"


Fetch = Callable[[Tile], bytes]
"""Returns a tile: ``width`` hashes one after the other. LogFaultError where there is none."""


def place_text(number: int, width: int = WIDTH) -> str:
    """Return how a number is written in an address: in groups of three digits, all but the last with an x."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    text = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return text if width == WIDTH else f"{text}.p/{width}"


def read_place(text: str) -> tuple[int, int] | None:
    """Return number and width of a tile's address; None for any other text than the one written here."""
    found = _PLACE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    number = int(found[1].replace("x", "").replace("/", ""))
    width = int(found[2]) if found[2] else WIDTH
    return (number, width) if place_text(number, width) == text else None


def tile_at(level: int, number: int, size: int) -> Tile:
    """Return a tile as wide as a tree of *size* leaves has it. LogFaultError when it has none of it."""
    width = min((size >> (HEIGHT * level)) - number * WIDTH, WIDTH)
    if width <= 0:
        raise LogFaultError(f"a tree of {size} leaves has no tile {level}/{number}")
    return Tile(level=level, number=number, width=width)


def check_length(tile: Tile, content: bytes) -> None:
    """Refuse a tile that is not as long as it must be: LogFaultError."""
    if len(content) != tile.width * HASH_BYTES:
        raise LogFaultError(f"tile {tile.path} has {len(content)} bytes instead of {tile.width * HASH_BYTES}")


def hashes_in(tile: Tile, content: bytes) -> list[bytes]:
    """Cut a tile into its hashes; LogFaultError as check_length()."""
    check_length(tile, content)
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


class TiledTree:
    """A tree of a certain size, read from tiles as they are needed; each is fetched once."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        """Take the number of leaves and where tiles come from."""
        self.size = size
        self._fetch = fetch
        self._kept: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return self.range_root(0, self.size)

    def inclusion(self, place: int) -> list[bytes]:
        """Return the proof that a leaf is in the tree, from the leaf's sibling up. Source: RFC 9162, 2.1.3.

        Raises:
            LogFaultError: the tree has no such leaf, or a tile is missing.
        """
        if not 0 <= place < self.size:
            raise LogFaultError(f"a tree of {self.size} leaves has no leaf {place}")
        proof: list[bytes] = []
        begin, end = 0, self.size
        while end - begin > 1:
            middle = begin + split_of(end - begin)
            if place < middle:
                proof.append(self.range_root(middle, end))
                end = middle
            else:
                proof.append(self.range_root(begin, middle))
                begin = middle
        return proof[::-1]

    def consistency(self, before: int) -> list[bytes]:
        """Return the proof that the tree of *before* leaves is the beginning of this one. RFC 9162, 2.1.4.

        Raises:
            LogFaultError: this tree is smaller, or a tile is missing.
        """
        if not 0 <= before <= self.size:
            raise LogFaultError(f"a tree of {self.size} leaves does not hold one of {before}")
        if before in (0, self.size):
            return []
        proof: list[bytes] = []
        begin, end = 0, self.size
        while before != end:
            middle = begin + split_of(end - begin)
            if before <= middle:
                proof.append(self.range_root(middle, end))
                end = middle
            else:
                proof.append(self.range_root(begin, middle))
                begin = middle
        if begin > 0:
            proof.append(self.range_root(begin, end))
        return proof[::-1]

    def leaf(self, place: int) -> bytes:
        """Return the hash of one leaf."""
        number, within = divmod(place, WIDTH)
        return self._tile(0, number)[within * HASH_BYTES :][:HASH_BYTES]

    def range_root(self, begin: int, end: int) -> bytes:
        """Return the root over the leaves from *begin* to before *end*, one side of a split of the tree."""
        if begin == end:
            return EMPTY_ROOT
        parts = [self._subtree(height, number) for height, number in _full_subtrees(begin, end)]
        root = parts.pop()
        while parts:
            root = node_hash(parts.pop(), root)
        return root

    def _subtree(self, height: int, number: int) -> bytes:
        """Return the root of the *number*-th full subtree of 2 ** *height* leaves."""
        level, above = divmod(height, HEIGHT)
        tile, within = divmod(number << above, WIDTH)
        return full_root(self._tile(level, tile)[within * HASH_BYTES :][: HASH_BYTES << above])

    def _tile(self, level: int, number: int) -> bytes:
        content = self._kept.get((level, number))
        if content is None:
            tile = tile_at(level, number, self.size)
            content = self._kept[level, number] = self._fetch(tile)
            check_length(tile, content)
        return content


def split_of(size: int) -> int:
    """Return the largest power of two below *size*, which is 2 or more: where a tree is split."""
    return 1 << ((size - 1).bit_length() - 1)


def _full_subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (height, number) of the full subtrees that make up a range, from the left, the largest first."""
    while begin < end:
        height = (end - begin).bit_length() - 1
        yield height, begin >> height
        begin += 1 << height
