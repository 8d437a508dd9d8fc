"""Step 5, fonts: each code must draw the very glyph of the character it extracts as."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from struct import pack

import pytest
import uharfbuzz as hb

from certsvc.issuing.preflight_glyphs import FontGlyphs
from certsvc.issuing.preflight_pdf_fonts import FontParts, ShownFont
from certsvc.page.fonts import SPACES
from certsvc.rendering.glyphs import GlyphFont
from tests.page.sample import sample_fonts

TEXT = "张示例 2026（测试）·ABCxyz，第一二三"


def wide(text: str, **other: bytes) -> FontParts:
    """Cut a font and describe it with codes of two bytes, one after another from 1."""
    face = sample_fonts().fonts["serif"].face
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(set(map(ord, text)))
    file = bytes(hb.subset(face, wanted).blob.data)
    font = hb.Font(hb.Face(file))
    glyphs = [0, *(font.get_nominal_glyph(ord(character)) or 0 for character in text)]
    widths = [font.get_glyph_h_advance(glyph) * 1000 / face.upem for glyph in glyphs]
    lines = [
        f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>\n"
        for code, character in enumerate(text, start=1)
    ]
    shown = " ".join(f"{width:g}" for width in widths)
    parts = {
        "widths": shown.encode(),
        "to_glyphs": pack(f">{len(glyphs)}H", *glyphs),
        "to_unicode": zlib.compress(f"{len(lines)} beginbfchar\n{''.join(lines)}endbfchar\n".encode()),
        "file": zlib.compress(file),
    }
    return FontParts(**{**parts, **other})


def test_codes_of_two_bytes_are_read() -> None:
    """The compiled files have them; far characters too are one code each."""
    assert ShownFont(wide("张示 例")).text("\1\2\3\4") == "张示 例"


@pytest.mark.parametrize(
    "other",
    [
        {"to_glyphs": pack(">4H", 0, 2, 1, 3)},
        {"to_glyphs": pack(">4H", 0, 0, 2, 3)},
        {"widths": b"1000 900 1000 1000"},
        {"widths": b"1000"},
        {"to_unicode": zlib.compress(b"1 beginbfchar\n<0001> <5F2093E1>\nendbfchar\n")},
        {"to_unicode": zlib.compress(b"1 beginbfchar\n<0002> <5F20>\nendbfchar\n")},
    ],
    ids=["crossed", "missing glyph", "width", "no width", "two characters", "not said"],
)
def test_a_code_whose_glyph_is_not_its_characters_is_met(other: Mapping[str, bytes]) -> None:
    """Right text over a wrong glyph: a reader's extraction would find nothing wrong."""
    with pytest.raises(LookupError):
        ShownFont(wide("张示例", **other)).text("\1\2\3")


def looked_up(content: bytes, text: str) -> Mapping[str, tuple[int, float]]:
    """Ask HarfBuzz for each character alone."""
    font = hb.Font(hb.Face(content))
    glyphs = {character: font.get_nominal_glyph(ord(character)) for character in text}
    return {
        character: (glyph, font.get_glyph_h_advance(glyph) / font.face.upem)
        for character, glyph in glyphs.items()
        if glyph and (character in SPACES or any(font.get_glyph_extents(glyph) or ()))
    }


@pytest.mark.parametrize("name", ["serif", "serif-bold", "rare"])
@pytest.mark.parametrize("once", [False, True], ids=["put together", "cut by HarfBuzz"])
def test_a_font_read_at_once_is_what_harfbuzz_looks_up(name: str, once: bool) -> None:
    """The copy's own cuts are read without HarfBuzz: glyph and advance must be those it would tell."""
    source = sample_fonts().fonts[name]
    font = GlyphFont(source)
    some = TEXT if name != "rare" else map(chr, list(source.face.unicodes)[::50])
    text = "".join(sorted(font.drawn(set(some))))
    content = font.cut(set(text), once=once).content
    glyphs = FontGlyphs(content)

    assert len(text) > 1
    assert {character: glyphs[character] for character in text} == looked_up(content, text)


@pytest.mark.parametrize("table", [b"loca", b"glyf", b"cmap", b"hmtx", b"maxp", b"hhea", b"head"])
def test_a_font_with_a_table_zeroed_never_says_more_than_harfbuzz(table: bytes) -> None:
    """Nothing may be found in it that is not there, and nothing may break."""
    content = GlyphFont(sample_fonts().fonts["serif"]).cut(set(TEXT)).content
    entry = content.index(table, 12)
    at, size = (int.from_bytes(content[entry + n : entry + n + 4], "big") for n in (8, 12))
    broken = content[:at] + bytes(size) + content[at + size :]
    glyphs, real = FontGlyphs(broken), looked_up(broken, TEXT)

    for character in TEXT:
        try:
            found = glyphs[character]
        except LookupError:
            continue
        assert table == b"hmtx" or found == real.get(character), character


def test_a_font_cut_short_has_no_glyph_beyond_its_end() -> None:
    """An outline that is not there draws nothing."""
    content = GlyphFont(sample_fonts().fonts["serif"]).cut(set(TEXT)).content
    last = max(TEXT)

    with pytest.raises(LookupError):
        FontGlyphs(content[:-100])[last]
