"""A font put together from outlines taken before: the same characters as the general way cuts."""

from __future__ import annotations

import io
import random
from collections.abc import Set

import pytest
from fontTools.ttLib import TTFont

from certsvc.errors import DefectError
from certsvc.rendering import glyphs
from certsvc.rendering.glyphs import FIRST_PLANE, Cut, GlyphFont
from certsvc.rendering.joined_font import take_piece
from tests.page.sample import sample_fonts

SERIF = GlyphFont(sample_fonts().fonts["serif"])
DRAWN = sorted(
    code
    for code in sample_fonts().fonts["serif"].codes
    if code <= ord(FIRST_PLANE) and sample_fonts().fonts["serif"].glyph(chr(code)) is not None
)


def by_lot(count: int, seed: int) -> frozenset[str]:
    """Draw characters the font draws."""
    return frozenset(map(chr, random.Random(seed).sample(DRAWN, count)))


def opened(cut: Cut) -> TTFont:
    """Open a font, every sum in it checked."""
    return TTFont(io.BytesIO(cut.content), checkChecksums=2)


def check_same(characters: Set[str]) -> Cut:
    """Cut both ways and compare what each character shows."""
    quick, general = SERIF.cut(characters), SERIF.cut(characters, once=True)
    one, other = opened(quick), opened(general)
    assert set(one.keys()) == set(other.keys())
    assert one.getBestCmap().keys() == other.getBestCmap().keys() == set(map(ord, characters))
    assert quick.glyphs.keys() == characters
    for character in characters:
        name, known = one.getBestCmap()[ord(character)], other.getBestCmap()[ord(character)]
        assert one["glyf"][name] == other["glyf"][known]
        assert one["hmtx"][name] == other["hmtx"][known]
        assert one.getGlyphID(name) == quick.glyphs[character]
        assert quick.widths[quick.glyphs[character]] == one["hmtx"][name][0]
    assert quick.widths[0] == general.widths[0]
    assert len(quick.widths) == one["maxp"].numGlyphs == len(characters) + 1
    # The sum of a whole font, as its own number makes it.
    padded = quick.content + bytes(-len(quick.content) % 4)
    words = sum(int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4))
    assert words % (1 << 32) == 0xB1B0AFBA
    return quick


@pytest.mark.parametrize("count", [1, 2, 15, 16, 40, 150])
def test_a_joined_font_shows_what_a_cut_one_shows(count: int) -> None:
    """Outlines, advances, sums, by lot; on both sides of a power of two, which the map minds."""
    cut = check_same(by_lot(count, seed=count))
    # In order of their codes: so it was put together, and twice to the same bytes.
    assert list(cut.glyphs) == sorted(cut.glyphs)
    assert SERIF.cut(frozenset(cut.glyphs)).content == cut.content


def test_blanks_and_characters_with_one_glyph() -> None:
    """A blank has no outline; each character has a glyph of its own."""
    check_same(frozenset(" \u3000一"))
    # Radicals that look like a character: one outline serves both.
    font = sample_fonts().fonts["serif"]
    assert font.glyph("\u2f00") == font.glyph("一")
    cut = SERIF.cut(frozenset("\u2f00一"))
    assert len(set(cut.glyphs.values())) == 2


def test_what_cannot_be_joined_is_cut_the_general_way() -> None:
    """Characters beyond the first plane, and more outlines than two bytes can place."""
    beyond = frozenset("一\U00020628")
    assert SERIF.cut(beyond).content == SERIF.cut(beyond, once=True).content
    large = by_lot(700, seed=1)
    assert SERIF.cut(large).content == SERIF.cut(large, once=True).content


def test_a_composite_outline_is_not_taken() -> None:
    """It names others by numbers that a joined font gives anew."""
    tables = {
        "head": bytes(50) + b"\0\1\0\0",
        "loca": (0).to_bytes(4, "big") * 2 + (12).to_bytes(4, "big"),
        "glyf": b"\xff\xff" + bytes(10),
        "hhea": bytes(34) + b"\0\2",
        "hmtx": bytes(8),
    }
    assert take_piece("一", 1, tables) is None
    assert take_piece("一", 1, tables | {"glyf": b"\0\1" + bytes(10)}) is not None


def test_a_character_the_font_lacks_is_refused_each_time() -> None:
    """A refusal is not remembered as an outline."""
    for _ in range(2):
        with pytest.raises(DefectError, match="U\\+E000"):
            SERIF.cut(frozenset("一\ue000"))


def test_outlines_learned_in_advance_are_the_same_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken out of one cut with many others, also of one glyph with two characters; others come and go."""
    learned, by_one = GlyphFont(sample_fonts().fonts["serif"]), GlyphFont(sample_fonts().fonts["serif"])
    known = by_lot(700, seed=2) | frozenset(" \u2f00一")
    learned.learn(known | {"\ue000", "\U00020628"})
    few = sorted(known)[:60]
    for each in few:
        by_one.cut({each})

    assert learned.cut(frozenset(few)).content == by_one.cut(frozenset(few)).content
    monkeypatch.setattr(glyphs, "KEPT_PIECES", 800)
    for seed in range(3, 8):
        learned.cut(by_lot(60, seed))
    monkeypatch.setattr(GlyphFont, "_checked", None)
    assert learned.cut(frozenset(few)).content == by_one.cut(frozenset(few)).content
