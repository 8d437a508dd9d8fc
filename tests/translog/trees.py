"""Logs in memory, honest and otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certsvc.translog.checkpoint import Checkpoint, sign_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.growing import cut, grow
from certsvc.translog.hashing import leaf_hash, root_of
from certsvc.translog.note import NoteKey
from certsvc.translog.tiles import HEIGHT, LEVELS, WIDTH, Tile

ORIGIN: Final = "log.example/test"
PRIVATE: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY: Final = NoteKey(name=ORIGIN, public=PRIVATE.public_key().public_bytes_raw())


def leaves_of(count: int, text: str = "leaf") -> list[bytes]:
    """Return the hashes of *count* different leaves."""
    return [leaf_hash(f"{text} {place}".encode()) for place in range(count)]


@dataclass
class Shown:
    """What somebody serves as a log: tiles made of *leaves*, whatever was signed."""

    leaves: Sequence[bytes]
    fetched: list[Tile] = field(default_factory=list)

    def fetch(self, tile: Tile) -> bytes:
        """Return a tile; LogFaultError where the leaves do not fill it."""
        self.fetched.append(tile)
        below = WIDTH**tile.level
        first = tile.number * WIDTH
        hashes = [
            root_of(self.leaves[at * below : (at + 1) * below]) for at in range(first, first + tile.width)
        ]
        if (first + tile.width) > len(self.leaves) >> (HEIGHT * tile.level):
            raise LogFaultError("no such tile")
        return b"".join(hashes)

    def note(self, size: int | None = None, *, private: Ed25519PrivateKey = PRIVATE) -> bytes:
        """Return a checkpoint of the first *size* leaves, all by default, signed with *private*."""
        size = len(self.leaves) if size is None else size
        checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root_of(self.leaves[:size]))
        key = NoteKey(name=ORIGIN, public=private.public_key().public_bytes_raw())
        return sign_checkpoint(checkpoint, key, private.sign).encode()


class Grown:
    """A log of very many leaves: its tiles are made once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Grow the tree of *leaves*, hashes."""
        grown = grow(0, leaves, _no_tile)
        self.root = grown.root
        self._tiles = grown.tiles
        self._size = grown.size

    def fetch(self, tile: Tile) -> bytes:
        """Return a tile."""
        found = cut(self._tiles.get((tile.level, tile.number), b""), tile)
        if found is None:
            raise LogFaultError("no such tile")
        return found

    def note(self) -> bytes:
        """Return a signed checkpoint of all of it."""
        return sign_checkpoint(
            Checkpoint(origin=ORIGIN, size=self._size, root=self.root), KEY, PRIVATE.sign
        ).encode()


def _no_tile(tile: Tile) -> bytes:
    raise LogFaultError(f"an empty tree was asked for tile {tile.path}")


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of a tree, the lowest level first, each level from the left."""
    for level in range(LEVELS):
        hashes = size >> (HEIGHT * level)
        yield from (Tile(level=level, number=number) for number in range(hashes // WIDTH))
        if hashes % WIDTH:
            yield Tile(level=level, number=hashes // WIDTH, width=hashes % WIDTH)
