"""A TrueType file put together from outlines taken before: what a cut of a few characters comes to.

Between two cuts of one font little but the choice of outlines differs. Each outline is taken out of the font
once, by the general way; after that a cut is a matter of laying them side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from struct import Struct, pack, unpack
from typing import Final, NamedTuple

_MOST_HALVES: Final = 0xFFFF
"""Where the last outline may end: places are counted in halves, in two bytes."""
_SUM: Final = 0xB1B0AFBA
"""What the words of a whole font add up to."""
_WORD: Final = 1 << 32
_FIXED: Final = ("OS/2", "head", "hhea", "maxp", "name", "post")
"""Tables whose length never changes, as they lie in the file; behind them cmap, hmtx, loca and glyf."""
_OPEN: Final = (("OS/2", 64, 68), ("head", 8, 12), ("hhea", 34, 36), ("maxp", 4, 6))
"""Where they differ: first and last character, what makes the sum right, how many advances and glyphs."""
_TABLES: Final = 10
_DIRECTORY: Final = Struct(">I4H" + "4s3I" * _TABLES)
_MAP_HEAD: Final = 17
"""Numbers of two bytes before the codes."""
_MAP_AT: Final = 20
"""Where the map begins, behind what names it twice."""
_COMPOSITE: Final = 0x80
"""In an outline's first byte: it is made of others, which it names by number."""


class Piece(NamedTuple):
    """What one character needs."""

    code: int
    """Of the character."""
    outline: bytes
    """As in ``glyf``, padded to whole words; empty for a blank."""
    half: int
    """Half the outline's bytes, as places are counted."""
    total: int
    """Sum of the outline's words."""
    metrics: bytes
    """As in ``hmtx``: advance and left side bearing."""
    advance: int


def take_piece(character: str, glyph: int, tables: Mapping[str, bytes]) -> Piece | None:
    """Take the outline of *character*, its glyph in a cut, out of the cut's tables; None when composite."""
    wide = 2 if tables["head"][50:52] == b"\0\0" else 4
    start, end = unpack(">2H" if wide == 2 else ">2I", tables["loca"][wide * glyph : wide * (glyph + 2)])
    if wide == 2:
        start, end = 2 * start, 2 * end
    outline = tables["glyf"][start:end]
    if outline and outline[0] & _COMPOSITE:
        return None
    outline += bytes(-len(outline) % 4)
    listed: int = unpack(">H", tables["hhea"][34:36])[0]
    hmtx = tables["hmtx"]
    # Behind the last advance that is listed, which the other glyphs have too, follow their bearings.
    last, bearing = 4 * (listed - 1), 4 * listed + 2 * (glyph - listed)
    metrics = (
        hmtx[4 * glyph : 4 * glyph + 4]
        if glyph < listed
        else hmtx[last : last + 2] + hmtx[bearing : bearing + 2]
    )
    return Piece(
        code=ord(character),
        outline=outline,
        half=len(outline) // 2,
        total=_total(outline),
        metrics=metrics,
        advance=unpack(">H", metrics[:2])[0],
    )


class Joiner:
    """What is the same in every cut of one font; nothing changes in it, so threads may share it."""

    def __init__(self, tables: Mapping[str, bytes], ranges: bytes) -> None:
        """Take what does not depend on the characters.

        Args:
            tables: of any cut of the font; its missing glyph must be empty.
            ranges: which ranges of Unicode the font serves, 16 bytes as in ``OS/2``.
        """
        blank = {tag: (start, end) for tag, start, end in _OPEN}
        kept = {
            tag: tables[tag][: blank[tag][0]]
            + bytes(blank[tag][1] - blank[tag][0])
            + tables[tag][blank[tag][1] :]
            if tag in blank
            else tables[tag]
            for tag in _FIXED
        }
        kept["OS/2"] = kept["OS/2"][:42] + ranges + kept["OS/2"][58:]
        # Places are counted in halves, in two bytes.
        kept["head"] = kept["head"][:50] + bytes(2) + kept["head"][52:]
        self._os2, self._head, self._hhea, self._maxp, *_ = map(kept.__getitem__, _FIXED)
        self._name_post = _padded(kept["name"]) + _padded(kept["post"])
        self._totals = tuple(_total(kept[tag]) for tag in _FIXED)
        self._sizes = tuple(len(kept[tag]) for tag in _FIXED)
        *self._places, self._first_open = accumulate(
            [len(_padded(kept[tag])) for tag in _FIXED], initial=_DIRECTORY.size
        )
        self._missing = tables["hmtx"][:4]
        self.missing_advance: int = unpack(">H", self._missing[:2])[0]

    def join(self, pieces: Sequence[Piece]) -> bytes | None:
        """Return a font with these *pieces* as glyphs 1, 2, 3 ...; None when they are too large together.

        Args:
            pieces: one at least, of the first plane, in the order of their codes, none twice.
        """
        codes, outlines, halves, outline_totals, metrics, _ = zip(*pieces, strict=True)
        ends = list(accumulate(halves, initial=0))
        if ends[-1] > _MOST_HALVES:
            return None
        count = len(pieces) + 1
        first, last = codes[0], codes[-1]
        cmap = _character_map(codes)
        hmtx = b"".join((self._missing, *metrics))
        loca = pack(f">{count + 1}H", 0, *ends)
        glyf = b"".join(outlines)
        os2, head, hhea, maxp, name, post = self._totals
        os2, hhea, maxp = os2 + (first << 16) + last, hhea + count, maxp + (count << 16)
        totals = (_total(cmap), sum(outline_totals), _total(hmtx), _total(loca))
        os2_at, head_at, hhea_at, maxp_at, name_at, post_at = self._places
        os2_size, head_size, hhea_size, maxp_size, name_size, post_size = self._sizes
        hmtx_at = self._first_open + len(cmap)
        loca_at = hmtx_at + len(hmtx)
        glyf_at = loca_at + len(loca) + len(loca) % 4
        # fmt: off
        directory = _DIRECTORY.pack(
            0x00010000, _TABLES, 128, 3, 16 * _TABLES - 128,
            b"OS/2", os2 % _WORD, os2_at, os2_size,
            b"cmap", totals[0], self._first_open, len(cmap),
            b"glyf", totals[1] % _WORD, glyf_at, len(glyf),
            b"head", head, head_at, head_size,
            b"hhea", hhea % _WORD, hhea_at, hhea_size,
            b"hmtx", totals[2], hmtx_at, len(hmtx),
            b"loca", totals[3], loca_at, len(loca),
            b"maxp", maxp % _WORD, maxp_at, maxp_size,
            b"name", name, name_at, name_size,
            b"post", post, post_at, post_size,
        )
        # fmt: on
        rest = _SUM - _total(directory) - sum(totals) - os2 - head - hhea - maxp - name - post
        counted = count.to_bytes(2, "big")
        return b"".join(
            (
                directory,
                _padded(b"%b%b%b" % (self._os2[:64], pack(">2H", first, last), self._os2[68:])),
                _padded(b"%b%b%b" % (self._head[:8], (rest % _WORD).to_bytes(4, "big"), self._head[12:])),
                self._hhea[:34],
                counted,
                self._maxp[:4],
                counted,
                self._maxp[6:],
                self._name_post,
                cmap,
                hmtx,
                _padded(loca),
                glyf,
            )
        )


def _character_map(codes: Sequence[int]) -> bytes:
    """Write the map of *codes* to glyphs 1, 2, 3 ..., known to Windows and by Unicode: format 4."""
    count = len(codes) + 1
    steps = 1 << count.bit_length() - 1
    # A range for each code, and one for the end that the format wants.
    return pack(
        f">{_MAP_HEAD + 4 * count + 1}H",
        *(0, 2, 0, 3, 0, _MAP_AT, 3, 1, 0, _MAP_AT),
        *(4, 16 + 8 * count, 0, 2 * count, 2 * steps, steps.bit_length() - 1, 2 * (count - steps)),
        *codes,
        0xFFFF,
        0,
        *codes,
        0xFFFF,
        *[glyph - code & 0xFFFF for glyph, code in enumerate(codes, 1)],
        1,
        *bytes(count),
    )


def _padded(table: bytes) -> bytes:
    return table + bytes(-len(table) % 4)


def _total(table: bytes) -> int:
    """Add up the words of a table."""
    padded = _padded(table)
    words: tuple[int, ...] = unpack(f">{len(padded) // 4}I", padded)
    return sum(words) % _WORD
