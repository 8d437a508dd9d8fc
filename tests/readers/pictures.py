"""Two pictures of one page, compared as an eye would: what has no like near its place is a stray."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageChops

REACH_PIXELS: Final = 2
"""0.26 mm at the resolution of the pictures: anything may stand this far off."""
TOLERANCE: Final = 40
"""Of 255: edges are smoothed in different ways."""
DARKER: Final = [round(255 * (value / 255) ** 3) for value in range(256)]
"""Curve that brings pale watermarks out of the paper."""


def strays(one: bytes, other: bytes) -> Image.Image:
    """Return where the pictures differ, white on black.

    A pixel of one picture is like the other when it is neither darker nor lighter than everything the other
    has within reach of that place, and the other way round.
    """
    first, second = (Image.open(io.BytesIO(content)).convert("L").point(DARKER) for content in (one, other))
    width, height = (min(sides) for sides in zip(first.size, second.size, strict=True))
    first, second = (picture.crop((0, 0, width, height)) for picture in (first, second))
    return ImageChops.lighter(_strays_of(first, second), _strays_of(second, first))


def _strays_of(one: Image.Image, other: Image.Image) -> Image.Image:
    lightest, darkest = _around(other, ImageChops.lighter), _around(other, ImageChops.darker)
    beyond = ImageChops.lighter(ImageChops.subtract(one, lightest), ImageChops.subtract(darkest, one))
    return beyond.point(lambda difference: 255 if difference > TOLERANCE else 0)


def _around(picture: Image.Image, pick: Callable[[Image.Image, Image.Image], Image.Image]) -> Image.Image:
    """Give each pixel what *pick* chooses within reach: first along its row, then along its column."""
    for right, down in ((1, 0), (0, 1)):
        start = picture
        for step in range(-REACH_PIXELS, REACH_PIXELS + 1):
            picture = pick(picture, ImageChops.offset(start, right * step, down * step))
    return picture


def densest(mask: Image.Image, side_pixels: int) -> tuple[float, tuple[int, int]]:
    """Return the largest share of strays in any square of *side_pixels*, and that square's corner."""
    columns, rows = (-(-side // side_pixels) for side in mask.size)
    field = Image.new("L", (columns * side_pixels, rows * side_pixels))
    field.paste(mask)
    shares = field.resize((columns, rows), Image.Resampling.BOX).tobytes()
    top = max(range(len(shares)), key=shares.__getitem__)
    return shares[top] / 255, (top % columns * side_pixels, top // columns * side_pixels)
