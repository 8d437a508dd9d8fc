"""The ground behind a person: its colour along the border of a photo, and whether it is of one colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops

SMALL: Final = (120, 168)
"""Pixels of the copy on which shapes are looked for: 5:7, noise and hairs averaged away."""
_BAND: Final = 0.07
"""Width of the border band, as a share of the width."""
_SIDES_DOWN_TO: Final = 0.45
"""The bands at the sides end above where shoulders begin."""
NEAR: Final = 30
"""Greatest difference in any channel (of 255) between ground and ground: noise, JPEG and a soft shadow."""
UNIFORM_SHARE: Final = 0.82
"""Share of the band that must be near its median for the ground to be called of one colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the border band shows."""

    colour: tuple[int, int, int]
    """Median of each channel, of 255."""
    share: float
    """Share of the band within NEAR of it."""
    low: int
    """A tenth of those pixels have a darkest channel below this, of 255: how deep the shadows go."""

    @property
    def uniform(self) -> bool:
        """Whether it is of one colour, so that a figure can be told from it."""
        return self.share >= UNIFORM_SHARE

    @property
    def darkest(self) -> int:
        """Its darkest channel, of 255."""
        return min(self.colour)

    @property
    def tint(self) -> int:
        """Difference of its channels, of 255: 0 is grey or white."""
        return max(self.colour) - min(self.colour)


def small_copy(photo: Image.Image) -> Image.Image:
    """Return the copy shapes are looked for on: RGB, SMALL wide, as high as the photo asks."""
    height = max(1, round(photo.height * SMALL[0] / photo.width))
    return photo.resize((SMALL[0], min(height, 4 * SMALL[1])), Image.Resampling.BOX)


def ground_of(small: Image.Image) -> Ground:
    """Measure the border band of a small copy: the upper edge, and both sides down to the shoulders."""
    band = max(2, round(small.width * _BAND))
    down = round(small.height * _SIDES_DOWN_TO)
    boxes = (
        (0, 0, small.width, band),
        (0, band, band, down),
        (small.width - band, band, small.width, down),
    )
    pixels = [pixel for box in boxes for pixel in _pixels(small.crop(box))]
    red, green, blue = (_quantile([pixel[channel] for pixel in pixels], 0.5) for channel in range(3))
    colour = (red, green, blue)
    near = [
        min(pixel)
        for pixel in pixels
        if max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) <= NEAR
    ]
    return Ground(colour=colour, share=len(near) / len(pixels), low=_quantile(near, 0.1))


def difference(photo: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Return by how much each pixel differs from *colour*: greatest difference of a channel, mode L."""
    apart = ImageChops.difference(photo, Image.new("RGB", photo.size, colour))
    red, green, blue = apart.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _pixels(image: Image.Image) -> list[tuple[int, int, int]]:
    raw = image.tobytes()
    return list(zip(raw[::3], raw[1::3], raw[2::3], strict=True))


def _quantile(values: list[int], share: float) -> int:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0
