"""Adding leaves at the right edge of a tree that is kept in tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certsvc.translog.hashing import HASH_BYTES, root_of
from certsvc.translog.tiles import HEIGHT, WIDTH, Fetch, Tile, TiledTree, hashes_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What adding leaves changes."""

    size: int
    """Leaves of the tree afterwards."""
    root: bytes
    tiles: Mapping[tuple[int, int], bytes]
    """By level and number: every tile that is new or has become wider, whole."""


def grow(size: int, leaves: Sequence[bytes], fetch: Fetch) -> Growth:
    """Add leaf hashes to a tree of *size* leaves.

    Args:
        size: leaves the tree has.
        leaves: hashes to add.
        fetch: gives the tiles of the tree as it is.

    Raises:
        LogFaultError: a tile is missing or has another length.
    """
    tiles: dict[tuple[int, int], bytes] = {}
    level, added = 0, list(leaves)
    while added:
        number, within = divmod(size >> (HEIGHT * level), WIDTH)
        edge = Tile(level=level, number=number, width=within)
        row = [*(hashes_in(edge, fetch(edge)) if within else ()), *added]
        added = []
        for at in range(0, len(row), WIDTH):
            part = row[at : at + WIDTH]
            tiles[level, number + at // WIDTH] = b"".join(part)
            if len(part) == WIDTH:
                added.append(root_of(part))
        level += 1

    def grown(tile: Tile) -> bytes:
        return tiles[tile.level, tile.number] if (tile.level, tile.number) in tiles else fetch(tile)

    whole = size + len(leaves)
    return Growth(size=whole, root=TiledTree(whole, grown).root(), tiles=tiles)


def cut(content: bytes, tile: Tile) -> bytes | None:
    """Return a tile as wide as it is asked for out of one that may be wider; None when it is narrower."""
    wanted = tile.width * HASH_BYTES
    return content[:wanted] if len(content) >= wanted else None
