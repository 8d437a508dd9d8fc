"""Undo what a lens out of focus or a moving hand did to a picture, as far as a symbol's reader needs it.

The way a picture was blurred is guessed: a round spot of one size, or a line of one length in eight
directions. Each guess is undone by iteration, kept between black and white at each step, which a symbol of
two colours bears well. Sources: van Cittert (1931) and Landweber (1951),
https://en.wikipedia.org/wiki/Landweber_iteration.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

from PIL import Image, ImageChops, ImageFilter

_Blur = Callable[[Image.Image], Image.Image]

_SPOT: Final = 0.0025
"""Standard deviation of the spot, as a share of the longer side: a module of our symbol on a whole page."""
_SPOT_STEPS: Final = 20
_LINE: Final = 0.0057
"""Length of the line, as a share of the longer side: two modules."""
_LINE_STEPS: Final = 10
_DIRECTIONS: Final = 8
_MIDDLE: Final = 128
"""Grey level that stands for no difference."""


def deblurred(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield a grey picture with one guess after the other undone, likely ones first.

    Each costs a tenth to a third of a second at 1600 pixels.
    """
    longer = max(picture.size)
    yield _undo_spot(picture, ImageFilter.GaussianBlur(_SPOT * longer))
    for number in range(_DIRECTIONS):
        yield _undo_line(picture, _along(math.pi * number / _DIRECTIONS, _LINE * longer))


def _undo_spot(picture: Image.Image, spot: ImageFilter.GaussianBlur) -> Image.Image:
    """Add, again and again, what blurring the guess leaves over."""
    sharp = picture
    for _ in range(_SPOT_STEPS):
        left = ImageChops.subtract(picture, sharp.filter(spot), scale=1, offset=_MIDDLE)
        sharp = ImageChops.add(sharp, left, scale=1, offset=-_MIDDLE)
    return sharp


def _undo_line(picture: Image.Image, line: _Blur) -> Image.Image:
    """As _undo_spot, with the rest blurred once more: a line swallows some patterns whole, a spot none."""
    sharp = picture
    for _ in range(_LINE_STEPS):
        left = ImageChops.subtract(picture, line(sharp), scale=0.5, offset=_MIDDLE)
        sharp = ImageChops.add(sharp, line(left), scale=1, offset=-_MIDDLE)
    return sharp


def _along(angle: float, length: float) -> _Blur:
    """Return what moves a picture along a line: four exposures, evenly around where it was."""
    shifts = [
        (round(part * math.cos(angle)), round(part * math.sin(angle))) for part in (length / 8, length / 4)
    ]

    def blur(picture: Image.Image) -> Image.Image:
        for right, down in shifts:
            there = ImageChops.offset(picture, right, down)
            picture = Image.blend(there, ImageChops.offset(picture, -right, -down), 0.5)
        return picture

    return blur
