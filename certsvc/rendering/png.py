"""PDF -> PNG: what a person sees of the first page."""

from __future__ import annotations

from io import BytesIO

import pypdfium2

from certsvc.errors import DefectError
from certsvc.rendering.pdfium import PDFIUM


def preview(pdf: bytes, dpi: int) -> bytes:
    """Return the first page as PNG bytes, seal included.

    Args:
        pdf: one of our own files; strangers' files are opened elsewhere, in a process of their own.
        dpi: pixels per inch, e.g. 150.

    Raises:
        DefectError: the file cannot be drawn.
    """
    try:
        with PDFIUM:
            document = pypdfium2.PdfDocument(pdf)
            try:
                document.init_forms()
                image = document[0].render(scale=dpi / 72, may_draw_forms=True).to_pil().convert("RGB")
            finally:
                document.close()
    except pypdfium2.PdfiumError as fault:
        raise DefectError("the file cannot be drawn") from fault
    drawn = BytesIO()
    image.save(drawn, "PNG")
    return drawn.getvalue()
