"""Made-up pictures for the sample requests: an abstract portrait on white and a stroke like a signature.

Everything follows from a seed text, so the same request is drawn again the same way; nobody is shown.
"""

from __future__ import annotations

import hashlib
import math
from io import BytesIO

from PIL import Image, ImageDraw

SKINS = ("#f0cfb4", "#e3b998", "#d4a582", "#c4936e")
HAIRS = ("#1b1b1d", "#2c2320", "#3b3b40", "#77777c")
COATS = ("#22304a", "#3a3a3f", "#2f4d3f", "#54303a", "#1f4d6b")


class Dice:
    """Numbers that look random and are the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def between(self, low: float, high: float) -> float:
        """Return the next number from *low* to *high*."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        return low + (high - low) * int.from_bytes(digest[:4], "big") / 2**32

    def pick(self, choices: tuple[str, ...]) -> str:
        """Return one of *choices*."""
        return choices[int(self.between(0, len(choices)))]


def portrait(seed: str, *, long_hair: bool, size: tuple[int, int] = (295, 413)) -> Image.Image:
    """Draw head and shoulders in flat colours before a white ground."""
    dice = Dice(f"portrait {seed}")
    skin, hair, coat = dice.pick(SKINS), dice.pick(HAIRS), dice.pick(COATS)
    width, height = size[0] * 3, size[1] * 3  # three times as large, brought down: soft edges
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)

    def ellipse(x: float, y: float, rx: float, ry: float, fill: str) -> None:
        draw.ellipse(((x - rx) * width, (y - ry) * height, (x + rx) * width, (y + ry) * height), fill=fill)

    face_x, face_y = dice.between(0.19, 0.22), dice.between(0.19, 0.21)
    if long_hair:
        ellipse(0.5, 0.47, face_x + 0.07, 0.27, hair)
    ellipse(0.5, 1.08, 0.46, 0.34, coat)
    draw.polygon(
        [(width * x, height * y) for x, y in ((0.40, 0.74), (0.60, 0.74), (0.5, 0.92))], fill="white"
    )
    draw.rectangle((width * 0.42, height * 0.58, width * 0.58, height * 0.76), fill=skin)
    ellipse(0.5, 0.76, 0.08, 0.03, skin)
    ellipse(0.5, 0.38, face_x + 0.02, face_y, hair)
    ellipse(0.5, 0.45, face_x, face_y, skin)
    fringe = dice.between(0.27, 0.31)
    ellipse(0.5 + dice.between(-0.04, 0.04), fringe, face_x - 0.01, 0.08, hair)
    for side in (-1, 1):
        ellipse(0.5 + side * 0.085, 0.455, 0.016, 0.010, "#2a2a2a")
        ellipse(0.5 + side * 0.085, 0.418, 0.040, 0.006, hair)
    if dice.between(0, 1) < 0.4:
        for side in (-1, 1):
            box = [
                (0.5 + side * 0.085 - 0.06) * width,
                0.425 * height,
                (0.5 + side * 0.085 + 0.06) * width,
                0.49 * height,
            ]
            draw.rounded_rectangle(box, radius=width * 0.03, outline="#333333", width=width // 120)
    ellipse(0.5, 0.52, 0.018, 0.014, "#b98a6a")
    draw.arc(
        (width * 0.44, height * 0.53, width * 0.56, height * 0.59), 20, 160, fill="#9c5a50", width=width // 90
    )
    return image.resize(size, Image.Resampling.LANCZOS)


def signature(seed: str, letters: int, size: tuple[int, int] = (300, 116)) -> Image.Image:
    """Draw as many tangled strokes as the name has characters, thick and thin as a pen makes them."""
    dice = Dice(f"signature {seed}")
    width, height = size[0] * 3, size[1] * 3
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    letters = min(letters, 6)
    step = 0.84 / letters
    for letter in range(letters):
        centre = 0.08 + step * (letter + 0.5)
        waves = [(dice.between(0.5, 1), dice.between(1, 4), dice.between(0, math.tau)) for _ in range(4)]
        lean = dice.between(-0.1, 0.1)
        for tick in range(901):
            t = tick / 900
            x = sum(a * math.sin(math.tau * f * t + p) for a, f, p in waves[:2]) * step * 0.30
            y = sum(a * math.sin(math.tau * f * t + p) for a, f, p in waves[2:]) * 0.20
            pen = height * (0.009 + 0.011 * abs(math.sin(math.tau * (t * 3 + lean))))
            at_x, at_y = (centre + x - lean * y + step * 0.2 * (t - 0.5)) * width, (0.5 + y) * height
            draw.ellipse((at_x - pen, at_y - pen, at_x + pen, at_y + pen), fill=20)
    return image.resize(size, Image.Resampling.LANCZOS)


def as_jpeg(image: Image.Image) -> bytes:
    """Return the bytes of a JPEG file."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=82, optimize=True)
    return buffer.getvalue()


def as_png(image: Image.Image, colours: int) -> bytes:
    """Return the bytes of a PNG file of few colours."""
    buffer = BytesIO()
    image.quantize(colours).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
