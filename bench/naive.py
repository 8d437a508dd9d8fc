"""The way everyone else makes such a file: each library used as its own documentation shows, nothing more.

reportlab's canvas with registered fonts, the photo opened with Pillow, ``qrcode.make``, pyHanko's
``sign_pdf`` with a SimpleSigner. It prints the same texts, photo, signature image and symbol at the same
places as our page. Not in it, in its favour: the border, the rosette and the drawn seal (two rings and the
name stand in for it), PDF/A, machine-readable metadata, certification, reading the fonts (registered once, as
in a server that runs), and finding out where texts go (the page is composed beforehand).

Sources: reportlab user guide chapters 2 and 3; python-qrcode README, "Advanced usage"; pyHanko documentation,
"Signing PDF files with pyHanko as a library".
"""

from __future__ import annotations

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

_SEAL_RED: Final = "#c8102e"
_FIELD: Final = "Signature1"


class NaiveWay:
    """Fonts registered and a key loaded: what a script does before its loop over certificates."""

    def __init__(self, fonts: FontChain, keys: Path, name: str, issuer_name: str) -> None:
        """Register the fonts and load the key called *name* of the folder *keys*."""
        for font in fonts.fonts.values():
            pdfmetrics.registerFont(TTFont(_registered(font.name), BytesIO(font.content)))
        self._issuer_name = issuer_name
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
            if isinstance(item, TextRun) and not item.rotate_deg:
                sheet.setFont(_registered(item.font), item.size_pt)
                sheet.setFillColor(item.colour)
                sheet.drawString(
                    item.x_mm * mm, A4[1] - item.y_mm * mm, item.text, charSpace=item.tracking_mm * mm
                )
            elif isinstance(item, Picture):
                _place(
                    sheet,
                    Image.open(BytesIO(item.content)),
                    item.x_mm,
                    item.y_mm,
                    item.width_mm,
                    item.height_mm,
                )
            elif isinstance(item, Symbol):
                side = item.module_mm * len(item.modules)
                _place(sheet, qrcode.make(address).get_image(), item.x_mm, item.y_mm, side, side)
        self._seal(sheet, page)
        sheet.showPage()
        sheet.save()

    def _seal(self, sheet: canvas.Canvas, page: Page) -> None:
        stamp = page.stamp
        x, y = (stamp.x_mm + stamp.width_mm / 2) * mm, A4[1] - (stamp.y_mm + stamp.height_mm / 2) * mm
        sheet.setStrokeColor(_SEAL_RED)
        sheet.setFillColor(_SEAL_RED)
        for share in (0.48, 0.45):
            sheet.circle(x, y, stamp.width_mm * share * mm)
        sheet.setFont(_registered("serif-bold"), 8)
        sheet.drawCentredString(x, y, self._issuer_name)


def _registered(font: str) -> str:
    return f"naive-{font}"


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
