"""Small images every test may hand in: a one-inch photo and a signature, drawn, of nobody."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Literal

from PIL import Image, ImageDraw

ImageFormat = Literal["JPEG", "PNG"]


def file_of(image: Image.Image, image_format: ImageFormat, **options: object) -> bytes:
    """Return *image* as the bytes of a file."""
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def drawn_photo(width: int = 295, height: int = 413, *, coat: str = "#334455") -> Image.Image:
    """Draw a head and shoulders before a white ground."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.05, height * 0.68, width * 0.95, height * 1.4), fill=coat)
    draw.ellipse((width * 0.30, height * 0.20, width * 0.70, height * 0.68), fill="#d8b59b")
    draw.pieslice((width * 0.28, height * 0.15, width * 0.72, height * 0.60), 180, 360, fill="#222222")
    return image


def drawn_signature(width: int = 240, height: int = 90) -> Image.Image:
    """Draw one dark stroke with turns on white."""
    image = Image.new("RGB", (width, height), "white")
    points = [(0.08, 0.7), (0.25, 0.2), (0.35, 0.8), (0.5, 0.3), (0.62, 0.75), (0.75, 0.4), (0.93, 0.55)]
    ImageDraw.Draw(image).line([(x * width, y * height) for x, y in points], fill="#101030", width=4)
    return image


@cache
def a_photo(image_format: ImageFormat = "JPEG", *, coat: str = "#334455") -> bytes:
    """Return a photo file of 295x413 that keeps every rule; another *coat* makes another photo."""
    return file_of(drawn_photo(coat=coat), image_format)


@cache
def a_signature(*, width: int = 240) -> bytes:
    """Return a signature file (PNG) that keeps every rule; another *width* makes another signature."""
    return file_of(drawn_signature(width), "PNG")
