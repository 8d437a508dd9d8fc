from __future__ import annotations

import pytest
from gmpy2 import mpz
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm import curve

ORDER = int(curve.N)
FIELD = int(curve.P)
GENERATOR = (*curve.G, mpz(1))
TABLE = curve.table_of(curve.G)

scalars = st.integers(0, ORDER - 1) | st.sampled_from([0, 1, 2, 3, ORDER - 1, ORDER - 2, (ORDER - 1) // 2])


def plain(point: curve.Jacobian) -> tuple[int, int] | None:
    """Return x and y, None for infinity."""
    if point[2] == 0:
        return None
    ((x, y),) = curve.affine([point])
    return int(x), int(y)


def by_the_book(scalar: int) -> tuple[int, int] | None:
    """Multiply G bit by bit with the chord and tangent formulas, in Python's own integers."""
    total: tuple[int, int] | None = None
    power: tuple[int, int] | None = (int(curve.G[0]), int(curve.G[1]))
    while scalar:
        if scalar & 1:
            total = chord(total, power)
        power = chord(power, power)
        scalar >>= 1
    return total


def chord(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    """Add two points of the curve."""
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % FIELD == 0:
        return None
    if one == other:
        slope = (3 * x1 * x1 + int(curve.A)) * pow(2 * y1, -1, FIELD)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, FIELD)
    x3 = (slope * slope - x1 - x2) % FIELD
    return x3, (slope * (x1 - x3) - y1) % FIELD


def test_generator_is_on_the_curve_and_has_its_order() -> None:
    """A mistyped constant would make everything else consistent and wrong."""
    assert curve.on_curve(curve.G)
    assert by_the_book(ORDER) is None


@given(scalars)
def test_both_ways_of_multiplying_agree_with_the_textbook(scalar: int) -> None:
    """The tables' digits, negatives and windows all have to fit together."""
    expected = by_the_book(scalar)

    assert plain(curve.multiply(curve.G, mpz(scalar))) == expected
    assert plain(curve.add_multiple(curve.INFINITY, TABLE, curve.digits(mpz(scalar)))) == expected


@given(scalars, st.integers(0, 2**64 - 1))
def test_blind_changes_the_digits_but_not_the_product(scalar: int, blind: int) -> None:
    """It hides the scalar only if nothing of it can be read off, and is safe only if the point stays."""
    size = curve.SCALAR_BYTES + curve.BLIND_BYTES
    blinded = curve.digits(mpz(scalar), size, blind)

    assert len(blinded) == size
    assert (blinded == curve.digits(mpz(scalar), size)) is (blind == 0)
    total = curve.add_multiple(curve.INFINITY, curve.generator_table(), blinded)
    assert plain(total) == by_the_book(scalar)


@given(scalars, scalars)
def test_adding_a_multiple_starts_anywhere(one: int, other: int) -> None:
    """Verification adds a multiple of G to one of the public key, which may be any point."""
    start = curve.multiply(curve.G, mpz(one))

    total = curve.add_multiple(start, TABLE, curve.digits(mpz(other)))

    assert plain(total) == by_the_book((one + other) % ORDER)


@pytest.mark.parametrize("sign", [1, -1], ids=["doubling", "infinity on the way"])
def test_meeting_an_entry_of_the_table_is_no_exception(sign: int) -> None:
    """A forger may choose numbers for which the quick formula divides by zero."""
    chosen = curve.digits(mpz(123456789))
    xs, ys = TABLE[0]
    x, y = xs[chosen[0]], ys[chosen[0]]
    start = (x, y * sign % curve.P, mpz(1))
    first = (2 * chosen[0] - 255) % ORDER
    assert plain((x, y, mpz(1))) == by_the_book(first)

    total = curve.add_multiple(start, TABLE, chosen)

    assert plain(total) == by_the_book((sign * first + 123456789) % ORDER)


def test_doubling_and_adding_take_infinity() -> None:
    """Infinity is an ordinary result; formulas that forget it return a point off the curve."""
    x, y = curve.G

    assert curve.double(curve.INFINITY)[2] == 0
    assert plain(curve.add(curve.INFINITY, curve.G)) == (x, y)
    assert plain(curve.add(GENERATOR, (x, curve.P - y))) is None
    assert plain(curve.add(GENERATOR, curve.G)) == by_the_book(2)


@pytest.mark.parametrize(
    "point",
    [
        (mpz(0), mpz(0)),
        (curve.G[0], curve.G[1] + 1),
        (curve.G[0] + curve.P, curve.G[1]),
        (curve.G[0], curve.G[1] - curve.P),
        (curve.P, mpz(1)),
    ],
)
def test_points_elsewhere_are_not_on_the_curve(point: curve.Affine) -> None:
    """A point off the curve lets its sender learn a key; a coordinate beyond p is a point's second name."""
    assert not curve.on_curve(point)
