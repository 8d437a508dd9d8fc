"""The drawn seal as a picture, for the seal inside an OFD: readers there want a PNG, not outlines."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import pypdfium2
from PIL import Image
from pypdfium2 import raw as pdfium

from certsvc.errors import DefectError
from certsvc.page.model import Path, Stamp
from certsvc.rendering.pdfium import PDFIUM

DPI: Final = 300
"""Pixels per inch of the picture; what an office printer shows."""
LEVELS: Final = 4
"""Steps from clear to full ink, as many as two bits hold.

The picture travels twice in every OFD and is hashed each time; nobody sees more steps, which weigh half as
much again.
"""
_POINTS_PER_MM: Final = 72 / 25.4


def stamp_picture(stamp: Stamp) -> bytes:
    """Draw *stamp* on nothing: PNG bytes, one ink on a transparent ground, the same for the same stamp.

    Raises:
        DefectError: the stamp is drawn in more than one colour, or cannot be drawn.
    """
    inks = {colour for path in stamp.paths for colour in (path.stroke, path.fill) if colour is not None}
    if len(inks) != 1:
        raise DefectError(f"a stamp has one ink, this one has {len(inks)}")
    with PDFIUM:
        coverage = _coverage(stamp)
    levels = coverage.point([round(value * (LEVELS - 1) / 255) for value in range(256)])
    picture = Image.frombytes("P", levels.size, levels.tobytes())
    picture.putpalette(bytes.fromhex(inks.pop()[1:]) * LEVELS)
    clear = bytes(round(level * 255 / (LEVELS - 1)) for level in range(LEVELS))
    packed = BytesIO()
    picture.save(packed, "PNG", optimize=True, bits=2, transparency=clear, dpi=(DPI, DPI))
    return packed.getvalue()


def _coverage(stamp: Stamp) -> Image.Image:
    """Draw the stamp and return how much ink each pixel takes, 0 to 255."""
    try:
        document = pypdfium2.PdfDocument.new()
        try:
            page = document.new_page(stamp.width_mm * _POINTS_PER_MM, stamp.height_mm * _POINTS_PER_MM)
            for path in stamp.paths:
                pdfium.FPDFPage_InsertObject(page, _drawn(path, stamp.height_mm))
            page.gen_content()
            bitmap = page.render(scale=DPI / 72, fill_color=(0, 0, 0, 0))
            drawn: Image.Image = bitmap.to_pil()
            return drawn.convert("RGBA").getchannel("A")
        finally:
            document.close()
    except pypdfium2.PdfiumError as fault:
        raise DefectError("the stamp cannot be drawn") from fault


def _drawn(path: Path, height_mm: float) -> pdfium.FPDF_PAGEOBJECT:
    """Return *path* as an object of pdfium's."""
    drawn: pdfium.FPDF_PAGEOBJECT = pdfium.FPDFPageObj_CreateNewPath(0.0, 0.0)
    opacity = round(path.opacity * 255)
    for name, *numbers in path.segments:
        values = [float(value) for value in numbers]
        points = [
            value
            for x_mm, y_mm in zip(values[::2], values[1::2], strict=True)
            for value in (x_mm * _POINTS_PER_MM, (height_mm - y_mm) * _POINTS_PER_MM)
        ]
        if name == "M":
            pdfium.FPDFPath_MoveTo(drawn, *points)
        elif name == "L":
            pdfium.FPDFPath_LineTo(drawn, *points)
        elif name == "C":
            pdfium.FPDFPath_BezierTo(drawn, *points)
        else:
            pdfium.FPDFPath_Close(drawn)
    if path.fill is not None:
        pdfium.FPDFPageObj_SetFillColor(drawn, *bytes.fromhex(path.fill[1:]), opacity)
    if path.stroke is not None:
        pdfium.FPDFPageObj_SetStrokeColor(drawn, *bytes.fromhex(path.stroke[1:]), opacity)
        pdfium.FPDFPageObj_SetStrokeWidth(drawn, path.width_mm * _POINTS_PER_MM)
        pdfium.FPDFPageObj_SetLineCap(drawn, pdfium.FPDF_LINECAP_ROUND)
        pdfium.FPDFPageObj_SetLineJoin(drawn, pdfium.FPDF_LINEJOIN_ROUND)
    filled = pdfium.FPDF_FILLMODE_WINDING if path.fill is not None else pdfium.FPDF_FILLMODE_NONE
    pdfium.FPDFPath_SetDrawMode(drawn, filled, path.stroke is not None)
    return drawn
