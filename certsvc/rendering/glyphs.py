"""Fonts cut to the characters one document shows: TrueType files that any reader can open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from operator import eq
from struct import unpack
from typing import Final

import uharfbuzz as hb

from certsvc.errors import DefectError
from certsvc.page.fonts import SPACES, Font
from certsvc.pdf.values import raw_deflate
from certsvc.rendering.joined_font import Joiner, Piece, take_piece

FLAGS: Final = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NO_BIDI_CLOSURE
"""The characters asked for and no others: neither ligatures nor the mirror image of a bracket."""
TABLES: Final = frozenset({"cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "OS/2", "post"})
"""What every reader finds in a font, and all of it."""
FIRST_PLANE: Final = "\uffff"
"""The last character of a font that is put together."""
KEPT_PIECES: Final = 6144
"""Outlines kept of a font, three to five hundred bytes each."""
_AT_ONCE: Final = 512
"""Outlines taken out of one cut."""
BOLD_FROM: Final = 600
"""Weight in OS/2 from which a font counts as bold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A font cut to some characters, packed once for every file it goes into."""

    content: bytes
    """A TrueType file."""
    deflated: bytes
    """The same as a raw deflate stream."""
    glyphs: Mapping[str, int]
    """Character -> glyph in this file."""
    widths: tuple[int, ...]
    """Advance of each glyph, in units of the font."""


class GlyphFont:
    """One font, ready to be cut again and again; safe to share between threads."""

    def __init__(self, font: Font) -> None:
        """Take a font of the chain."""
        self._font = font
        self._advances: dict[str, float] = {}
        self._learned: dict[str, Piece | None] = {}
        self._pieces: dict[str, Piece | None] = {}
        """Outlines taken so far; None for a composite one. Never changed but by adding."""

    @property
    def name(self) -> str:
        """Its name in the chain."""
        return self._font.name

    @cached_property
    def bold(self) -> bool:
        """Whether it is a bold font, as it says itself."""
        weight: int = unpack(">H", self._font.face.reference_table("OS/2").data[4:6])[0]
        return weight >= BOLD_FROM

    @cached_property
    def _source(self) -> hb.Face:
        # Done once, a tenth of a second; it makes each cut three times as fast.
        return hb.subset_preprocess(self._font.face)

    def advance_em(self, character: str) -> float:
        """Return how far the pen goes for *character*, in units of the size.

        Raises:
            DefectError: the font has no real glyph for it.
        """
        known = self._advances.get(character)
        if known is None:
            glyph = self._font.glyph(character)
            if glyph is None:
                raise DefectError(f"the font {self.name} does not draw U+{ord(character):04X}")
            known = self._font.shape.get_glyph_h_advance(glyph) / self._font.face.upem
            self._advances[character] = known
        return known

    def drawn(self, characters: Set[str]) -> frozenset[str]:
        """Return those of *characters* the font draws."""
        return frozenset(each for each in characters if self._font.glyph(each) is not None)

    def cut(self, characters: Set[str], *, once: bool = False) -> Cut:
        """Return a TrueType file with a glyph for each of *characters* and hardly anything else.

        Its missing glyph is empty: a reader that asks for a character it has not draws nothing, never a box.

        Args:
            characters: what it must hold.
            once: cut one time for many documents, so that size counts and time does not.

        Raises:
            DefectError: the font has no real glyph for one of them, or lost it on the way.
        """
        if not once and max(characters) <= FIRST_PLANE:
            joined = self._joined(sorted(characters))
            if joined is not None:
                return joined
        return self._cut(characters, once=once)

    def learn(self, characters: Set[str]) -> None:
        """Take the outlines of *characters* in advance, as far as the font draws them; they are kept."""
        drawn = sorted(each for each in self.drawn(characters) if each <= FIRST_PLANE)
        for start in range(0, len(drawn), _AT_ONCE):
            self._learned |= self._take(drawn[start : start + _AT_ONCE])

    def _joined(self, characters: Sequence[str]) -> Cut | None:
        """Put the cut together from what was taken before; None when that will not do."""
        known = self._pieces
        if missing := [each for each in characters if each not in known]:
            known = known | self._take(missing)
        pieces = [piece for piece in map(known.__getitem__, characters) if piece is not None]
        if len(pieces) < len(characters):
            return None
        content = self._joiner.join(pieces)
        if content is None:
            return None
        return Cut(
            content=content,
            deflated=raw_deflate(content),
            glyphs=dict(zip(characters, range(1, len(pieces) + 1), strict=True)),
            widths=(self._joiner.missing_advance, *[piece.advance for piece in pieces]),
        )

    @cached_property
    def _joiner(self) -> Joiner:
        ranges = self._font.face.reference_table("OS/2").data[42:58]
        return Joiner(_tables(self._cut({" "}).content), ranges)

    def _take(self, characters: Sequence[str]) -> dict[str, Piece | None]:
        """Cut the font to these characters and take their outlines, checked here once and for all."""
        content, glyphs = self._checked(frozenset(characters))
        tables = _tables(content)
        taken = {each: take_piece(each, glyphs[each], tables) for each in characters}
        if len(self._pieces) + len(taken) > KEPT_PIECES:
            # What was learned in advance comes most often; another thread goes on with what it holds.
            self._pieces = dict(self._learned)
        self._pieces.update(taken)
        return taken

    def _cut(self, characters: Set[str], *, once: bool = False) -> Cut:
        """Cut by the general way."""
        content, glyphs = self._checked(characters)
        return Cut(
            content=content,
            deflated=raw_deflate(content, once=once),
            glyphs=glyphs,
            widths=_widths(hb.Face(content)),
        )

    def _checked(self, characters: Set[str]) -> tuple[bytes, Mapping[str, int]]:
        """Cut by the general way; the file, and the glyph in it of each character."""
        wanted = hb.SubsetInput()
        wanted.flags = FLAGS
        wanted.unicode_set.update(map(ord, characters))
        content = bytes(hb.subset(self._source, wanted).blob.data)
        # Looked for in the result: what is missing there would be missing on paper.
        face = hb.Face(content)
        if frozenset(face.table_tags) != TABLES:
            raise DefectError(f"the font {self.name} was cut to other tables")
        glyph_of = hb.Font(face).get_nominal_glyph
        glyphs = {character: glyph_of(ord(character)) for character in characters}
        if missing := [character for character, glyph in glyphs.items() if not glyph]:
            raise DefectError(f"the font {self.name} does not draw U+{ord(missing[0]):04X}")
        if len(face.unicodes) != len(glyphs):
            raise DefectError(f"the font {self.name} was cut to other characters")
        if not _drawn(face).issuperset([glyphs[each] for each in characters if each not in SPACES]):
            raise DefectError(f"the font {self.name} lost a glyph")
        return content, glyphs


def _tables(content: bytes) -> Mapping[str, bytes]:
    face = hb.Face(content)
    return {tag: face.reference_table(tag).data for tag in face.table_tags}


def _drawn(face: hb.Face) -> frozenset[int]:
    """Return the glyphs that are not empty: each takes some place."""
    places = face.reference_table("loca").data
    short = face.reference_table("head").data[50:52] == b"\0\0"
    starts = unpack(f">{len(places) // 2}H" if short else f">{len(places) // 4}I", places)
    return frozenset([glyph for glyph, empty in enumerate(map(eq, starts, starts[1:])) if not empty])


def _widths(face: hb.Face) -> tuple[int, ...]:
    """Read the advance of every glyph; those that are not listed have the last one's."""
    metrics = face.reference_table("hmtx").data
    listed: int = unpack(">H", face.reference_table("hhea").data[34:36])[0]
    widths: tuple[int, ...] = unpack(f">{2 * listed}H", metrics[: 4 * listed])[::2]
    count: int = face.glyph_count
    return widths + widths[-1:] * (count - listed)
