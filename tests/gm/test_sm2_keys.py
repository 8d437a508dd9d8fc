from __future__ import annotations

import pytest

from certsvc.gm import curve
from certsvc.gm.sm2 import PrivateKey, PublicKey
from tests.gm.parties import SIGNER_KEY, STRANGER_KEY

N = int(curve.N)
P = int(curve.P)
POINT = SIGNER_KEY.public.point


@pytest.mark.parametrize("scalar", [-1, 0, N - 1, N, N + 1])
def test_private_keys_out_of_range_are_refused(scalar: int) -> None:
    """Under d = n - 1 nothing can be signed, as 1 + d has no inverse."""
    with pytest.raises(ValueError, match="private key"):
        PrivateKey(scalar)


def test_private_key_stays_out_of_logs() -> None:
    """Somebody will print one."""
    shown = repr(SIGNER_KEY) + str(SIGNER_KEY) + repr([SIGNER_KEY])

    assert str(SIGNER_KEY.scalar) not in shown
    assert f"{SIGNER_KEY.scalar:x}" not in shown


def small_point() -> tuple[int, int]:
    """Return a point whose x is so small that x + p still has 32 bytes."""
    for x in range(1, 100):
        square = (x**3 + int(curve.A) * x + int(curve.B)) % P
        y = pow(square, (P + 1) // 4, P)
        if y * y % P == square:
            return x, y
    raise AssertionError("every second x has a point")


def uncompressed(x: int, y: int) -> bytes:
    """Encode a point."""
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


@pytest.mark.parametrize(
    "point",
    [
        b"",
        b"\x00",
        bytes(65),
        uncompressed(0, 0),
        POINT[:-1],
        POINT + b"\x00",
        POINT[:-1] + bytes([POINT[-1] ^ 1]),
        b"\x03" + POINT[1:33],
        b"\x07" + POINT[1:],
        uncompressed(small_point()[0] + P, small_point()[1]),
    ],
    ids=[
        "nothing",
        "infinity",
        "zeros",
        "origin",
        "short",
        "long",
        "off",
        "compressed",
        "hybrid",
        "beyond p",
    ],
)
def test_points_that_are_no_key_are_refused(point: bytes) -> None:
    """One key has one encoding, and arithmetic off the curve proves nothing."""
    assert PublicKey.from_point(uncompressed(*small_point())).point == uncompressed(*small_point())
    with pytest.raises(ValueError, match="point"):
        PublicKey.from_point(point)


def test_public_keys_are_equal_by_their_point() -> None:
    """Pinned keys are looked up by value."""
    assert PublicKey.from_point(POINT) == SIGNER_KEY.public
    assert len({PublicKey.from_point(POINT), SIGNER_KEY.public, STRANGER_KEY.public}) == 2
