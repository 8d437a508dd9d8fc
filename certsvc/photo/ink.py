"""The strokes of a signature told from the paper they are on, whatever its light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops, ImageFilter

_PAPER_STEP: Final = 8
"""Side in pixels of the fields whose lightest pixel is taken for paper."""
_DEEPEST: Final = 0.001
"""Share of the pixels that is certainly ink, where there is any: its depth is that of the strokes."""
_INK_FROM: Final = 0.5
"""Part of that depth from which a pixel counts as ink."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """What is darker than the paper around it."""

    depth: Image.Image
    """Mode L: by how many of 255 levels each pixel is darker than its paper."""
    deepest: int
    """How much darker the strokes are, of 255."""
    box: tuple[int, int, int, int] | None
    """Left, upper, right, lower of all ink, in pixels; None without any."""
    share: float
    """Share of that box that is ink."""
    darkest: int
    """Grey level of the strokes, of 255."""
    paper: int
    """Median grey level of the picture, of 255."""


def ink_of(signature: Image.Image) -> Ink:
    """Measure a signature (RGB, on white where it was transparent)."""
    grey = signature.convert("L")
    small = grey.resize(
        (max(1, grey.width // _PAPER_STEP), max(1, grey.height // _PAPER_STEP)), Image.Resampling.BOX
    )
    # The lightest of 9 by 9 fields: strokes are narrower, shadows wider.
    paper = small.filter(ImageFilter.MaxFilter(9)).resize(grey.size, Image.Resampling.BILINEAR)
    depth = ImageChops.subtract(paper, grey)
    deepest = _level_from_above(depth.histogram(), _DEEPEST)
    mask = depth.point(lambda level: 255 if deepest and level >= deepest * _INK_FROM else 0)
    # A speck is no stroke.
    box = mask.filter(ImageFilter.MedianFilter(3)).getbbox() if deepest else None
    inside = mask.crop(box).histogram()[255] if box is not None else 0
    area = (box[2] - box[0]) * (box[3] - box[1]) if box is not None else 1
    histogram = grey.histogram()
    return Ink(
        depth=depth,
        deepest=deepest,
        box=box,
        share=inside / area,
        darkest=255 - _level_from_above(histogram[::-1], _DEEPEST),
        paper=255 - _level_from_above(histogram[::-1], 0.5),
    )


def _level_from_above(histogram: list[int], share: float) -> int:
    """Return the level that *share* of the pixels reach."""
    left = share * sum(histogram)
    for level in range(255, -1, -1):
        left -= histogram[level]
        if left <= 0:
            return level
    return 0
