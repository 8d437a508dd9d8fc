"""The drawn seal (印章): two rings, the issuer's name on an arc and a bridge; outlines only.

It is plainly not an official seal: no star, no emblem. What makes a file genuine is the signature, not this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import radians
from typing import Final

from certsvc.page.art import Move, ellipse, moved, turn
from certsvc.page.fonts import FontChain
from certsvc.page.layout import StampPlace
from certsvc.page.model import Path, Segment, Stamp

ARC: Final = radians(250)
"""The issuer's name takes at most this much of the circle."""
LETTER: Final = 0.125
"""Largest height of a letter of the issuer's name, as a share of the diameter."""

DECIMALS: Final = 2
"""Of a millimetre: finer than any printer; three would make the stamp of each file a quarter larger."""


@lru_cache(maxsize=64)
def draw_stamp(issuer: str, seal_line: str, place: StampPlace, fonts: FontChain) -> Stamp:
    """Draw the seal of *issuer*, with *seal_line* level under the bridge."""
    return Stamp(
        paths=tuple(_paths(issuer, seal_line, place, fonts)),
        x_mm=place.x_mm,
        y_mm=place.y_mm,
        width_mm=place.diameter_mm,
        height_mm=place.diameter_mm,
    )


def _moved(segments: Iterable[Segment], move: Move) -> tuple[Segment, ...]:
    return moved(segments, move, DECIMALS)


def _paths(issuer: str, seal_line: str, place: StampPlace, fonts: FontChain) -> Iterator[Path]:
    size, centre, colour = place.diameter_mm, place.diameter_mm / 2, place.colour
    middle = turn(0, centre, centre)
    for radius, weight in ((0.482, 0.028), (0.452, 0.006)):
        ring = _moved(ellipse(size * radius, size * radius), middle)
        yield Path(segments=ring, stroke=colour, width_mm=round(size * weight, 3))
    yield Path(segments=_name(issuer, size, fonts), fill=colour)
    line_mm = min(0.085 * size, 0.5 * size / fonts.width_em(seal_line, "bold"))
    half_mm = fonts.width_em(seal_line, "bold") * line_mm / 2
    line = _moved(fonts.outline(seal_line, line_mm, "bold"), turn(0, centre - half_mm, centre + 0.255 * size))
    yield Path(segments=line, fill=colour)
    yield from _bridge(size, colour)


def _name(issuer: str, size: float, fonts: FontChain) -> tuple[Segment, ...]:
    """Set the name along the ring, each letter upright on its own radius."""
    # Full-width brackets would tear holes into the arc.
    issuer = issuer.translate({ord("（"): "(", ord("）"): ")"})
    width_em = fonts.width_em(issuer, "bold")
    radius = 0.322 * size
    spread = min(1.28, max(1.0, ARC * radius / (width_em * LETTER * size)))
    letter_mm = min(LETTER * size, ARC * radius / width_em)
    angle = -width_em * letter_mm * spread / radius / 2
    segments: list[Segment] = []
    for letter in issuer:
        advance_em = fonts.width_em(letter, "bold")
        step = advance_em * letter_mm * spread / radius
        angle += step / 2
        place = turn(angle, size / 2, size / 2)
        half_mm = advance_em * letter_mm / 2
        outline = fonts.outline(letter, letter_mm, "bold")
        segments += _moved(outline, lambda x, y, place=place, half_mm=half_mm: place(x - half_mm, y - radius))  # type: ignore[misc]
        angle += step / 2
    return tuple(segments)


def _bridge(size: float, colour: str) -> Iterator[Path]:
    """Draw an arched bridge: a deck, one wide arch and its hangers."""
    middle = turn(0, size / 2, size / 2)
    half, deck, rise = 0.17 * size, 0.1 * size, 0.19 * size
    arch: tuple[Segment, ...] = (
        ("M", -half, deck),
        ("C", -half * 0.62, deck - rise * 1.333, half * 0.62, deck - rise * 1.333, half, deck),
    )
    lines: list[Segment] = [("M", -half * 1.25, deck), ("L", half * 1.25, deck)]
    for share in (-0.5, 0.0, 0.5):
        top = deck - rise * (1 - (share * 1.02) ** 2)
        lines += [("M", share * half, deck), ("L", share * half, top)]
    yield Path(segments=_moved(arch, middle), stroke=colour, width_mm=round(size * 0.02, 3))
    yield Path(segments=_moved(lines, middle), stroke=colour, width_mm=round(size * 0.011, 3))
    wave: list[Segment] = [("M", -half, deck + 0.045 * size)]
    step = 2 * half / 6
    for part in range(6):
        x, y = -half + part * step, deck + 0.045 * size
        bend = 0.03 * size * (-1) ** part
        wave.append(("C", x + step / 3, y - bend, x + 2 * step / 3, y - bend, x + step, y))
    yield Path(segments=_moved(wave, middle), stroke=colour, width_mm=round(size * 0.008, 3))
