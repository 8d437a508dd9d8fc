"""A cut font as the objects of a PDF: shown by codes of two bytes, extracted as Unicode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import pack, unpack
from typing import Final

import uharfbuzz as hb

from certsvc.page.fonts import Font
from certsvc.pdf import shapes
from certsvc.pdf.values import deflate, number, zlib_of
from certsvc.rendering.glyphs import Cut

BLOCK: Final = 100
"""Most lines of one block of a CMap."""
_CMAP_HEAD: Final = (
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
    "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
)
_CODES: Final = [f"{code:04X}" for code in range(1, 257)]
_CMAP_END: Final = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"


class _Unicode(dict[str, str]):
    """Character -> its UTF-16BE as hexadecimal digits."""

    def __missing__(self, character: str) -> str:
        shown = character.encode("utf-16-be").hex().upper()
        self[character] = shown
        return shown


_UNICODE: Final = _Unicode()


@dataclass(frozen=True, slots=True, kw_only=True)
class FontFacts:
    """What a PDF says of a font, whatever it was cut to; lengths in thousandths of the size."""

    name: bytes
    """PostScript name."""
    per_em: int
    box: bytes
    ascent: bytes
    descent: bytes
    cap_height: bytes
    stem: bytes
    """Thickness of upright stems, guessed from the weight."""


def facts_of(font: Font) -> FontFacts:
    """Read a font's tables, once."""
    face, per_em = font.face, font.face.upem
    head, hhea, os2 = (face.reference_table(tag).data for tag in ("head", "hhea", "OS/2"))

    def shown(value: int) -> bytes:
        return number(value * 1000 / per_em).encode("ascii")

    ascent, descent = unpack(">hh", hhea[4:8])
    version, weight = unpack(">H", os2[:2])[0], unpack(">H", os2[4:6])[0]
    cap_height = unpack(">h", os2[88:90])[0] if version >= 2 else ascent
    return FontFacts(
        name=face.get_name(hb.OTNameIdPredefined.POSTSCRIPT_NAME).encode("ascii"),
        per_em=per_em,
        box=b" ".join(map(shown, unpack(">4h", head[36:44]))),
        ascent=shown(ascent),
        descent=shown(descent),
        cap_height=shown(cap_height),
        stem=b"%d" % (50 + (weight / 65) ** 2),
    )


def codes_of(cut: Cut) -> Mapping[str, str]:
    """Return for each character of *cut* its code as four hexadecimal digits.

    Each character has a code of its own even where two share a glyph, so that both extract as themselves.
    """
    characters = sorted(cut.glyphs)
    while len(characters) > len(_CODES):
        _CODES.append(f"{len(_CODES) + 1:04X}")
    return dict(zip(characters, _CODES, strict=False))


def font_objects(
    first: int, facts: FontFacts, cut: Cut, codes: Mapping[str, str], *, tag: bytes
) -> Sequence[bytes]:
    """Write the objects of one cut, the first with the number *first*.

    Args:
        first: number of the font itself.
        facts: of the font.
        cut: what it was cut to.
        codes: of the same cut, in order of the codes.
        tag: six capitals that tell cuts of one font in one file apart.
    """
    name = b"%b+%b" % (tag, facts.name)
    # Code 0 is the missing glyph; it is never shown.
    glyphs = [0, *map(cut.glyphs.__getitem__, codes)]
    widths = map(cut.widths.__getitem__, glyphs)
    if facts.per_em == 1000:
        shown = " ".join(map(str, widths))
    else:
        shown = " ".join([number(width * 1000 / facts.per_em) for width in widths])
    return (
        shapes.FONT.write(first, name, first + 1, first + 5),
        shapes.DESCENDANT.write(first + 1, name, first + 4, first + 2, shown.encode("ascii")),
        shapes.DESCRIPTOR.write(
            first + 2, name, facts.box, facts.ascent, facts.descent, facts.cap_height, facts.stem, first + 3
        ),
        shapes.FONT_FILE.write_stream(
            first + 3, len(cut.content), content=zlib_of(cut.content, cut.deflated)
        ),
        shapes.TO_GLYPHS.write_stream(first + 4, content=pack(f">{len(glyphs)}H", *glyphs)),
        shapes.TO_UNICODE.write_stream(first + 5, content=deflate(to_unicode(codes))),
    )


def to_unicode(codes: Mapping[str, str]) -> bytes:
    """Return the CMap from codes to characters, in UTF-16BE."""
    lines = [f"<{code}> <{_UNICODE[character]}>\n" for character, code in codes.items()]
    blocks = [lines[start : start + BLOCK] for start in range(0, len(lines), BLOCK)]
    shown = [f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n" for block in blocks]
    return "".join((_CMAP_HEAD, *shown, _CMAP_END)).encode("ascii")
