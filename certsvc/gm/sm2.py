"""SM2 signatures (GB/T 32918.2) on the recommended curve, with SM3.

Python's integers are not constant time: docs/decisions/sm2.md says what is done about it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, Self

from gmpy2 import invert, mpz

from certsvc.errors import DefectError
from certsvc.gm import curve, der
from certsvc.gm.nonce import nonces
from certsvc.gm.sm3 import Hash, new_sm3, sm3

IDENTITY: Final = b"1234567812345678"
"""The signer's distinguishing id that everybody uses. Source: GM/T 0009, section 10."""

POINT_BYTES: Final = 65
KEY_BYTES: Final = 32
_FRESH_BYTES: Final = 32
_UNCOMPRESSED: Final = 4

_LONG: Final = 1024
"""Bytes from which the beginning of a message is looked up."""
_MOST_BEGINNINGS: Final = 16
_beginnings: Final[dict[tuple[bytes, bytes], tuple[bytes, Hash]]] = {}
"""By key and identity: how the last long message began, and SM3 of Z and that beginning, unfinished."""
_tables: Final[dict[bytes, curve.Table]] = {}
"""Of prepared public keys; only keys that we trust or own are prepared, so it stays small."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point on the curve, not infinity."""

    point: bytes
    """65 bytes: 04, x, y."""

    def __post_init__(self) -> None:
        if (
            len(self.point) != POINT_BYTES
            or self.point[0] != _UNCOMPRESSED
            or not curve.on_curve(self.coordinates())
        ):
            raise ValueError("not an uncompressed point of the SM2 curve")

    @classmethod
    def from_point(cls, point: bytes) -> Self:
        """Return the key at *point*. ValueError unless it is 65 bytes, uncompressed, and on the curve."""
        return cls(bytes(point))

    def coordinates(self) -> curve.Affine:
        """Return x and y."""
        return mpz(int.from_bytes(self.point[1:33], "big")), mpz(int.from_bytes(self.point[33:], "big"))

    def prepare(self) -> None:
        """Make this key's verifications several times faster; takes some milliseconds and 3 MB, once.

        Meant for the few keys that are pinned. It counts for every equal key in this process, and for those
        forked from it.
        """
        curve.generator_table()
        if self.point not in _tables:
            _tables[self.point] = curve.table_of(self.coordinates())

    def verify(self, message: bytes, signature: bytes, identity: bytes = IDENTITY) -> bool:
        """Say whether *signature*, DER in its one strict form, is this key's over *message*. Never raises."""
        return self.verify_digest(digest_of(self, message, identity), signature)

    def verify_digest(self, digest: bytes, signature: bytes) -> bool:
        """Say the same of a message whose digest (see digest_of) is known already."""
        try:
            r, s = _read_signature(signature)
        except ValueError:
            return False
        if not (0 < r < curve.N and 0 < s < curve.N):
            return False
        t = (r + s) % curve.N
        if t == 0:
            return False
        table = _tables.get(self.point)
        if table is None:
            start = curve.multiply(self.coordinates(), t)
        else:
            start = curve.add_multiple(curve.INFINITY, table, curve.digits(t))
        x, _, z = curve.add_multiple(start, curve.generator_table(), curve.digits(s))
        if z == 0:
            return False
        e = int.from_bytes(digest, "big")
        return bool((e + x * invert(z * z, curve.P) % curve.P - r) % curve.N == 0)


@dataclass(frozen=True, eq=False)
class PrivateKey:
    """A private key held in memory. Its repr shows nothing of the number."""

    scalar: int = field(repr=False)
    """From 1 to n - 2."""

    def __post_init__(self) -> None:
        if not 0 < self.scalar < curve.N - 1:
            raise ValueError("not a private key of the SM2 curve")

    @classmethod
    def generate(cls) -> Self:
        """Return a new key from the system's random source."""
        while True:
            scalar = int.from_bytes(os.urandom(KEY_BYTES), "big")
            if 0 < scalar < curve.N - 1:
                return cls(scalar)

    @cached_property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""
        x, y = _times_generator(self.scalar, os.urandom)
        return PublicKey.from_point(b"\x04" + int(x).to_bytes(32, "big") + int(y).to_bytes(32, "big"))

    @cached_property
    def _inverse(self) -> mpz:
        return invert(mpz(self.scalar + 1), curve.N)

    def sign(self, message: bytes) -> bytes:
        """Return the DER signature over *message*, verified before it leaves.

        Raises:
            DefectError: the signature does not verify: the machine or our arithmetic is at fault.
        """
        self.public.prepare()
        digest = digest_of(self.public, message)
        signature = sign_digest_unchecked(self, digest)
        if not self.public.verify_digest(digest, signature):
            raise DefectError("an SM2 signature we just made does not verify")
        return signature

    def sign_unverified(self, message: bytes) -> bytes:
        """Return the same, not verified: only for a caller who verifies it before anybody else gets it.

        A fault of the machine while signing may leave a signature that gives the key away.
        """
        return sign_digest_unchecked(self, digest_of(self.public, message))


def digest_of(public: PublicKey, message: bytes, identity: bytes = IDENTITY) -> bytes:
    """Return e = SM3(Z || message): the digest that SM2 signs, which binds identity, curve and key.

    Args:
        public: the signer's key.
        message: any bytes.
        identity: up to 8,191 bytes.
    """
    if len(message) < _LONG:
        return sm3(_z_value(public.point, identity) + message)
    # All that one seal signs begins with the seal itself, a hundred times what follows: it is hashed once.
    key = public.point, identity
    kept = _beginnings.get(key)
    if kept is None or not message.startswith(kept[0]):
        begin = message[: len(message) - _LONG // 8]
        kept = begin, new_sm3(_z_value(public.point, identity) + begin)
        if len(_beginnings) >= _MOST_BEGINNINGS:
            _beginnings.clear()
        _beginnings[key] = kept
    rest = kept[1].copy()
    rest.update(message[len(kept[0]) :])
    return rest.digest()


def sign_digest_unchecked(
    key: PrivateKey, digest: bytes, random: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Return a DER signature without verifying it: for measuring, and as the first half of PrivateKey.sign.

    A fault of the machine during this could give the key away, so nothing else should hand out its answer.

    Args:
        key: the signer's.
        digest: what digest_of returned, 32 bytes.
        random: returns as many random bytes as it is asked for.
    """
    stream = nonces(int(curve.N), key.scalar, digest, random(_FRESH_BYTES))
    while True:
        signature = _sign_with_nonce(key, digest, next(stream), random)
        if signature is not None:
            return signature


def _sign_with_nonce(
    key: PrivateKey, digest: bytes, nonce: int, random: Callable[[int], bytes]
) -> bytes | None:
    """Return the signature that *nonce* gives, or None in the few cases where the standard wants another."""
    x, _ = _times_generator(nonce, random)
    r = (int.from_bytes(digest, "big") + x) % curve.N
    # (k - r d) / (1 + d) in a form where d itself meets nothing that an onlooker knows.
    s = ((nonce + r) * key._inverse - r) % curve.N
    if not r or not s or r + nonce == curve.N:
        return None
    return der.sequence(der.integer(int(r)), der.integer(int(s)))


def _times_generator(scalar: int, random: Callable[[int], bytes]) -> curve.Affine:
    """Return a secret multiple of G, computed from another representation of the secret each time."""
    blind = int.from_bytes(random(curve.BLIND_BYTES), "big")
    chosen = curve.digits(mpz(scalar), curve.SCALAR_BYTES + curve.BLIND_BYTES, blind)
    return curve.affine([curve.add_multiple(curve.INFINITY, curve.generator_table(), chosen)])[0]


def _read_signature(signature: bytes) -> tuple[mpz, mpz]:
    reader = der.Reader(signature)
    pair = reader.sequence()
    reader.finish()
    r, s = pair.integer(), pair.integer()
    pair.finish()
    return mpz(r), mpz(s)


@lru_cache(maxsize=256)
def _z_value(point: bytes, identity: bytes) -> bytes:
    bits = (len(identity) * 8).to_bytes(2, "big")
    numbers = (curve.A, curve.B, *curve.G)
    return sm3(bits + identity + b"".join(int(n).to_bytes(32, "big") for n in numbers) + point[1:])
