"""Pictures of our own certificates as a phone would take them, and what people do to them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Final

import qrcode
import zxingcpp
from PIL import Image

from bench.photographs import CLASSES, WIDE, Spoil, photograph
from certsvc.rendering.png import preview
from tests.images import file_of


@cache
def drawn(pdf: bytes, dpi: int = 200) -> Image.Image:
    """Return the first page as a picture."""
    return Image.open(BytesIO(preview(pdf, dpi))).convert("RGB")


def jpeg(image: Image.Image, quality: int = 60) -> bytes:
    """Return a JPEG file."""
    return file_of(image, "JPEG", quality=quality)


def png(image: Image.Image) -> bytes:
    """Return a PNG file."""
    return file_of(image, "PNG")


def pdf_of(*images: Image.Image) -> bytes:
    """Return a PDF of one page for each picture, as a scanner writes it."""
    out = BytesIO()
    # Copies: Pillow leaves options of one save on the pictures, and the next save would obey them.
    first, *others = [image.copy() for image in images]
    first.save(out, "PDF", save_all=True, append_images=others, resolution=200)
    return out.getvalue()


def symbol(text: str, box: int = 8) -> Image.Image:
    """Return a QR symbol of any text."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, box_size=box)
    code.add_data(text)
    out = BytesIO()
    code.make_image().save(out)
    return Image.open(out).convert("RGB")


def beside(*images: Image.Image) -> Image.Image:
    """Lay pictures side by side on white."""
    ground = Image.new("RGB", (sum(i.width for i in images), max(i.height for i in images)), "white")
    left = 0
    for image in images:
        ground.paste(image, (left, 0))
        left += image.width
    return ground


def with_symbol_of(face: Image.Image, other: Image.Image) -> Image.Image:
    """Paste the symbol of *other* over the one of *face*, as a forger would; both of one layout."""
    (found,) = zxingcpp.read_barcodes(other)
    corners = (found.position.top_left, found.position.bottom_right)
    box = (corners[0].x - 4, corners[0].y - 4, corners[1].x + 4, corners[1].y + 4)
    forged = face.copy()
    forged.paste(other.crop(box), box[:2])
    return forged


def _far(image: Image.Image, chance: random.Random) -> Image.Image:
    share = chance.uniform(0.3, 0.5)
    small = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.BICUBIC)
    ground = Image.new("RGB", image.size, "#7a6a58")
    ground.paste(small, (image.width // 4, image.height // 4))
    return ground


ALSO: Final[Mapping[str, Spoil]] = {"clean": lambda image, _: image, "far": _far}
"""Beside the eleven classes that are counted: nothing spoilt, and a page of 480 to 800 pixels."""


def photo(page: Image.Image, kind: str, number: int) -> bytes:
    """Return what a phone would send of *page*, spoilt in one of the eleven ways or the two beside them."""
    if kind in CLASSES:
        return photograph(page, kind, number)
    small = page.resize((WIDE, round(page.height * WIDE / page.width)), Image.Resampling.BICUBIC)
    return jpeg(ALSO[kind](small, random.Random(f"{kind} {number}")))
