"""Step 5 for a PDF laid out like ours: texts, places and glyphs from its own bytes, without pdfium.

It says yes or nothing. Whatever is written in another way, or does not agree, is left to the thorough way.
Unlike a reader's extraction it knows where each text stands, and which glyph of the embedded font is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from certsvc.issuing.preflight_pdf_fonts import (
    FontParts,
    OtherShapeError,
    ShownFont,
    characters_of,
    font_of,
    inflated,
)
from certsvc.page.model import Page, TextRun
from certsvc.pdf.grammar import keep_start, read_body
from certsvc.pdf.layout import Body, FontPlace, Start

_NEAR_PT: Final = 0.03
"""A hundredth of a millimetre."""
_NEAR_COLOUR: Final = 0.003
_PT_PER_MM: Final = 72 / 25.4
_NUMBER: Final = r"-?[0-9]*\.?[0-9]+"
_TEXT: Final = re.compile(r"BT ([^<>\n]{1,200}) Tm <([0-9A-F]*+)> Tj ET\n")
"""One run: everything up to its place, and its codes."""
_LOOK: Final = re.compile(
    r"({0} {0} {0}) rg ({0}) Tc /F([0-9]{{1,6}}) ({0}) Tf 1 0 0 1 ({0}) ({0})".format(_NUMBER)  # noqa: UP032  braces
)
"""Colour, tracking, font, size and place."""
_OTHERS: Final = b"0123456789 .-\nqQ/XDocmrefgGSsRJjwlhv"
"""What graphics are written with. Every other way to show, to hide or to mark text needs one byte more."""
_MOST_KEPT: Final = 32


def agrees(unsigned: bytes, page: Page) -> Body | None:
    """Say whether a PDF is laid out in our way and shows just the texts of *page*, each in its place.

    Args:
        unsigned: PDF bytes without signature.
        page: what was composed.

    Returns:
        Its objects when it is so: the sealed file must begin with these very bytes. None otherwise.
    """
    body = read_body(unsigned)
    try:
        return body if body is not None and _agrees(unsigned, body, page) else None
    except (OtherShapeError, LookupError, ValueError):
        return None


def _agrees(unsigned: bytes, body: Body, page: Page) -> bool:
    shared = _static_fonts(unsigned, body.start, page)
    if shared is None:
        return False
    own = {place.number: font_of(_parts(unsigned, place)) for place in body.fonts}
    return _texts_agree(
        page.variable, unsigned[body.sheet], page.height_mm, {**shared, **own} if own else shared
    )


class _Compared(NamedTuple):
    """A static page and the beginning of a file that draws it, found to agree."""

    static: tuple[object, ...]
    height_mm: float
    start: Start
    fonts: Mapping[int, ShownFont]


_compared: Final[dict[int, _Compared]] = {}


def _static_fonts(unsigned: bytes, start: Start, page: Page) -> Mapping[int, ShownFont] | None:
    """Compare what a template draws, once for a page and a beginning; its fonts by number, None for no."""
    kept = _compared.get(id(page.static))
    if (
        kept is not None
        and kept.static is page.static
        and kept.start is start
        and kept.height_mm == page.height_mm
    ):
        return kept.fonts
    fonts = {place.number: ShownFont(_parts(unsigned, place)) for place in start.fonts}
    if not _texts_agree(page.static, unsigned[start.sheet], page.height_mm, fonts):
        return None
    keep_start(unsigned, start)
    if len(_compared) >= _MOST_KEPT:
        _compared.clear()
    _compared[id(page.static)] = _Compared(page.static, page.height_mm, start, fonts)
    return fonts


def _parts(unsigned: bytes, place: FontPlace) -> FontParts:
    return FontParts(
        place.widths, unsigned[place.to_glyphs], unsigned[place.to_unicode], unsigned[place.file]
    )


def _texts_agree(
    items: Iterable[object], stored: bytes, height_mm: float, fonts: Mapping[int, ShownFont]
) -> bool:
    """Say whether the texts of a content stream are those of *items*, in their order."""
    others, looks, codes = _taken_apart(inflated(stored).decode("ascii"))
    meant = [item for item in items if type(item) is TextRun and item.text]
    if len(meant) != len(looks) or not _draw_only(others):
        return False
    # Taken out of their digits all at once; a code that fills no two bytes would shift those of the next run.
    shown = characters_of("".join(codes))
    at = 0
    for run, look, digits in zip(meant, looks, codes, strict=True):
        if run.rotate_deg or run.opacity != 1.0 or len(digits) % 4:
            return False
        number = _font_of_look(look, run.x_mm, run.y_mm, run.size_pt, run.colour, run.tracking_mm, height_mm)
        begin, at = at, at + len(digits) // 4
        if fonts[number].text(shown[begin:at]) != run.text:
            return False
    return True


def _taken_apart(content: str) -> tuple[list[str], list[str], list[str]]:
    """Return what stands around the texts, and of each text its look and its codes."""
    pieces = _TEXT.split(content)
    return pieces[::3], pieces[1::3], pieces[2::3]


def _draw_only(pieces: list[str]) -> bool:
    """Say whether *pieces* of a content stream show no text, and change nothing for a text behind them."""
    written = "".join(pieces)
    return not written.encode("ascii").translate(None, _OTHERS) and all(
        piece[:1] == "q"
        and piece[-2:] == "Q\n"
        and piece.count("q") == piece.count("Q") == piece.count("Q\nq") + 1
        for piece in pieces
        if piece
    )


@lru_cache(maxsize=4096)
def _font_of_look(
    look: str, x_mm: float, y_mm: float, size_pt: float, colour: str, tracking_mm: float, height_mm: float
) -> int:
    """Compare place, size, tracking and colour of one run with what they must be; the number of its font."""
    found = _LOOK.fullmatch(look)
    if found is None:
        raise OtherShapeError("text in another form than ours")
    drawn_colour, *drawn = found.groups()
    tracking, number, size, x, y = map(float, drawn)
    meant = (
        (tracking, tracking_mm * _PT_PER_MM),
        (size, size_pt),
        (x, x_mm * _PT_PER_MM),
        (y, (height_mm - y_mm) * _PT_PER_MM),
    )
    channels = zip(map(float, drawn_colour.split()), bytes.fromhex(colour[1:]), strict=True)
    if any(abs(one - other) >= _NEAR_PT for one, other in meant) or any(
        abs(channel - value / 255) >= _NEAR_COLOUR for channel, value in channels
    ):
        raise OtherShapeError("a text elsewhere, or of another look")
    return int(number)
