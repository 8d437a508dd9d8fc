from __future__ import annotations

import hashlib
from itertools import islice

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import curve
from certsvc.gm.nonce import nonces

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
ORDER = int(curve.N)

digests = st.binary(min_size=32, max_size=32)
keys = st.integers(1, ORDER - 2)


def test_without_fresh_bytes_it_is_rfc_6979() -> None:
    """The vector of annex A.2.5 pins the construction; SM3 merely takes the hash's place."""
    digest = hashlib.sha256(b"sample").digest()

    nonce = next(nonces(P256_ORDER, P256_KEY, digest, b"", "sha256"))

    assert nonce == 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60


@given(st.integers(1, P256_ORDER - 1), st.binary())
def test_another_implementation_draws_the_same_nonces(key: int, message: bytes) -> None:
    """One vector sees no short key and no digest beyond the order. An ECDSA signature tells its nonce."""
    scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(ec.derive_private_key(key, ec.SECP256R1()).sign(message, scheme))
    digest = hashlib.sha256(message).digest()
    theirs = (int.from_bytes(digest, "big") + r * key) * pow(s, -1, P256_ORDER) % P256_ORDER

    ours = next(nonces(P256_ORDER, key, digest, b"", "sha256"))

    assert ours in (theirs, P256_ORDER - theirs)


@given(keys, digests, digests)
def test_dead_random_source_still_gives_each_digest_a_nonce_of_its_own(
    key: int, one: bytes, other: bytes
) -> None:
    """Two messages under one nonce give the private key away."""
    dead = bytes(32)
    same = int.from_bytes(one, "big") % ORDER == int.from_bytes(other, "big") % ORDER

    first, second = next(nonces(ORDER, key, one, dead)), next(nonces(ORDER, key, other, dead))

    assert (first == second) is same


@given(keys, digests, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_fresh_bytes_change_the_nonce_of_the_same_message(
    key: int, digest: bytes, one: bytes, other: bytes
) -> None:
    """Signing the same again must not repeat the computation that is being watched."""
    first, second = next(nonces(ORDER, key, digest, one)), next(nonces(ORDER, key, digest, other))

    assert (first == second) is (one == other)


@given(st.integers(1, 2**255), digests)
def test_nonces_stay_in_range_and_differ(key: int, digest: bytes) -> None:
    """With an order barely above half of the range every second candidate has to be thrown away."""
    order = 2**255 + 95

    drawn = list(islice(nonces(order, key % order, digest, b""), 20))

    assert all(0 < nonce < order for nonce in drawn)
    assert len(set(drawn)) == 20
