"""Step 5 for a PDF in the syntax we write: texts, places and glyphs from its own bytes, without pdfium.

It says yes or nothing. Whatever is written in another way, or does not agree, is left to the thorough way.
Unlike a reader's extraction it knows where each text stands, and which glyph of the embedded font is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from certsvc.issuing.preflight_pdf_fonts import FontParts, ShownFont, font_of
from certsvc.issuing.preflight_pdf_objects import OtherShapeError, PDFObjects, unpacked
from certsvc.page.model import Page, TextRun

_NEAR_PT: Final = 0.03
"""A hundredth of a millimetre."""
_NEAR_COLOUR: Final = 0.003
_PT_PER_MM: Final = 72 / 25.4
_NUMBER: Final = rb"-?[0-9]*\.?[0-9]+"
_FONT: Final = rb"/(F[0-9+]{1,12}) (%b) Tf" % _NUMBER
_SHOWN: Final = rb"<([0-9A-F]+)> Tj"
_MATRIX: Final = rb"1 0 -?0 1 (%b) (%b) Tm" % (_NUMBER, _NUMBER)
_BLOCK: Final = re.compile(
    rb"\bBT (%b %b %b) rg (%b) Tc\s(?:%b %b\s%b\s|%b\s((?:%b %b\s)+))ET(?: Q)?\n"
    % (_NUMBER, _NUMBER, _NUMBER, _NUMBER, _FONT, _MATRIX, _SHOWN, _MATRIX, _FONT, _SHOWN)
)
"""One run: colour, tracking, then font, place and codes; or place, then fonts and codes by turns."""
_PART: Final = re.compile(rb"%b %b\s" % (_FONT, _SHOWN))
_OTHER_TEXT: Final = (
    b"TJ", b"Tr", b"Ts", b"Tz", b"Td", b"TD", b"T*", b"TL", b"Tw", b"'", b'"', b"(", b"BI", b"BDC", b"BMC",
)  # fmt: skip
"""Ways to show, to hide or to mark text that are not ours."""
_MOST_KEPT: Final = 32


class _Run(NamedTuple):
    """One run as it is drawn."""

    colour: bytes
    tracking_pt: float
    x_pt: float
    y_pt: float
    parts: tuple[tuple[str, float, str], ...]
    """Resource name of the font, size in points, codes as hexadecimal digits."""


def agrees(unsigned: bytes, page: Page) -> bool:
    """Say whether a rendered PDF is written in our way and shows just the texts of *page*, each in its place.

    Args:
        unsigned: PDF bytes without signature.
        page: what was composed.
    """
    try:
        return _agrees(unsigned, page)
    except (OtherShapeError, LookupError, ValueError):
        return False


def _agrees(unsigned: bytes, page: Page) -> bool:
    objects = PDFObjects(unsigned)
    sheet = objects.page()
    *first, own = sheet.contents
    if any(_runs_kept(stored) for stored in sheet.forms):
        return False
    fonts = _Fonts(objects, sheet.fonts)
    if not first:
        return _texts_agree((*page.static, *page.variable), list(_runs(unpacked(own))), page, fonts)
    return _static_agrees(tuple(first), page, fonts) and _texts_agree(
        page.variable, list(_runs(unpacked(own))), page, fonts
    )


class _Compared(NamedTuple):
    """A static page, the streams that draw it and the fonts they use, found to agree."""

    static: tuple[object, ...]
    height_mm: float
    stored: tuple[bytes, ...]
    fonts: Mapping[str, ShownFont]


_compared: Final[dict[int, _Compared]] = {}


def _static_agrees(stored: tuple[bytes, ...], page: Page, fonts: _Fonts) -> bool:
    """Compare what a template draws; once for a page, streams and fonts that come again."""
    kept = _compared.get(id(page.static))
    if (
        kept is not None
        and kept.static is page.static
        and (kept.height_mm, kept.stored) == (page.height_mm, stored)
        and all(fonts[name] is font for name, font in kept.fonts.items())
    ):
        return True
    drawn = list(chain.from_iterable(map(_runs_kept, stored)))
    if not _texts_agree(page.static, drawn, page, fonts):
        return False
    used = {name for run in drawn for name, _, _ in run.parts}
    if len(_compared) >= _MOST_KEPT:
        _compared.clear()
    _compared[id(page.static)] = _Compared(
        page.static, page.height_mm, stored, {name: fonts[name] for name in used}
    )
    return True


def _texts_agree(items: Iterable[object], drawn: Sequence[_Run], page: Page, fonts: _Fonts) -> bool:
    """Say whether the runs drawn are those of *items*, in their order."""
    meant = [item for item in items if isinstance(item, TextRun) and item.text]
    return len(meant) == len(drawn) and all(
        _run_agrees(run, shown, page.height_mm, fonts) for run, shown in zip(meant, drawn, strict=True)
    )


class _Fonts(dict[str, ShownFont]):
    """Resource name -> font, of those that are used."""

    def __init__(self, objects: PDFObjects, numbers: Mapping[str, int]) -> None:
        super().__init__()
        self._objects, self._numbers = objects, numbers

    def __missing__(self, name: str) -> ShownFont:
        font = self[name] = font_of(FontParts.find(self._objects, self._numbers[name]))
        return font


def _run_agrees(run: TextRun, drawn: _Run, height_mm: float, fonts: _Fonts) -> bool:
    """Compare text, place, size, tracking, colour and the glyph and width of every character."""
    if run.rotate_deg or run.opacity != 1.0:
        return False
    text = "".join([fonts[name].text(codes) for name, _, codes in drawn.parts])
    return (
        text == run.text
        and abs(drawn.x_pt - run.x_mm * _PT_PER_MM) < _NEAR_PT
        and abs(drawn.y_pt - (height_mm - run.y_mm) * _PT_PER_MM) < _NEAR_PT
        and abs(drawn.tracking_pt - run.tracking_mm * _PT_PER_MM) < _NEAR_PT
        and all(abs(size_pt - run.size_pt) < _NEAR_PT for _, size_pt, _ in drawn.parts)
        and _same_colour(drawn.colour, run.colour)
    )


@lru_cache(maxsize=64)
def _same_colour(written: bytes, colour: str) -> bool:
    parts = zip(map(float, written.split()), bytes.fromhex(colour[1:]), strict=True)
    return all(abs(part - value / 255) < _NEAR_COLOUR for part, value in parts)


@lru_cache(maxsize=8)
def _runs_kept(stored: bytes) -> tuple[_Run, ...]:
    """Read a content stream that is the same in many files."""
    return tuple(_runs(unpacked(stored)))


def _runs(content: bytes) -> Iterator[_Run]:
    """Yield every run of a content stream. OtherShapeError when it shows text in any other way."""
    blocks = parts = 0
    for found in _BLOCK.finditer(content):
        colour, tracking, font, size, x, y, codes, later_x, later_y, later = found.groups()[:10]
        shown: Sequence[tuple[str, float, str]]
        if font is not None:
            shown = [(font.decode(), float(size), codes.decode())]
        else:
            x, y = later_x, later_y
            shown = [
                (name.decode(), float(each), hexed.decode()) for name, each, hexed in _PART.findall(later)
            ]
        yield _Run(colour, float(tracking), float(x), float(y), tuple(shown))
        blocks, parts = blocks + 1, parts + len(shown)
    strange = any(word in content for word in _OTHER_TEXT)
    if strange or content.count(b"BT") != blocks or content.count(b"Tj") != parts:
        raise OtherShapeError("text in another form than ours")
