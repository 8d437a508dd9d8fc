"""QR symbols of one version and level by table: what of a symbol depends on its text is linear over GF(2).

Error correction is linear, the way of a codeword into the square is fixed, and a mask turns the same modules
whatever the text. So a symbol is one fixed symbol, with one table entry for each byte of the text added
without carry. Every table is asked from the reference builder; none is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from qrcode.base import rs_blocks
from qrcode.main import QRCode
from qrcode.util import BitBuffer, create_bytes

from certsvc.errors import DefectError
from certsvc.qr.penalty import Penalty

Square = tuple[bytes, ...]
"""A square, a byte for each module, 1 is dark, without quiet zone."""

_MASKS: Final = range(8)
_ALPHANUMERIC: Final = 2
_BYTES: Final = 4
"""Mode indicators (ISO/IEC 18004)."""
_ALPHABET: Final = {each: value for value, each in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")}
_COUNT_BITS: Final = {_ALPHANUMERIC: 9, _BYTES: 8}
"""Of the character count, up to version 9."""
_LAST_VERSION: Final = 9
_PADDING: Final = b"\xec\x11"
_BITS: Final = bytes(48) + b"\0\1" + bytes(206)
"""The digits of a number in base two -> its bits."""


class SymbolTable:
    """Builds symbols of one version and level: module by module those of the reference builder.

    The tables take a tenth of a second and 3 MB, when they are first needed.
    """

    def __init__(self, version: int, level: int) -> None:
        """Take a version up to 9 and a level of error correction as the reference builder names it."""
        if not 1 <= version <= _LAST_VERSION:
            raise DefectError("a symbol of that version has longer counts")
        self._reference: QRCode[Any] = QRCode(version=version, error_correction=level, border=0)
        self._blocks = rs_blocks(version, level)
        self._size = sum(block.data_count for block in self._blocks)
        self._side = 4 * version + 17
        self._penalty = Penalty(self._side)

    def modules(self, text: str) -> Square | None:
        """Return the symbol of *text*, ASCII; None when this table is not for it.

        That is a text of nothing but digits, which takes a mode of its own, or one too long for the version.
        """
        codewords = self._codewords(text)
        if codewords is None:
            return None
        turned = 0
        for entries, byte in zip(self._table, codewords, strict=True):
            turned ^= entries[byte]
        # As the standard has it: the mask with the fewest faults, and of equal ones the first.
        _, mask = min([(self._penalty(turned ^ blank), mask) for mask, blank in enumerate(self._tried)])
        return self._unpacked(turned ^ self._drawn[mask])

    def _codewords(self, text: str) -> bytes | None:
        """Return mode, count, text, end and padding: the data codewords in their order."""
        if not text or text.isdigit():
            return None
        if _ALPHABET.keys() >= set(text):
            mode, bits, packed = _ALPHANUMERIC, 11 * (len(text) // 2), 0
            values = [_ALPHABET[character] for character in text]
            for first, second in zip(values[::2], values[1::2], strict=False):
                packed = packed << 11 | 45 * first + second
            if len(text) % 2:
                packed, bits = packed << 6 | values[-1], bits + 6
        else:
            mode, bits, packed = _BYTES, 8 * len(text), int.from_bytes(text.encode("ascii"), "big")
        packed |= (mode << _COUNT_BITS[mode] | len(text)) << bits
        bits += 4 + _COUNT_BITS[mode]
        room = 8 * self._size - bits
        if room < 0 or len(text) >> _COUNT_BITS[mode]:
            return None
        end = min(room, 4)
        end += -(bits + end) % 8
        content = (packed << end).to_bytes((bits + end) // 8, "big")
        return (content + _PADDING * self._size)[: self._size]

    def _unpacked(self, symbol: int) -> Square:
        side, stride = self._side, self._penalty.stride
        bits = f"{symbol:0{side * stride}b}".encode("ascii").translate(_BITS)[::-1]
        return tuple([bits[start : start + side] for start in range(0, side * stride, stride)])

    def _symbol(self, codewords: Sequence[int], mask: int, *, tried: bool = False) -> int:
        """Let the reference builder draw codewords; a symbol that is only tried has no format yet."""
        self._reference.data_cache = list(codewords)
        self._reference.makeImpl(tried, mask)
        return self._penalty.packed(self._reference.modules)

    def _corrected(self, data: Sequence[int]) -> list[int]:
        """Let the reference builder add the error correction to data codewords."""
        buffer = BitBuffer()
        buffer.buffer = list(data)
        return list(create_bytes(buffer, self._blocks))

    @cached_property
    def _model(self) -> tuple[list[int], list[int]]:
        """Some data codewords and what becomes of them; of zeros alone the builder makes nothing."""
        data = [1 + place % 255 for place in range(self._size)]
        return data, self._corrected(data)

    @cached_property
    def _table(self) -> tuple[tuple[int, ...], ...]:
        """For each data codeword and each of its values the modules that it turns."""
        data, model = self._model
        places = self._places(8 * len(model))
        table = []
        for at in range(self._size):
            entries = [0]
            for bit in range(8):
                other = self._corrected([*data[:at], data[at] ^ 1 << bit, *data[at + 1 :]])
                turned = 0
                for place, (old, new) in enumerate(zip(model, other, strict=True)):
                    for of_eight in range(8) if old != new else ():
                        if (old ^ new) << of_eight & 0x80:
                            turned |= places[8 * place + of_eight]
                entries += [entry ^ turned for entry in entries]
            table.append(tuple(entries))
        return tuple(table)

    def _places(self, count: int) -> list[int]:
        """Find the module of each bit of the codewords, which numbers itself in a few symbols."""
        blank = self._symbol([0] * (count // 8), 0)
        numbers: dict[int, int] = {}
        for digit in range(count.bit_length()):
            bits = int("".join(str(number >> digit & 1) for number in range(1, count + 1)), 2)
            turned = self._symbol(bits.to_bytes(count // 8, "big"), 0) ^ blank
            while turned:
                module = turned & -turned
                numbers[module] = numbers.get(module, 0) | 1 << digit
                turned ^= module
        places = [0] * count
        for module, number in numbers.items():
            places[number - 1] = module
        return places

    def _fixed(self, *, tried: bool) -> tuple[int, ...]:
        """Return for each mask what remains of a symbol without its data."""
        data, model = self._model
        turned = 0
        for entries, byte in zip(self._table, data, strict=True):
            turned ^= entries[byte]
        return tuple(self._symbol(model, mask, tried=tried) ^ turned for mask in _MASKS)

    @cached_property
    def _tried(self) -> tuple[int, ...]:
        """By mask, without format: what the masks are judged by."""
        return self._fixed(tried=True)

    @cached_property
    def _drawn(self) -> tuple[int, ...]:
        """By mask, whole."""
        return self._fixed(tried=False)
