"""Step 5 of the issuing cycle: re-open what was rendered and compare it with what was meant."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pypdfium2

from certsvc.errors import DefectError
from certsvc.page.compose import expected_texts
from certsvc.page.model import Page
from certsvc.qr.decode import read_modules
from certsvc.rendering.pdfium import PDFIUM

_SPACE: Final = re.compile(r"\s+")
_LINE_END_HYPHEN: Final = "\x02"
"""What pdfium says for a hyphen at the end of a line, which may be the line's; ours is always the text's."""
_LIGATURES: Final = {point: unicodedata.normalize("NFKC", chr(point)) for point in range(0xFB00, 0xFB07)}
"""What pdfium says for a Latin ligature: the letters it is made of."""


def preflight(unsigned: bytes, page: Page, modules: tuple[tuple[bool, ...], ...], symbol: str) -> None:
    """Check a rendered PDF against its page before any key is used.

    Args:
        unsigned: PDF bytes without signature.
        page: what was composed.
        modules: the QR symbol drawn on it.
        symbol: the text the symbol must carry.

    Raises:
        DefectError: it does not open, has not one page, a field's text does not extract exactly,
            or the symbol reads as something else.
    """
    with PDFIUM:
        text = _squeezed(_text_of(unsigned))
    for field, expected in expected_texts(page).items():
        if _squeezed(expected) not in text:
            raise DefectError(f"the text of field {field} does not extract as it was written")
    if read_modules(modules) != symbol:
        raise DefectError("the QR symbol does not read back as its payload")


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
