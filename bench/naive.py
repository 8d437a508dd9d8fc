"""The way everyone else makes such a file: each library used as its own documentation shows, nothing more.

reportlab's canvas with registered fonts and paths, pictures opened with Pillow, ``qrcode.make``, pyHanko's
``sign_pdf`` with a SimpleSigner. The face is our page's: the same border, rosette, lines and texts, photo,
signature image and symbol at the same places, and the issuer's seal as the picture that our OFD carries.

Not in it, in its favour: PDF/A, machine-readable metadata, certification, reading fonts and seal (once, as in
a server that runs), and finding out where texts go (the page is composed beforehand). No library keeps what
two documents share, and neither does this.

Sources: reportlab user guide chapters 2 (paths, pictures) and 3 (fonts); python-qrcode README, "Advanced
usage"; pyHanko documentation, "Signing PDF files with pyHanko as a library".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

import qrcode
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from certsvc.page.fonts import FontChain
from certsvc.page.model import Page, Picture, Symbol, TextRun
from certsvc.page.model import Path as Outline

_FIELD: Final = "Signature1"


class NaiveWay:
    """Fonts registered and a key loaded: what a script does before its loop over certificates."""

    def __init__(self, fonts: FontChain, keys: Path, name: str, seal: bytes) -> None:
        """Register the fonts, load the key called *name* of the folder *keys*, take the *seal* as a PNG."""
        for font in fonts.fonts.values():
            pdfmetrics.registerFont(TTFont(_registered(font.name), BytesIO(font.content)))
        self._seal = seal
        signer = signers.SimpleSigner.load(  # type: ignore[no-untyped-call]  # untyped upstream
            str(keys / f"{name}.key.pem"),
            str(keys / f"{name}.pem"),
            ca_chain_files=(str(keys / "issuing.pem"),),
        )
        if signer is None:
            raise ValueError(f"pyHanko cannot load the key {name}")
        self._signer = signer

    def issue(self, page: Page, address: str) -> bytes:
        """Draw *page* with a symbol of *address*, and sign it."""
        drawn = BytesIO()
        self._draw(page, address, drawn)
        signed = signers.sign_pdf(
            IncrementalPdfFileWriter(drawn),
            signers.PdfSignatureMetadata(field_name=_FIELD, subfilter=fields.SigSeedSubFilter.PADES),
            signer=self._signer,
        )
        content: bytes = signed.getvalue()
        return content

    def _draw(self, page: Page, address: str, output: BytesIO) -> None:
        sheet = canvas.Canvas(output, pagesize=A4)
        for item in (*page.static, *page.variable):
            if isinstance(item, TextRun):
                _write(sheet, item)
            elif isinstance(item, Outline):
                _trace(sheet, item)
            elif isinstance(item, Picture):
                place = (item.x_mm, item.y_mm, item.width_mm, item.height_mm)
                _place(sheet, Image.open(BytesIO(item.content)), *place)
            elif isinstance(item, Symbol):
                side = item.module_mm * len(item.modules)
                _place(sheet, qrcode.make(address).get_image(), item.x_mm, item.y_mm, side, side)
        stamp = page.stamp
        _place(
            sheet,
            Image.open(BytesIO(self._seal)),
            stamp.x_mm,
            stamp.y_mm,
            stamp.width_mm,
            stamp.height_mm,
        )
        sheet.showPage()
        sheet.save()


def _registered(font: str) -> str:
    return f"naive-{font}"


def _write(sheet: canvas.Canvas, run: TextRun) -> None:
    sheet.setFont(_registered(run.font), run.size_pt)
    sheet.setFillColor(run.colour)
    sheet.drawString(run.x_mm * mm, A4[1] - run.y_mm * mm, run.text, charSpace=run.tracking_mm * mm)


def _trace(sheet: canvas.Canvas, outline: Outline) -> None:
    path = sheet.beginPath()
    steps: Mapping[str, Callable[..., object]] = {
        "M": path.moveTo,
        "L": path.lineTo,
        "C": path.curveTo,
        "Z": path.close,
    }
    for verb, *numbers in outline.segments:
        points = [
            float(value) * mm if place % 2 == 0 else A4[1] - float(value) * mm
            for place, value in enumerate(numbers)
        ]
        steps[str(verb)](*points)
    if outline.stroke is not None:
        sheet.setStrokeColor(outline.stroke)
        sheet.setLineWidth(outline.width_mm * mm)
    if outline.fill is not None:
        sheet.setFillColor(outline.fill)
    sheet.drawPath(path, stroke=outline.stroke is not None, fill=outline.fill is not None)


def _place(
    sheet: canvas.Canvas, image: Image.Image, x_mm: float, y_mm: float, width_mm: float, height_mm: float
) -> None:
    sheet.drawImage(
        ImageReader(image),
        x_mm * mm,
        A4[1] - (y_mm + height_mm) * mm,
        width=width_mm * mm,
        height=height_mm * mm,
        mask="auto",
    )
