"""How sharp a photo is, and how light: measured where the head is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageFilter, ImageStat

from certsvc.photo.figure import Figure
from certsvc.photo.normalise import PHOTO_SMALLEST

_LAPLACE: Final = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
_MIDDLE: Final = (0.2, 0.12, 0.8, 0.75)
"""Where a head is in a one-inch photo, when no figure was found: shares left, top, right, bottom."""
_HEAD_HIGH: Final = 1.35
"""Height of a head in head widths."""
_INSIDE: Final = 0.62
"""Share of the head's width that is face: the edge against the ground says nothing of the face."""
_HEAD_KEPT: Final = 140
"""Pixels a head is brought down to: details of a small head lie closer together and would pass for sharp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Measures of grey levels in the head, at one size for all photos."""

    sharpness: float
    """Variance of the Laplacian (grey levels squared)."""
    mean: float
    """Mean grey level, of 255."""
    spread: float
    """Difference between the lightest and the darkest hundredth, of 255: eyes and brows, on any skin."""


def light_of(photo: Image.Image, figure: Figure | None) -> Light:
    """Measure a photo (RGB, upright), its head brought to one size first; never made larger."""
    wide = PHOTO_SMALLEST[0] if figure is None else round(_HEAD_KEPT / figure.head)
    wide = min(photo.width, wide)
    high = round(photo.height * wide / photo.width)
    grey = photo.convert("L").resize((wide, max(1, high)), Image.Resampling.LANCZOS)
    face = grey.crop(_box(grey, figure))
    # A light blur takes out noise and JPEG blocks, which would pass for sharpness.
    edges = face.filter(ImageFilter.GaussianBlur(0.7)).filter(_LAPLACE)
    inner = edges.crop((1, 1, max(2, edges.width - 1), max(2, edges.height - 1)))
    histogram = face.histogram()
    return Light(
        sharpness=ImageStat.Stat(inner).var[0],
        mean=ImageStat.Stat(face).mean[0],
        spread=_level(histogram, 0.99) - _level(histogram, 0.01),
    )


def _box(grey: Image.Image, figure: Figure | None) -> tuple[int, int, int, int]:
    left, top, right, bottom = _MIDDLE
    if figure is not None:
        half = figure.head * _INSIDE / 2
        left, right = figure.middle - half, figure.middle + half
        deep = figure.head * _HEAD_HIGH * grey.width / grey.height
        top, bottom = figure.top + 0.3 * deep, figure.top + 0.92 * deep
    return (
        max(0, round(left * grey.width)),
        max(0, round(top * grey.height)),
        max(8, min(grey.width, round(right * grey.width))),
        max(8, min(grey.height, round(bottom * grey.height))),
    )


def _level(histogram: list[int], share: float) -> int:
    """Return the grey level below which *share* of the pixels lie."""
    left = share * sum(histogram)
    for level, count in enumerate(histogram):
        left -= count
        if left <= 0:
            return level
    return 255
