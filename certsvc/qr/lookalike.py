"""When does a host only look like ours? Confusable characters, dots, digits, a slip or two of letters."""

from __future__ import annotations

import unicodedata
from typing import Final

MAX_HOST: Final = 253
"""Longest name DNS knows (RFC 1035); anything longer is foreign and not worth comparing."""

_LOOKS_LIKE: Final = {
    "a": "аαɑ",
    "b": "вьβƅ",
    "c": "сϲᴄ",
    "d": "ԁđɗ",
    "e": "еєεҽə",
    "g": "ɡց",
    "h": "һнħհ",
    "j": "јʝ",
    "k": "кκӄ",
    "l": "1i|!іιıɩӏłɭⲓ",
    "m": "м",
    "n": "пηոɴ",
    "o": "0оοσøօ",
    "p": "рρϼþ",
    "q": "ԛգ",
    "r": "гɼᴦ",
    "s": "5$ѕꜱʂ",
    "t": "тτŧ",
    "u": "υսʋц",
    "v": "νѵᴠ",
    "w": "ԝшωա",
    "x": "хχ",
    "y": "уүγყ",
    "z": "зζʐ",
}
"""Latin letter -> what is drawn like it, after NFKD and casefold: Cyrillic, Greek, Armenian, Latin, digits.

After Unicode's confusables (https://www.unicode.org/reports/tr39/), cut down to what can stand in a host.
"""
_CONFUSABLE: Final = str.maketrans(
    {drawn: letter for letter, looks in _LOOKS_LIKE.items() for drawn in looks}
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_SLASHES: Final = "\u2044\u2215\u29f8\u2571\u3033\u30ce\u4e3f"
"""Characters drawn like a slash; a browser takes them for part of the host."""
_DOTS: Final = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024\u00b7\u30fb\u0589\u06d4", "."))


def skeleton(host: str) -> str:
    """Return what *host* looks like; two hosts with one skeleton can be taken for each other."""
    labels = [_from_punycode(label) for label in host.translate(_DOTS).casefold().split(".")]
    folded = unicodedata.normalize("NFKD", ".".join(labels)).casefold()
    visible = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc"))
    plain = visible.translate(_DOTS).translate(_CONFUSABLE)
    for pair, single in _PAIRS:
        plain = plain.replace(pair, single)
    return plain.strip(".")


def looks_like(host: str, ours: str) -> bool:
    """Tell whether *host* could be taken for *ours* without being it.

    Args:
        host: any text, case folded, without port.
        ours: lower case ASCII, without port.
    """
    if host.strip(".") == ours or len(host) > MAX_HOST:
        return False
    for slash in _SLASHES:
        host = host.partition(slash)[0]
    theirs, own = skeleton(host), skeleton(ours)
    # One slip in a short name is another name; addresses of machines differ by a digit all the time.
    slips = 0 if len(ours) < 8 or ours.replace(".", "").isdigit() else 1 if len(ours) < 16 else 2
    return _distance(theirs, own, slips) <= slips


def _from_punycode(label: str) -> str:
    """Return the characters a browser may show for an ``xn--`` label."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


def _distance(one: str, other: str, limit: int) -> int:
    """Return the number of single-letter slips between two words, swaps of neighbours counted once.

    Anything over *limit* is returned as limit + 1. Optimal string alignment, row by row.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above, row = row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = above
    return min(row[-1], limit + 1)
