"""Step 5 of the issuing cycle: re-open what was rendered and compare it with what was meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import pypdfium2

from certsvc.errors import DefectError
from certsvc.issuing.preflight_pdf_own import agrees
from certsvc.page.compose import expected_texts
from certsvc.page.model import Page
from certsvc.pdf.layout import Body
from certsvc.qr.decode import read_modules
from certsvc.rendering.pdfium import PDFIUM

_ONE_OF: Final = 64
"""Of so many files one is given to pdfium, though we can read it ourselves."""
_MOST_MET: Final = 32
_met: Final[dict[int, object]] = {}
"""Static pages of which a file went to pdfium, by id; while one is kept, nothing else can have its id."""
_SPACE: Final = re.compile(r"\s+")
_LINE_END_HYPHEN: Final = "\x02"
"""What pdfium says for a hyphen at the end of a line, which may be the line's; ours is always the text's."""
_LIGATURES: Final = {point: unicodedata.normalize("NFKC", chr(point)) for point in range(0xFB00, 0xFB07)}
"""What pdfium says for a Latin ligature: the letters it is made of."""


def preflight(unsigned: bytes, page: Page, modules: tuple[Sequence[int], ...], symbol: str) -> Body | None:
    """Check a rendered PDF against its page before any key is used.

    Args:
        unsigned: PDF bytes without signature.
        page: what was composed.
        modules: the QR symbol drawn on it.
        symbol: the text the symbol must carry.

    Returns:
        What was read of the file, for the check of the sealed one; None when only pdfium could read it.

    Raises:
        DefectError: it does not open, has not one page, a field's text does not extract exactly,
            or the symbol reads as something else.
    """
    body = agrees(unsigned, page)
    if _is_sample(page, symbol) or body is None:
        _extract(unsigned, page)
    if read_modules(modules) != symbol:
        raise DefectError("the QR symbol does not read back as its payload")
    return body


def _is_sample(page: Page, symbol: str) -> bool:
    """Say whether a reader by others is asked too: for a static page not met lately, and for some by lot."""
    new = _met.get(id(page.static)) is not page.static
    if new:
        if len(_met) >= _MOST_MET:
            _met.clear()
        _met[id(page.static)] = page.static
    return new or crc32(symbol.encode()) % _ONE_OF == 0


def _extract(unsigned: bytes, page: Page) -> None:
    """Demand that pdfium extracts the text of every field."""
    with PDFIUM:
        text = _squeezed(_text_of(unsigned))
    for field, expected in expected_texts(page).items():
        if _squeezed(expected) not in text:
            raise DefectError(f"the text of field {field} does not extract as it was written")


def _text_of(unsigned: bytes) -> str:
    """Extract the text of the only page; the caller holds pdfium."""
    try:
        document = pypdfium2.PdfDocument(unsigned)
    except pypdfium2.PdfiumError as error:
        raise DefectError("the rendered PDF does not open") from error
    try:
        if len(document) != 1:
            raise DefectError(f"the rendered PDF has {len(document)} pages")
        page = document[0]
        text = page.get_textpage()
        try:
            return str(text.get_text_bounded()).replace(_LINE_END_HYPHEN, "-")
        finally:
            text.close()
            page.close()
    finally:
        document.close()


def _squeezed(text: str) -> str:
    """Drop white space: where a line wraps is the layout's business, not the content's; part ligatures."""
    return _SPACE.sub("", text).translate(_LIGATURES)
