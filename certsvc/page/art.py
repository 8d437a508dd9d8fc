"""The drawn parts of the page, as plain outlines: border, rosette, rules, watermark. No emblem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import cos, pi, radians, sin
from typing import Final

from certsvc.page.fonts import FontChain
from certsvc.page.layout import Box, Frame, Layout, Watermark
from certsvc.page.model import Path, Segment

SINE_CONTROL: Final = 0.3642
"""Where a cubic curve's control points stand, as a share of its length, to follow half a sine wave."""
CIRCLE_CONTROL: Final = 0.5523
"""The same for a quarter of a circle, as a share of the radius."""
PETALS: Final = 48
"""Ellipses in the rosette."""

Move = Callable[[float, float], tuple[float, float]]


def moved(segments: Iterable[Segment], move: Move, decimals: int = 3) -> tuple[Segment, ...]:
    """Return *segments* with every point moved, in millimetres with so many *decimals*."""
    result: list[Segment] = []
    for segment in segments:
        numbers = [float(number) for number in segment[1:]]
        points = zip(numbers[::2], numbers[1::2], strict=True)
        result.append((segment[0], *(round(part, decimals) for point in points for part in move(*point))))
    return tuple(result)


def turn(angle: float, x_mm: float, y_mm: float) -> Move:
    """Return the move that turns about the origin by *angle* (radians, clockwise), then shifts."""
    cosine, sine = cos(angle), sin(angle)
    return lambda x, y: (x_mm + x * cosine - y * sine, y_mm + x * sine + y * cosine)


def ellipse(radius_x: float, radius_y: float) -> tuple[Segment, ...]:
    """Return an ellipse about the origin."""
    a, b, c, d = radius_x, radius_y, radius_x * CIRCLE_CONTROL, radius_y * CIRCLE_CONTROL
    return (
        ("M", a, 0.0),
        ("C", a, d, c, b, 0.0, b),
        ("C", -c, b, -a, d, -a, 0.0),
        ("C", -a, -d, -c, -b, 0.0, -b),
        ("C", c, -b, a, -d, a, 0.0),
        ("Z",),
    )


def rectangle(box: Box) -> tuple[Segment, ...]:
    """Return the outline of *box*."""
    left, top, right, bottom = box.x_mm, box.y_mm, box.x_mm + box.width_mm, box.y_mm + box.height_mm
    return ("M", left, top), ("L", right, top), ("L", right, bottom), ("L", left, bottom), ("Z",)


@lru_cache(maxsize=256)
def rule(x_mm: float, y_mm: float, width_mm: float, colour: str, weight_mm: float) -> Path:
    """Return a level line."""
    ends: tuple[Segment, ...] = (
        ("M", round(x_mm, 3), round(y_mm, 3)),
        ("L", round(x_mm + width_mm, 3), round(y_mm, 3)),
    )
    return Path(segments=ends, stroke=colour, width_mm=weight_mm)


def border(layout: Layout) -> Iterator[Path]:
    """Draw the rosette, then two double rules with three interlaced waves running between them."""
    frame = layout.frame
    yield _rosette(frame)
    middle = (frame.outer_mm + frame.inner_mm) / 2
    swing = (frame.inner_mm - frame.outer_mm) / 2 - 0.9
    corner = (frame.inner_mm - frame.outer_mm) / 2
    for start, end, across in (
        ()
        if not frame.waves
        else (
            ((middle + corner, middle), layout.width_mm - 2 * (middle + corner), False),
            ((middle + corner, layout.height_mm - middle), layout.width_mm - 2 * (middle + corner), False),
            ((middle, middle + corner), layout.height_mm - 2 * (middle + corner), True),
            ((layout.width_mm - middle, middle + corner), layout.height_mm - 2 * (middle + corner), True),
        )
    ):
        halves = 2 * round(end / frame.half_wave_mm / 2)
        for share in (1.0, 0.5, -0.5, -1.0):
            wave = _wave(end, halves, swing * share)
            move = turn(pi / 2 if across else 0.0, *start)
            yield Path(segments=moved(wave, move), stroke=frame.wave, width_mm=0.13)
    for x_mm in (middle, layout.width_mm - middle) if frame.waves else ():
        for y_mm in (middle, layout.height_mm - middle):
            for angle in range(0, 180, 30):
                petal = moved(ellipse(corner - 0.9, (corner - 0.9) / 2.6), turn(radians(angle), x_mm, y_mm))
                yield Path(segments=petal, stroke=frame.wave, width_mm=0.13)
    for inset, weight_mm in (
        (frame.outer_mm, 0.6),
        (frame.outer_mm + 0.75, 0.15),
        (frame.inner_mm - 0.75, 0.15),
        (frame.inner_mm, 0.35),
    ):
        size = layout.width_mm - 2 * inset, layout.height_mm - 2 * inset
        outline = rectangle(Box(x_mm=inset, y_mm=inset, width_mm=size[0], height_mm=size[1]))
        yield Path(segments=outline, stroke=frame.rule, width_mm=weight_mm)


def _wave(length_mm: float, halves: int, swing_mm: float) -> tuple[Segment, ...]:
    """Return a wave from (0, swing) along x, *halves* half waves long."""
    step = length_mm / halves
    segments: list[Segment] = [("M", 0.0, swing_mm)]
    for half in range(halves):
        x, y = half * step, swing_mm if half % 2 == 0 else -swing_mm
        segments.append(("C", x + SINE_CONTROL * step, y, x + (1 - SINE_CONTROL) * step, -y, x + step, -y))
    return tuple(segments)


def _rosette(frame: Frame) -> Path:
    """Draw ellipses turned about one point; their crossings make a fine moiré that a copier blurs."""
    radius = frame.rosette_radius_mm
    segments: list[Segment] = []
    for petal in range(PETALS):
        angle = pi * petal / PETALS
        segments += moved(ellipse(radius, radius * 0.42), turn(angle, frame.rosette_x_mm, frame.rosette_y_mm))
    return Path(segments=tuple(segments), stroke=frame.rosette, width_mm=0.1)


def watermark(text: str, mark: Watermark, fonts: FontChain) -> Path:
    """Draw *text* as outlines about the mark's middle: outlines never mix into the text a reader extracts."""
    segments = fonts.outline(text, mark.size_mm, "bold")
    half_mm = fonts.width_em(text, "bold") * mark.size_mm / 2
    rise_mm = 0.38 * mark.size_mm
    place = turn(radians(-mark.rotate_deg), mark.x_mm, mark.y_mm)
    return Path(segments=moved(segments, lambda x, y: place(x - half_mm, y + rise_mm)), fill=mark.colour)
