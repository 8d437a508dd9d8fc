"""Nonces for signatures: RFC 6979, section 3.6, where fresh randomness joins the key and the digest.

A nonce that repeats, or that a broken random source makes predictable, gives the private key away. These
depend on three things at once: with a dead random source they still differ from message to message, and with
a good one they differ even for the same message, which starves those who inject faults or average readings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

_BLOCK: Final = 64
"""Bytes, of SM3 and of SHA-256."""
_INSIDE: Final = int.from_bytes(b"\x36" * _BLOCK, "big")
_OUTSIDE: Final = int.from_bytes(b"\x5c" * _BLOCK, "big")


def nonces(order: int, private: int, digest: bytes, fresh: bytes, hash_name: str = "sm3") -> Iterator[int]:
    """Yield numbers from 1 to *order* - 1, the first of which a signature takes unless it does not fit.

    Args:
        order: of the group, a prime of as many bits as the hash has.
        private: the private key, below *order*.
        digest: the message's, as long as the hash.
        fresh: random bytes; none makes it the deterministic RFC 6979.
        hash_name: for hashlib.
    """
    blank = hashlib.new(hash_name)

    def hmac(key: bytes, message: bytes) -> bytes:
        # RFC 2104 for a key no longer than a block. The library's looks its hash up anew each time, which
        # takes longer than the hashing.
        padded = int.from_bytes(key.ljust(_BLOCK, b"\0"), "big")
        inside, outside = blank.copy(), blank.copy()
        inside.update((padded ^ _INSIDE).to_bytes(_BLOCK, "big") + message)
        outside.update((padded ^ _OUTSIDE).to_bytes(_BLOCK, "big") + inside.digest())
        return outside.digest()

    size = (order.bit_length() + 7) // 8
    seed = private.to_bytes(size, "big")
    seed += (int.from_bytes(digest, "big") % order).to_bytes(size, "big") + fresh
    value = b"\x01" * len(digest)
    key = b"\x00" * len(digest)
    for mark in (b"\x00", b"\x01"):
        key = hmac(key, value + mark + seed)
        value = hmac(key, value)
    while True:
        value = hmac(key, value)
        candidate = int.from_bytes(value, "big")
        if 0 < candidate < order:
            yield candidate
        key = hmac(key, value + b"\x00")
        value = hmac(key, value)
