"""What the register knows about single characters: Han or not, repairable, visible, lost.

`unicodedata` alone will not do: Python 3.11 knows Unicode 14 and calls Extensions H and I unassigned, and
NFKC would rewrite names.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

HAN_RANGES: Final = (
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xFA0E, 0xFA0F),
    (0xFA11, 0xFA11),
    (0xFA13, 0xFA14),
    (0xFA1F, 0xFA1F),
    (0xFA21, 0xFA21),
    (0xFA23, 0xFA24),
    (0xFA27, 0xFA29),
    (0x20000, 0x323AF),
)
"""First and last code point of each range of hanzi.

The FAxx ones are the twelve unified ideographs that stand among the compatibility ideographs.
"""

HAN_CLASS: Final = "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in HAN_RANGES) + "]"
"""The same as a character class of a regular expression."""

_ROWS: Final = range(0xB0, 0xD8)
_CELLS: Final = range(0xA1, 0xFF)
_PAST: Final = (0xD7, 0xFA)
EVERYDAY: Final = frozenset(
    bytes((row, cell)).decode("gb2312") for row in _ROWS for cell in _CELLS if (row, cell) < _PAST
)
"""The 3,755 characters of everyday use, which write nearly all names. Source: GB/T 2312, level 1."""

INTERPUNCT: Final = "\u00b7"
"""The dot between the parts of a name."""

_INTERPUNCT_TWINS: Final = "\u30fb\u2022\u2027\u2219\u22c5\uff65\u0387\u2e31"

INTERPUNCTS: Final = str.maketrans(dict.fromkeys(_INTERPUNCT_TWINS, INTERPUNCT))
"""Dots that keyboards and old systems put in its place, for str.translate."""

PUA_REPAIR: Final = {
    0xE7C7: 0x1E3F,
    0xE816: 0x20087,
    0xE817: 0x20089,
    0xE818: 0x200CC,
    0xE81E: 0x9FB4,
    0xE826: 0x9FB5,
    0xE82B: 0x9FB6,
    0xE82C: 0x9FB7,
    0xE831: 0x215D7,
    0xE832: 0x9FB8,
    0xE83B: 0x2298F,
    0xE843: 0x9FB9,
    0xE854: 0x9FBA,
    0xE855: 0x241FE,
    0xE864: 0x9FBB,
}
"""Private-use code points of GB18030-2000 and the characters they became."""

KANGXI: Final = {point: ord(unicodedata.normalize("NFKC", chr(point))) for point in range(0x2F00, 0x2FD6)}
"""Kangxi radicals, which text copied out of a PDF often carries, and the ideographs they look like.

NFKC is asked about this one block only; applied to a name it would change letters the holder chose.
"""

REPAIRS: Final = {**PUA_REPAIR, **KANGXI}
"""Every repair that is right in any text, for str.translate."""

LOST: Final = frozenset("?？\ufffd□〓")
"""Signs that systems and people write where a character was lost."""

_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Mn", "Me", "Zl", "Zp"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and signs that print nothing although their category says they would."""

_KNOWN: Final = 16_384
"""Characters whose answer is kept: most texts are written with a few thousand."""


@lru_cache(maxsize=_KNOWN)
def is_han(char: str) -> bool:
    """Tell whether *char* is a hanzi, by code range."""
    point = ord(char)
    if point & 0xFFFE == 0xFFFE:  # the last two of each plane are never characters
        return False
    return any(first <= point <= last for first, last in HAN_RANGES)


@lru_cache(maxsize=_KNOWN)
def is_unseen(char: str) -> bool:
    """Tell whether *char* takes no place of its own on paper.

    Controls, bidi marks, zero-width and combining characters, variation selectors, half surrogates, code
    points without a character. Text is drawn one glyph per character, so none of these can be shown as meant.
    """
    if is_han(char):
        return False
    return unicodedata.category(char) in _UNSEEN_CATEGORIES or char in _BLANK_LETTERS


def is_private(char: str) -> bool:
    """Tell whether *char* is for private use: what it shows depends on the machine."""
    return unicodedata.category(char) == "Co"


def is_letter(char: str) -> bool:
    """Tell whether *char* can be part of a word."""
    return is_han(char) or unicodedata.category(char).startswith("L")
