"""Portraits drawn as cameras take them, of nobody: light from one side, hair, shoulders, noise, shadow, JPEG.

``python -m tests.portraits`` prints what the photo tool measures in them (docs/decisions/photo-tool.md).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from certsvc.photo.figure import figure_of
from certsvc.photo.ground import ground_of, small_copy
from certsvc.photo.light import light_of

SKINS: Final = ("#f0cfb4", "#e3b998", "#d4a582", "#b98660")
HAIRS: Final = ("#1b1b1d", "#2c2320", "#3b3b40", "#8a8a90")
COATS: Final = ("#22304a", "#3a3a3f", "#2f4d3f", "#54303a", "#eceae6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How a portrait was taken."""

    seed: int = 1
    size: tuple[int, int] = (590, 826)
    ground: tuple[int, int, int] = (252, 252, 252)
    head: float = 0.48
    """Width of the head, share of the width."""
    crown: float = 0.11
    """Of the height."""
    middle: float = 0.5
    """Of the width."""
    long_hair: bool = False
    blur: float = 0.0
    """Radius in pixels of a photo 590 wide."""
    noise: int = 5
    """Greatest change of a pixel, of 255."""
    shadow: int = 0
    """How much darker the ground is at the right edge, of 255."""
    gain: float = 1.0
    """Light on everything but the ground."""
    busy: bool = False
    """A ground of stripes, as a room's wall."""


def portrait(taken: Taken) -> Image.Image:
    """Draw it: RGB."""
    dice = random.Random(taken.seed)
    width, height = taken.size
    ground = Image.new("RGB", taken.size, taken.ground)
    if taken.shadow:
        ramp = (
            Image.linear_gradient("L").rotate(90).resize(taken.size).point(lambda v: v * taken.shadow // 255)
        )
        ground = ImageChops.subtract(ground, Image.merge("RGB", (ramp,) * 3))
    if taken.busy:
        draw = ImageDraw.Draw(ground)
        for place in range(0, width, max(2, width // 9)):
            draw.rectangle((place, 0, place + width // 20, height), fill=(90, 120, 70))
    person, mask = _person(taken, dice)
    if taken.gain != 1.0:
        person = person.point(lambda v: min(255, int(v * taken.gain)))
    photo = Image.composite(person, ground, mask)
    if taken.blur:
        photo = photo.filter(ImageFilter.GaussianBlur(taken.blur * width / 590))
    if taken.noise:
        raw = bytes(v * (2 * taken.noise + 1) // 256 for v in dice.randbytes(4096))
        grain = Image.frombytes("L", (64, 64), raw)
        tiled = Image.new("L", taken.size)
        for left in range(0, width, 64):
            for top in range(0, height, 64):
                tiled.paste(grain.rotate(90 * dice.randrange(4)), (left, top))
        photo = ImageChops.add(photo, Image.merge("RGB", (tiled,) * 3), offset=-taken.noise)
    return photo


def as_file(photo: Image.Image, *, quality: int = 85, **options: object) -> bytes:
    """Return it as a JPEG file."""
    buffer = BytesIO()
    photo.save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def _person(taken: Taken, dice: random.Random) -> tuple[Image.Image, Image.Image]:
    """Draw the figure and the mask of it."""
    width, height = taken.size
    skin, hair, coat = dice.choice(SKINS), dice.choice(HAIRS), dice.choice(COATS)
    person, mask = Image.new("RGB", taken.size, skin), Image.new("L", taken.size, 0)
    draw, shape = ImageDraw.Draw(person), ImageDraw.Draw(mask)
    half = taken.head * width / 2
    x0, top = taken.middle * width, taken.crown * height

    def ellipse(x: float, y: float, rx: float, ry: float, fill: str) -> None:
        """Draw in half head widths from the crown."""
        box = (x0 + (x - rx) * half, top + (y - ry) * half, x0 + (x + rx) * half, top + (y + ry) * half)
        draw.ellipse(box, fill=fill)
        shape.ellipse(box, fill=255)

    def block(left: float, up: float, right: float, down: float, fill: str) -> None:
        box = (x0 + left * half, top + up * half, x0 + right * half, top + down * half)
        draw.rectangle(box, fill=fill)
        shape.rectangle(box, fill=255)

    if taken.long_hair:
        ellipse(0, 1.5, 1.0, 1.5, hair)
        block(-1.0, 1.4, 1.0, 2.9, hair)
    ellipse(0, 5.0, 2.15, 2.0, coat)
    block(-2.15, 5.0, 2.15, max(5.5, 2 * height / half), coat)
    block(-0.42, 2.2, 0.42, 3.3, skin)
    ellipse(0, 1.25, 1.0, 1.25, hair)
    ellipse(0, 1.5, 0.86, 1.22, skin)
    ellipse(dice.uniform(-0.2, 0.2), 0.55, 0.8, 0.45, hair)
    for side in (-1, 1):
        ellipse(side * 0.36, 1.45, 0.13, 0.06, "#f4efe8")
        ellipse(side * 0.36, 1.45, 0.06, 0.06, "#20201f")
        ellipse(side * 0.36, 1.25, 0.19, 0.035, hair)
        ellipse(side * 0.10, 1.86, 0.04, 0.03, "#8a5c48")
    ellipse(0, 2.14, 0.26, 0.05, "#a2584f")
    for _ in range(60):
        turn = dice.uniform(-0.8, 0.8)
        box = (
            x0 + turn * half,
            top + 0.1 * half,
            x0 + (turn + 0.3) * half,
            top + dice.uniform(0.5, 1.0) * half,
        )
        draw.arc(box, 180, 260, fill=dice.choice(("#50483f", hair)), width=max(1, width // 400))
    light = Image.linear_gradient("L").rotate(90).resize(taken.size).point(lambda v: v // 5)
    person = ImageChops.subtract(person, Image.merge("RGB", (light,) * 3))
    soft = ImageFilter.GaussianBlur(width / 590 * 0.8)
    return person.filter(soft), mask.filter(soft)


SAMPLES: Final = {
    "usual": Taken(),
    "long hair": Taken(seed=3, long_hair=True),
    "295x413": Taken(size=(295, 413), seed=2),
    "3000x4000": Taken(size=(3000, 4000)),
    "blur 0.5": Taken(blur=0.5),
    "blur 1": Taken(blur=1),
    "blur 1.5": Taken(blur=1.5),
    "blur 2": Taken(blur=2),
    "blur 2.5": Taken(blur=2.5),
    "blur 3": Taken(blur=3),
    "blur 4": Taken(blur=4),
    "noise 20": Taken(noise=20),
    "noise 20, blur 3": Taken(noise=20, blur=3),
    "noise 30, blur 3": Taken(noise=30, blur=3),
    "head 0.25": Taken(head=0.25),
    "head 0.36": Taken(head=0.36),
    "head 0.60": Taken(head=0.60),
    "head 0.70": Taken(head=0.70),
    "ground 215": Taken(ground=(215, 215, 215)),
    "ground 180": Taken(ground=(180, 180, 180)),
    "ground blue": Taken(ground=(60, 110, 200)),
    "shadow 60": Taken(shadow=60),
    "shadow 90": Taken(shadow=90),
    "stripes": Taken(busy=True),
    "light 0.3": Taken(gain=0.3),
    "light 0.5": Taken(gain=0.5),
    "light 1.3": Taken(gain=1.3),
    "light 1.6": Taken(gain=1.6),
    "white coat": Taken(seed=5, ground=(225, 225, 225)),
}
"""What was measured when the thresholds were chosen."""


def measured() -> str:
    """Return the table of docs/decisions/photo-tool.md."""
    lines = [
        "| drawn as | ground | of one colour | head | crown | sharpness | light | contrast |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, taken in SAMPLES.items():
        photo = Image.open(BytesIO(as_file(portrait(taken)))).convert("RGB")
        figure, ground = figure_of(photo), ground_of(small_copy(photo))
        light = light_of(photo, figure)
        head, crown = (f"{figure.head:.0%}", f"{figure.top:.0%}") if figure is not None else ("-", "-")
        lines.append(
            f"| {name} | {ground.darkest} | {ground.share:.0%} | {head} | {crown} | {light.sharpness:.0f} | "
            f"{light.mean:.0f} | {light.spread:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(measured())
