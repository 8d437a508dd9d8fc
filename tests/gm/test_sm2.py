from __future__ import annotations

import pytest
from gmpy2 import mpz
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import DefectError
from certsvc.gm import curve, der
from certsvc.gm.sm2 import (
    IDENTITY,
    PrivateKey,
    PublicKey,
    _sign_with_nonce,
    digest_of,
    sign_digest_unchecked,
)
from tests.gm.parties import SIGNER_KEY, STRANGER_KEY

N = int(curve.N)
P = int(curve.P)

# The example of GB/T 32918.5 (GM/T 0003.5), annex A.
EXAMPLE_KEY = PrivateKey(0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8)
EXAMPLE_POINT = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
EXAMPLE_MESSAGE = b"message digest"
EXAMPLE_DIGEST = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
EXAMPLE_NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
EXAMPLE_R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
EXAMPLE_S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA

PREPARED = EXAMPLE_KEY.public
PREPARED.prepare()
UNPREPARED = STRANGER_KEY.public

messages = st.binary(max_size=200)
scalars = st.integers(1, N - 2) | st.sampled_from([1, 2, 3, 255, 256, N - 2, N - 3])


def pair(r: int, s: int) -> bytes:
    """Encode a signature whose numbers are not negative."""
    return der.sequence(der.integer(r), der.integer(s))


def numbers(signature: bytes) -> tuple[int, int]:
    """Decode a signature."""
    reader = der.Reader(signature).sequence()
    return reader.integer(), reader.integer()


def dead(size: int) -> bytes:
    """Be a random source that has failed."""
    return bytes(size)


def test_example_of_the_standard_is_reproduced() -> None:
    """Key, Z and digest, nonce, r and s: each number as it is printed there."""
    assert EXAMPLE_KEY.public.point == EXAMPLE_POINT
    assert digest_of(EXAMPLE_KEY.public, EXAMPLE_MESSAGE) == EXAMPLE_DIGEST

    signature = _sign_with_nonce(EXAMPLE_KEY, EXAMPLE_DIGEST, EXAMPLE_NONCE, dead)

    assert signature == pair(EXAMPLE_R, EXAMPLE_S)
    assert PublicKey.from_point(EXAMPLE_POINT).verify(EXAMPLE_MESSAGE, signature)


@given(scalars, messages)
def test_what_is_signed_verifies_with_and_without_tables(scalar: int, message: bytes) -> None:
    """Readers meet keys both ways; small and large keys meet table entries on the way."""
    key = PrivateKey(scalar)
    digest = digest_of(key.public, message)
    signature = sign_digest_unchecked(key, digest)
    assert key.public.verify(message, signature)

    chosen = curve.digits(mpz(sum(numbers(signature))))
    by_table = curve.add_multiple(curve.INFINITY, curve.table_of(key.public.coordinates()), chosen)
    plainly = curve.multiply(key.public.coordinates(), mpz(sum(numbers(signature))))
    assert curve.affine([by_table]) == curve.affine([plainly])


@pytest.mark.parametrize("key", [EXAMPLE_KEY, STRANGER_KEY], ids=["prepared", "not prepared"])
@given(data=st.data(), message=messages)
def test_any_flipped_bit_is_refused(key: PrivateKey, data: st.DataObject, message: bytes) -> None:
    """One bit of message or signature is the least a forger can change."""
    signature = sign_digest_unchecked(key, digest_of(key.public, message), dead)
    both = bytearray(signature + message)
    bit = data.draw(st.integers(0, len(both) * 8 - 1))
    both[bit // 8] ^= 1 << bit % 8
    changed, text = bytes(both[: len(signature)]), bytes(both[len(signature) :])

    assert key.public.verify(message, signature)
    assert not key.public.verify(text, changed)


@pytest.mark.parametrize("key", [PREPARED, UNPREPARED], ids=["prepared", "not prepared"])
@given(garbage=st.binary(max_size=80))
def test_any_bytes_are_answered_with_no(key: PublicKey, garbage: bytes) -> None:
    """A signature comes from strangers: nothing in it may raise."""
    assert not key.verify(b"", garbage)


@pytest.mark.parametrize(
    ("r", "s"),
    [
        (0, EXAMPLE_S),
        (EXAMPLE_R, 0),
        (N, EXAMPLE_S),
        (EXAMPLE_R, N),
        (EXAMPLE_R + N, EXAMPLE_S),
        (EXAMPLE_R, EXAMPLE_S + N),
        (EXAMPLE_R, N - EXAMPLE_R),
        (EXAMPLE_R, N - EXAMPLE_S),
        (EXAMPLE_S, EXAMPLE_R),
        (1 << 8000, EXAMPLE_S),
    ],
)
def test_numbers_out_of_range_are_refused(r: int, s: int) -> None:
    """Each would be a second signature for the same message, or one that anybody can make."""
    assert not PREPARED.verify(EXAMPLE_MESSAGE, pair(r, s))


@pytest.mark.parametrize("key", [EXAMPLE_KEY, STRANGER_KEY], ids=["prepared", "not prepared"])
@pytest.mark.parametrize("r", [1, 2, EXAMPLE_R])
def test_sum_at_infinity_is_refused(key: PrivateKey, r: int) -> None:
    """Infinity has no x: a formula that yields zero for it takes r = e, which anybody can choose."""
    s = -r * key.scalar * pow(1 + key.scalar, -1, N) % N

    assert not key.public.verify_digest(r.to_bytes(32, "big"), pair(r, s))


@pytest.mark.parametrize("key", [PREPARED, UNPREPARED], ids=["prepared", "not prepared"])
def test_numbers_that_cancel_the_key_are_refused(key: PublicKey) -> None:
    """With r + s = n the key drops out of the sum, and anybody can find a digest that fits."""
    s = N - EXAMPLE_R
    ((x, _),) = curve.affine([curve.multiply(curve.G, mpz(s))])
    digest = int((EXAMPLE_R - x) % N).to_bytes(32, "big")

    assert not key.verify_digest(digest, pair(EXAMPLE_R, s))


SHORT = der.integer(EXAMPLE_R), der.integer(EXAMPLE_S)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        EXAMPLE_R.to_bytes(32, "big") + EXAMPLE_S.to_bytes(32, "big"),
        pair(EXAMPLE_R, EXAMPLE_S) + b"\x00",
        der.sequence(*SHORT, b"\x05\x00"),
        der.sequence(SHORT[0]),
        der.sequence(b"\x02\x22\x00" + SHORT[0][2:], SHORT[1]),
        der.sequence(b"\x02\x81\x21" + SHORT[0][2:], SHORT[1]),
        der.sequence(b"\x02\x20" + SHORT[0][3:], SHORT[1]),
        b"\x30\x80" + SHORT[0] + SHORT[1] + b"\x00\x00",
        b"\x30\x81\x46" + SHORT[0] + SHORT[1],
        b"\x31" + pair(EXAMPLE_R, EXAMPLE_S)[1:],
    ],
    ids=[
        "nothing",
        "64 bytes",
        "byte after",
        "third part",
        "one part",
        "zero before",
        "long length",
        "negative",
        "indefinite",
        "long frame",
        "set",
    ],
)
def test_only_one_encoding_is_taken(signature: bytes) -> None:
    """A second encoding of a good signature is another file that verifies."""
    assert not PREPARED.verify(EXAMPLE_MESSAGE, signature)


def test_another_identity_or_key_is_refused() -> None:
    """Z binds a signature to its signer before the curve does."""
    signature = SIGNER_KEY.sign(b"text")

    assert SIGNER_KEY.public.verify(b"text", signature, IDENTITY)
    assert not SIGNER_KEY.public.verify(b"text", signature, b"")
    assert not SIGNER_KEY.public.verify(b"text", signature, IDENTITY + b"\x00")
    assert not STRANGER_KEY.public.verify(b"text", signature)


def test_unfit_nonces_give_no_signature() -> None:
    """GB/T 32918.2, 6.1, steps 5 and 6: r = 0, r + k = n and s = 0 would tell the key or never verify."""
    key, nonce = EXAMPLE_KEY, EXAMPLE_NONCE
    x = (EXAMPLE_R - int.from_bytes(EXAMPLE_DIGEST, "big")) % N
    unfit = {"r = 0": 0, "r + k = n": N - nonce, "s = 0": nonce * pow(key.scalar, -1, N) % N}
    fit = {name: r + 1 for name, r in unfit.items()}

    def made(r: int) -> bytes | None:
        return _sign_with_nonce(key, ((r - x) % N).to_bytes(32, "big"), nonce, dead)

    assert {name for name, r in unfit.items() if made(r) is not None} == set()
    assert {name for name, r in fit.items() if made(r) is None} == set()


@given(st.lists(messages, min_size=2, max_size=5, unique=True))
def test_dead_random_source_repeats_no_nonce(texts: list[bytes]) -> None:
    """Whoever sees two messages under one nonce has the key; a virtual machine's clone is such a source."""
    nonces = set()
    for text in texts:
        r, s = numbers(sign_digest_unchecked(SIGNER_KEY, digest_of(SIGNER_KEY.public, text), dead))
        nonces.add((s * (1 + SIGNER_KEY.scalar) + r * SIGNER_KEY.scalar) % N)

    assert len(nonces) == len(texts)


def test_same_message_is_signed_differently_each_time() -> None:
    """Repeating the very same computation is what fault and timing attacks live on."""
    assert len({SIGNER_KEY.sign(b"text") for _ in range(20)}) == 20


def test_signature_that_fails_its_check_does_not_leave() -> None:
    """A signature made by a faulty machine can give the key away to whoever sees it."""
    key = PrivateKey(EXAMPLE_KEY.scalar)
    key.sign(b"text")

    key.__dict__["_inverse"] ^= 1 << 7  # a bit that flipped in memory

    with pytest.raises(DefectError):
        key.sign(b"text")


def test_a_signature_for_who_verifies_it_later_is_one() -> None:
    """It is the same signature; what a fault spoils is for the one who asked to find."""
    key = PrivateKey(7)
    signature = key.sign_unverified(b"m" * 2000)
    assert key.public.verify(b"m" * 2000, signature)
    assert not key.public.verify(b"n" * 2000, signature)


def test_keys_are_drawn_anew() -> None:
    """Two installations with one key could seal for each other."""
    drawn = {PrivateKey.generate().public.point for _ in range(10)}

    assert len(drawn) == 10
