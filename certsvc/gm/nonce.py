"""Nonces for signatures: RFC 6979, section 3.6, where fresh randomness joins the key and the digest.

A nonce that repeats, or that a broken random source makes predictable, gives the private key away. These
depend on three things at once: with a dead random source they still differ from message to message, and with
a good one they differ even for the same message, which starves those who inject faults or average readings.
"""

from __future__ import annotations

from collections.abc import Iterator
from hmac import digest as hmac


def nonces(order: int, private: int, digest: bytes, fresh: bytes, hash_name: str = "sm3") -> Iterator[int]:
    """Yield numbers from 1 to *order* - 1, the first of which a signature takes unless it does not fit.

    Args:
        order: of the group, a prime of as many bits as the hash has.
        private: the private key, below *order*.
        digest: the message's, as long as the hash.
        fresh: random bytes; none makes it the deterministic RFC 6979.
        hash_name: for hashlib.
    """
    size = (order.bit_length() + 7) // 8
    seed = private.to_bytes(size, "big")
    seed += (int.from_bytes(digest, "big") % order).to_bytes(size, "big") + fresh
    value = b"\x01" * len(digest)
    key = b"\x00" * len(digest)
    for mark in (b"\x00", b"\x01"):
        key = hmac(key, value + mark + seed, hash_name)
        value = hmac(key, value, hash_name)
    while True:
        value = hmac(key, value, hash_name)
        candidate = int.from_bytes(value, "big")
        if 0 < candidate < order:
            yield candidate
        key = hmac(key, value + b"\x00", hash_name)
        value = hmac(key, value, hash_name)
