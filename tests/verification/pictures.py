"""Pictures of our own certificates as a phone would take them, and what people do to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Final

import qrcode
import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from certsvc.rendering.png import preview
from tests.images import file_of

WIDE: Final = 1600
"""Pixels across a page in a phone's picture sent by a messenger."""

Spoil = Callable[[Image.Image, random.Random], Image.Image]


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


def _on_a_table(image: Image.Image, margin: float = 0.12) -> Image.Image:
    wide, high = image.size
    ground = Image.new("RGB", (round(wide * (1 + 2 * margin)), round(high * (1 + 2 * margin))), "#7a6a58")
    ground.paste(image, (round(wide * margin), round(high * margin)))
    return ground


def _turned(image: Image.Image, chance: random.Random) -> Image.Image:
    angle = chance.choice((-1, 1)) * chance.uniform(3, 25) + chance.choice((0, 90, 180, 270))
    return _on_a_table(image).rotate(angle, Image.Resampling.BICUBIC, fillcolor="#7a6a58")


def _slanted(image: Image.Image, chance: random.Random) -> Image.Image:
    table = _on_a_table(image)
    wide, high = table.size
    drop = chance.uniform(0.04, 0.14)
    # What the corners show, from the upper left one on, against the clock.
    quad = (-drop * wide, 0, 0, high, wide, high, (1 + drop) * wide, 0)
    return table.transform(
        table.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor="#7a6a58"
    )


def _blurred(image: Image.Image, chance: random.Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(1.5, 6.0)))


def _noisy(image: Image.Image, chance: random.Random) -> Image.Image:
    grain = Image.effect_noise(image.size, chance.uniform(25, 60)).convert("RGB")
    return ImageChops.add(image, grain, scale=1, offset=-128)


def _far(image: Image.Image, chance: random.Random) -> Image.Image:
    share = chance.uniform(0.3, 0.5)
    small = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.BICUBIC)
    ground = Image.new("RGB", image.size, "#7a6a58")
    ground.paste(small, (image.width // 4, image.height // 4))
    return ground


def _dim(image: Image.Image, chance: random.Random) -> Image.Image:
    light, base = chance.uniform(0.25, 0.5), chance.uniform(20, 60)
    return image.point(lambda value: int(base + value * light))


def _shadowed(image: Image.Image, chance: random.Random) -> Image.Image:
    shade = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(image.size)
    shade = shade.point(lambda value: 90 + value * 165 // 255)
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))


def _all(image: Image.Image, chance: random.Random) -> Image.Image:
    for spoil in (_slanted, _shadowed, _noisy):
        image = spoil(image, chance)
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(0.5, 2.5)))


CLASSES: Final[Mapping[str, Spoil]] = {
    "clean": lambda image, _: image,
    "turned": _turned,
    "slanted": _slanted,
    "blurred": _blurred,
    "noisy": _noisy,
    "dim": _dim,
    "far": _far,
    "shadowed": _shadowed,
    "all of it": _all,
}


def photo(page: Image.Image, kind: str, seed: int) -> bytes:
    """Return what a phone would send of *page*: spoilt, 1600 pixels wide, JPEG of quality 60."""
    small = page.resize((WIDE, round(page.height * WIDE / page.width)), Image.Resampling.BICUBIC)
    return jpeg(CLASSES[kind](small, random.Random(f"{kind} {seed}")))
