"""Photographs of our own pages as phones take them: eleven ways to spoil one, in strengths that stay fixed.

The strengths were written down before anything was measured; a change needs a page in docs/decisions. They
are drawn by lot between their two ends, the same at every run: a photograph is named by class and number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageFilter, ImageOps

WIDE: Final = 1600
"""Pixels across the page before it is spoilt: A4 at 194 dpi, a module of the symbol 5.8 pixels."""
QUALITY: Final = 60
"""Of the JPEG every photograph becomes in the end."""
EACH: Final = 20
"""Photographs of a class."""
_TABLE: Final = "#7a6a58"
"""Colour of what the paper lies on."""
_MARGIN: Final = 0.12
"""Share of the page's side that shows of it."""

Spoil = Callable[[Image.Image, random.Random], Image.Image]
"""Page in RGB, lot -> what the camera sees of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How strong one effect is: a value between two ends, drawn by lot."""

    least: float
    most: float

    def __str__(self) -> str:
        """Write it as the table does."""
        return f"{self.least:g}–{self.most:g}"

    def draw(self, chance: random.Random) -> float:
        """Return one."""
        return chance.uniform(self.least, self.most)


BLUR_SIGMA: Final = Strength(least=1.5, most=6.0)
"""Pixels: standard deviation of a lens out of focus; half of these exceed half a module."""
MOTION_LENGTH: Final = Strength(least=5, most=15)
"""Pixels the page moves while the shutter is open: 20 to 60 mm/s at 1/30 s."""
TURN_DEGREES: Final = Strength(least=3, most=25)
"""Either way, on top of any quarter turn."""
SLANT: Final = Strength(least=0.04, most=0.14)
"""Share of the width by which the upper edge is shorter at each end."""
NOISE_SIGMA: Final = Strength(least=25, most=60)
"""Grey levels of 255."""
DIM_LIGHT: Final = Strength(least=0.25, most=0.5)
"""Share of the contrast that is left,"""
DIM_BASE: Final = Strength(least=20, most=60)
"""on top of so many grey levels."""
CHAT_SIDE: Final = 1080
"""Pixels of the shorter side a chat program leaves,"""
CHAT_QUALITY: Final = Strength(least=20, most=50)
"""in a JPEG of this quality; forwarded once, so twice over."""
SHADE: Final = 90
"""Grey level that white has in the darkest place of a shadow across the page."""
CURL_RISE: Final = Strength(least=0.015, most=0.04)
"""Share of the width by which lines of the page bend, one wave across it, shaded along the wave."""
COPY_SPECKS: Final = Strength(least=0.005, most=0.02)
"""Share of the pixels a photocopier turns white or black,"""
COPY_STEEPNESS: Final = Strength(least=4, most=10)
"""and how much steeper it makes the step between the two,"""
COPY_TURN: Final = Strength(least=0.5, most=3)
"""askew by so many degrees, strokes grown or worn by a pixel."""
COMBINED_SIGMA: Final = Strength(least=0.5, most=2.5)
"""Pixels of blur over slant, shadow and noise of the strengths above."""


def _on_a_table(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, (round(image.width * _MARGIN), round(image.height * _MARGIN)), _TABLE)


def _grain(size: tuple[int, int], sigma: float, chance: random.Random) -> Image.Image:
    """Return grey noise around 128, nearly normal: the mean of four even lots. Pillow's own takes no seed."""
    lots = [Image.frombytes("L", size, chance.randbytes(size[0] * size[1])) for _ in range(4)]
    mean = Image.blend(Image.blend(lots[0], lots[1], 0.5), Image.blend(lots[2], lots[3], 0.5), 0.5)
    # One even lot over 256 levels has a standard deviation of 73.9, the mean of four half of it.
    return mean.point(lambda value: round(128 + (value - 127.5) * sigma / 36.95))


def _blurred(image: Image.Image, chance: random.Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(BLUR_SIGMA.draw(chance)))


def _moved(image: Image.Image, chance: random.Random) -> Image.Image:
    """Average the page over the way it moved."""
    length, angle = MOTION_LENGTH.draw(chance), chance.uniform(0, math.pi)
    steps = round(length) + 1
    seen = image
    for step in range(1, steps):
        along = length * step / (steps - 1)
        shift = (1, 0, along * math.cos(angle), 0, 1, along * math.sin(angle))
        there = image.transform(
            image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR, fillcolor="white"
        )
        seen = Image.blend(seen, there, 1 / (step + 1))
    return seen


def _turned(image: Image.Image, chance: random.Random) -> Image.Image:
    angle = chance.choice((-1, 1)) * TURN_DEGREES.draw(chance) + chance.choice((0, 90, 180, 270))
    return _on_a_table(image).rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_TABLE)


def _slanted(image: Image.Image, chance: random.Random) -> Image.Image:
    table = _on_a_table(image)
    wide, high = table.size
    drop = SLANT.draw(chance)
    # What the corners show, from the upper left one on, against the clock.
    quad = (-drop * wide, 0, 0, high, wide, high, (1 + drop) * wide, 0)
    return table.transform(table.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=_TABLE)


def _noisy(image: Image.Image, chance: random.Random) -> Image.Image:
    grain = _grain(image.size, NOISE_SIGMA.draw(chance), chance)
    return ImageChops.add(image, grain.convert("RGB"), scale=1, offset=-128)


def _dim(image: Image.Image, chance: random.Random) -> Image.Image:
    light, base = DIM_LIGHT.draw(chance), DIM_BASE.draw(chance)
    return image.point(lambda value: int(base + value * light))


def _chatted(image: Image.Image, chance: random.Random) -> Image.Image:
    scale = CHAT_SIDE / min(image.size)
    sent = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    for _ in range(2):
        sent = Image.open(BytesIO(_jpeg(sent, round(CHAT_QUALITY.draw(chance))))).convert("RGB")
    return sent


def _shadowed(image: Image.Image, chance: random.Random) -> Image.Image:
    shade = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(image.size)
    shade = shade.point(lambda value: SHADE + value * (255 - SHADE) // 255)
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))


def _curled(image: Image.Image, chance: random.Random) -> Image.Image:
    """Bend the page in one wave, upright strip by strip."""
    table = _on_a_table(image)
    wide, high = table.size
    rise, phase, strips = CURL_RISE.draw(chance) * wide, chance.uniform(0, 2 * math.pi), 64
    edges = [round(wide * strip / strips) for strip in range(strips + 1)]
    bend = [rise * math.sin(2 * math.pi * edge / wide + phase) for edge in edges]
    mesh = [
        ((left, 0, right, high), (left, up, left, up + high, right, down + high, right, down))
        for left, right, up, down in zip(edges, edges[1:], bend, bend[1:], strict=False)
    ]
    bent = table.transform(table.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC, fillcolor=_TABLE)
    # Light from the side: what faces away from it is darker.
    slope = bytes(round(215 + 40 * math.cos(2 * math.pi * x / wide + phase)) for x in range(wide))
    shade = Image.frombytes("L", (wide, 1), slope).resize((wide, high))
    return ImageChops.multiply(bent, Image.merge("RGB", (shade, shade, shade)))


def _copied(image: Image.Image, chance: random.Random) -> Image.Image:
    """Photocopy it: grey, hard, askew, with strokes grown or worn, and specks."""
    askew = chance.choice((-1, 1)) * COPY_TURN.draw(chance)
    grey = image.convert("L").rotate(askew, Image.Resampling.BICUBIC, fillcolor="white")
    grey = grey.filter(chance.choice((ImageFilter.MinFilter(3), ImageFilter.MaxFilter(3))))
    steep = COPY_STEEPNESS.draw(chance)
    hard = grey.point(lambda value: round(255 / (1 + math.exp(-steep * (value / 255 - 0.5) * 2))))
    dots = bytearray(hard.tobytes())
    for _ in range(round(COPY_SPECKS.draw(chance) * len(dots))):
        dots[chance.randrange(len(dots))] = chance.choice((0, 255))
    hard = Image.frombytes("L", hard.size, bytes(dots))
    return hard.convert("RGB")


def _combined(image: Image.Image, chance: random.Random) -> Image.Image:
    for spoil in (_slanted, _shadowed, _noisy):
        image = spoil(image, chance)
    return image.filter(ImageFilter.GaussianBlur(COMBINED_SIGMA.draw(chance)))


CLASSES: Final[Mapping[str, Spoil]] = {
    "blur": _blurred,
    "motion": _moved,
    "rotation": _turned,
    "perspective": _slanted,
    "noise": _noisy,
    "low light": _dim,
    "chat-size JPEG": _chatted,
    "shadow": _shadowed,
    "curl": _curled,
    "photocopy": _copied,
    "combined": _combined,
}
"""Every class by its name."""

STRENGTHS: Final[Mapping[str, str]] = {
    "blur": f"out of focus, σ {BLUR_SIGMA} px",
    "motion": f"moved by {MOTION_LENGTH} px in any direction",
    "rotation": f"turned by {TURN_DEGREES}° either way, and by any quarter",
    "perspective": f"upper edge shorter by {SLANT} of the width at each end",
    "noise": f"σ {NOISE_SIGMA} of 255 grey levels",
    "low light": f"{DIM_LIGHT} of the contrast left, on {DIM_BASE} of 255 grey levels",
    "chat-size JPEG": f"{CHAT_SIDE} px on the shorter side, JPEG quality {CHAT_QUALITY}, twice",
    "shadow": f"white down to {SHADE} of 255 across the page",
    "curl": f"lines bent by {CURL_RISE} of the width in one wave, shaded",
    "photocopy": f"contrast × {COPY_STEEPNESS}, specks {COPY_SPECKS}, askew {COPY_TURN}°, strokes ± 1 px",
    "combined": f"perspective, shadow and noise as above, then σ {COMBINED_SIGMA} px",
}
"""What is done in each class, in words."""


def photograph(page: Image.Image, kind: str, number: int) -> bytes:
    """Return the file a phone sends of *page*: a JPEG.

    Args:
        page: the page in RGB, at least WIDE pixels across.
        kind: a name of CLASSES.
        number: which of the class, from 0; the same number gives the same file.
    """
    small = page.resize((WIDE, round(page.height * WIDE / page.width)), Image.Resampling.BICUBIC)
    return _jpeg(CLASSES[kind](small, random.Random(f"{kind} {number}")), QUALITY)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
