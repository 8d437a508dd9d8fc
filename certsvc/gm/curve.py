"""The curve of GB/T 32918.5 and how its points are added and multiplied.

A scalar k is written with m digits of w bits that are odd and never zero: ``k = 2B - 2**(w*m) + 1``, so the
bits of B pick a table entry in every window. Each multiplication takes the same steps, whatever the scalar.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from gmpy2 import invert, mpz

P: Final = mpz("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF", 16)
A: Final = P - 3
B: Final = mpz("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93", 16)
N: Final = mpz("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", 16)
G: Final = (
    mpz("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7", 16),
    mpz("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0", 16),
)

Affine = tuple[mpz, mpz]
Jacobian = tuple[mpz, mpz, mpz]
"""x/z², y/z³; z = 0 is the point at infinity."""
Row = tuple[tuple[mpz, ...], tuple[mpz, ...]]
"""The x and the y of (2b - 2**w + 1) times one point, for b from 0 to 2**w - 1; apart, to spare the cache."""
Table = tuple[Row, ...]
"""One row for each byte of a scalar, lowest first: the points times 256**i."""

INFINITY: Final[Jacobian] = (mpz(1), mpz(1), mpz(0))
SCALAR_BYTES: Final = 32
BLIND_BYTES: Final = 8
"""A blinded scalar is k + r*n with r of this many random bytes."""

_WINDOW: Final = 8
_NARROW: Final = 4
_HALF: Final = invert(mpz(2), N)


def on_curve(point: Affine) -> bool:
    """Say whether both coordinates are in the field and fulfil the curve's equation."""
    x, y = point
    return bool(0 <= x < P and 0 <= y < P and (y * y - (x * x + A) * x - B) % P == 0)


def digits(scalar: mpz, size: int = SCALAR_BYTES, blind: int = 0) -> bytes:
    """Return the table entries to add for *scalar*, one a byte, lowest first.

    Args:
        scalar: any; taken modulo n.
        size: bytes to return; 32 without a blind, 40 with one.
        blind: how often n is added on top, below 2**64; another one gives other bytes for the same scalar.
    """
    chosen = (scalar + (1 << 8 * size) - 1) * _HALF % N + blind * N
    return int(chosen).to_bytes(size, "little")


def double(point: Jacobian) -> Jacobian:
    """Return twice *point*; infinity stays infinity."""
    x, y, z = point
    zz = z * z % P
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * (x - zz) * (x + zz) % P  # a = -3
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def add(point: Jacobian, other: Affine) -> Jacobian:
    """Return the sum of any two points."""
    x1, y1, z1 = point
    x2, y2 = other
    if z1 == 0:
        return x2, y2, mpz(1)
    zz = z1 * z1 % P
    h = (x2 * zz - x1) % P
    r = (y2 * z1 * zz - y1) % P
    if h == 0:
        return double(point) if r == 0 else INFINITY
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def add_multiple(start: Jacobian, table: Table, chosen: bytes) -> Jacobian:
    """Return *start* plus the multiple of the table's point that *chosen* (see digits) stands for."""
    p, (x1, y1, z1) = P, start
    steps = zip(table, chosen, strict=False)
    if start is INFINITY:
        # The first point is the sum so far, whatever the scalar.
        (xs, ys), index = next(steps)
        x1, y1, z1 = xs[index], ys[index], mpz(1)
    for (xs, ys), index in steps:
        zz = z1 * z1 % p
        h = xs[index] * zz % p - x1
        if not (h and z1):  # never with a secret nonce: its chance is 2**-250; a forger's numbers may do it
            x1, y1, z1 = add((x1, y1, z1), (xs[index], ys[index]))
            continue
        r = ys[index] * z1 * zz % p - y1
        z1 = z1 * h % p
        hh = h * h % p
        # Two products stay as long as they are: what they go into is made short once.
        hhh, v = h * hh, x1 * hh
        x1 = (r * r - hhh - v - v) % p
        y1 = (r * (v - x1) - y1 * hhh) % p
    return x1, y1, z1


def multiply(point: Affine, scalar: mpz) -> Jacobian:
    """Return *scalar* times a point for which there is no table. Not for secrets."""
    ((xs, ys),) = _rows([point], _NARROW)
    sum_ = INFINITY
    for byte in reversed(digits(scalar)):
        for nibble in (byte >> 4, byte & 0xF):
            for _ in range(_NARROW):
                sum_ = double(sum_)
            sum_ = add(sum_, (xs[nibble], ys[nibble]))
    return sum_


def table_of(point: Affine, size: int = SCALAR_BYTES) -> Table:
    """Return the table of *point* for scalars of *size* bytes; takes some milliseconds and 3 MB."""
    powers = [(*point, mpz(1))]
    for _ in range(size - 1):
        power = powers[-1]
        for _ in range(_WINDOW):
            power = double(power)
        powers.append(power)
    return _rows(affine(powers), _WINDOW)


def affine(points: Sequence[Jacobian]) -> list[Affine]:
    """Return x and y of points of which none is infinity."""
    answer = []
    for (x, y, _), inverse in zip(points, _inverses([z for _, _, z in points]), strict=True):
        square = inverse * inverse % P
        answer.append((x * square % P, y * square * inverse % P))
    return answer


@cache
def generator_table() -> Table:
    """Return the table of G, long enough for blinded scalars; made at first use."""
    return table_of(G, SCALAR_BYTES + BLIND_BYTES)


def _rows(points: Sequence[Affine], width: int) -> Table:
    """Return the row of each point. Their order is a large prime, so no sum below meets its own terms."""
    steps = affine([double((*point, mpz(1))) for point in points])
    columns = [points]
    for _ in range((1 << width - 1) - 1):
        column = columns[-1]
        inverses = _inverses([step[0] - point[0] for point, step in zip(column, steps, strict=True)])
        following = []
        for (x1, y1), (x2, y2), inverse in zip(column, steps, inverses, strict=True):
            slope = (y2 - y1) * inverse % P
            x3 = (slope * slope - x1 - x2) % P
            following.append((x3, (slope * (x1 - x3) - y1) % P))
        columns.append(following)
    return tuple(_with_negatives(odd) for odd in zip(*columns, strict=True))


def _with_negatives(odd: Sequence[Affine]) -> Row:
    """Return the row whose upper half is *odd*: 1, 3, 5 .. times a point."""
    xs, ys = zip(*odd, strict=True)
    return (*reversed(xs), *xs), (*(P - y for y in reversed(ys)), *ys)


def _inverses(values: Sequence[mpz]) -> list[mpz]:
    """Return the inverse of each value modulo p at the price of one: Montgomery's trick."""
    products = [mpz(1)]
    for value in values:
        products.append(products[-1] * value % P)
    inverse = invert(products.pop(), P)
    answer = []
    for value in reversed(values):
        answer.append(inverse * products.pop() % P)
        inverse = inverse * value % P
    return answer[::-1]
