"""Logs in memory, honest and otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certsvc.translog.checkpoint import Checkpoint, sign_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import leaf_hash, root_of
from certsvc.translog.note import NoteKey
from certsvc.translog.tiles import HEIGHT, WIDTH, Tile

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
