"""Symbols by table are the reference builder's, module by module, and its judge of masks is ours."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import QRData, lost_point

from certsvc.errors import DefectError
from certsvc.qr.affine import SymbolTable
from certsvc.qr.decode import readers
from certsvc.qr.encode import encode, reference
from certsvc.qr.payload import verify_url
from certsvc.qr.penalty import Penalty
from certsvc.qr.token import ALPHABET, new_token
from tests.qr.test_symbol import drawn

TABLE = SymbolTable(4, ERROR_CORRECT_Q)
ADDRESS = "HTTPS://CERTS.EXAMPLE.ORG/V/"


def test_our_addresses_give_the_reference_builders_symbols() -> None:
    """Nobody who holds an older copy may see another symbol for the same text."""
    for host_length in range(1, 31):
        text = verify_url("https://" + "a" * host_length, new_token())
        assert TABLE.modules(text) == reference(text)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=70))
def test_any_text_gives_the_reference_builders_symbol(text: str) -> None:
    """Alphanumeric or bytes, odd or even, full or padded: all as the standard has it."""
    assert encode(text) == reference(text)


@pytest.mark.parametrize("character", ["A", "a"], ids=["alphanumeric", "bytes"])
def test_a_text_too_long_by_one_is_left_to_the_reference_builder(character: str) -> None:
    """The table is for one size; both sides of its border give a symbol."""
    longest = max(size for size in range(1, 80) if TABLE.modules(character * size) is not None)

    assert longest == {"A": 67, "a": 46}[character]
    assert len(reference(character * longest)) == 33
    assert len(encode(character * (longest + 1))) == 37


@pytest.mark.parametrize("text", ["", "7", "123456789012"])
def test_digits_alone_are_left_to_the_reference_builder(text: str) -> None:
    """They take a third mode, which no text of ours needs."""
    assert TABLE.modules(text) is None


@pytest.mark.parametrize("reader", sorted(readers()))
def test_outside_readers_read_them(reader: str) -> None:
    """Equal to a builder's is one proof; that two readers by others read them is another."""
    lots = random.Random(4)
    for _ in range(20):
        text = ADDRESS + "".join(lots.choices(ALPHABET, k=26))
        assert readers()[reader](drawn(encode(text), 3)) == (text,)


def test_every_mask_is_taken_now_and_then() -> None:
    """A choice that always falls on one mask would be no choice."""
    symbol: QRCode[Any] = QRCode(version=4, error_correction=ERROR_CORRECT_Q, border=0)
    taken = set()
    for number in range(60):
        symbol.clear()
        symbol.add_data(QRData(f"{ADDRESS}{number:026}"))
        symbol.make(fit=False)
        ours = TABLE.modules(f"{ADDRESS}{number:026}")
        assert ours == tuple(bytes(map(bool, row)) for row in symbol.modules)
        taken.add(ours[8][:6] + ours[8][7:9])  # a part of the format, which names the mask
    assert len(taken) > 4


@pytest.mark.parametrize("dark", [0.02, 0.3, 0.5, 0.8, 0.98])
def test_points_are_lost_as_the_reference_builder_counts_them(dark: float) -> None:
    """All four rules: long runs, blocks, lines like a finder's, far from half dark."""
    lots = random.Random(dark)
    penalty = Penalty(33)
    for _ in range(8):
        modules: list[list[bool | None]] = [[lots.random() < dark for _ in range(33)] for _ in range(33)]
        for at in range(0, 22, 11):
            modules[lots.randrange(33)][at : at + 11] = map(bool, map(int, "10111010000"))
        assert penalty(penalty.packed(modules)) == lost_point(modules)


def test_a_version_with_longer_counts_is_refused() -> None:
    """From version 10 on the count of characters takes more bits; such a table would build wrong symbols."""
    with pytest.raises(DefectError):
        SymbolTable(10, ERROR_CORRECT_Q)
