"""The person before the ground, as a silhouette: where the head is and how wide, whether shoulders are there.

No face is looked for and nobody is recognised: what differs from the ground and hangs together is the figure.
A coat stand would pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from certsvc.photo.ground import NEAR, Ground, difference, ground_of, small_copy

_OTHER: Final = 0.12
"""A second thing larger than this share of the figure: two people, or a ground that is none."""
_LEAST: Final = 0.04
"""Least share of the picture a figure covers."""
_RUN: Final = 3
"""Pixels of the small copy in a row before the head begins: single hairs do not count."""
_SHOULDERS: Final = 1.35
"""Width of shoulders, at least, in head widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Measures as shares of the picture's width or height."""

    ground: Ground
    mask: Image.Image
    """Mode L, 255 where the figure is; as large as the small copy."""
    top: float
    """Crown, hair included, from the upper edge: share of the height."""
    head: float
    """Width of the head, hair included: share of the width."""
    middle: float
    """Middle of the head from the left: share of the width."""
    shoulders: bool
    """Whether the figure widens below the head as shoulders do."""
    cut_above: bool
    """Whether the crown touches the upper edge."""


@dataclass(frozen=True, slots=True)
class _Row:
    left: int
    right: int

    @property
    def width(self) -> int:
        return self.right - self.left


def figure_of(photo: Image.Image) -> Figure | None:
    """Find the figure; None when the ground is not of one colour or more than one thing stands before it.

    Args:
        photo: RGB, upright.
    """
    small = small_copy(photo)
    ground = ground_of(small)
    if not ground.uniform:
        return None
    width, height = small.size
    figure = _largest(_not_ground(difference(small, ground.colour)), width, height)
    if figure is None:
        return None
    rows = [_row(figure[y * width : (y + 1) * width]) for y in range(height)]
    top = next((y for y, row in enumerate(rows) if row.width >= _RUN), None)
    if top is None:
        return None
    # A head is about as wide as twice the way down to its widest place, whatever shape the hair gives it.
    at = next((y for y in range(top + _RUN, height) if rows[y].width <= 2 * (y - top)), None)
    if at is None:
        return None
    head = rows[at]
    if head.width < _RUN * 2:
        return None
    below = rows[min(height - 1, at + head.width) :]
    return Figure(
        ground=ground,
        mask=Image.frombytes("L", small.size, bytes(255 * one for one in figure)),
        top=top / height,
        head=head.width / width,
        middle=(head.left + head.right) / 2 / width,
        shoulders=max(row.width for row in below) >= _SHOULDERS * head.width,
        cut_above=top == 0,
    )


def _not_ground(apart: Image.Image) -> bytearray:
    """Return 1 for each pixel the ground does not reach from above or the sides, 0 for the rest.

    What is as white as the ground but enclosed, a collar or a cheek in the light, belongs to the figure.
    """
    width, height = apart.size
    open_to = bytearray(one <= NEAR for one in apart.tobytes())
    border = (
        *range(width),
        *(y * width + x for y in range(height) for x in (0, width - 1)),
    )
    waiting = [place for place in border if open_to[place]]
    for place in waiting:
        open_to[place] = 0
    reached = bytearray(width * height)
    while waiting:
        place = waiting.pop()
        reached[place] = 1
        for beside in _beside(place, width, height):
            if open_to[beside]:
                open_to[beside] = 0
                waiting.append(beside)
    return bytearray(1 - one for one in reached)


def _largest(shapes: bytearray, width: int, height: int) -> bytearray | None:
    """Return the largest connected shape alone; None when there is none worth it, or another as large."""
    found: list[list[int]] = []
    left = bytearray(shapes)
    for start in range(width * height):
        if not left[start]:
            continue
        left[start] = 0
        shape = [start]
        for place in shape:
            for beside in _beside(place, width, height):
                if left[beside]:
                    left[beside] = 0
                    shape.append(beside)
        found.append(shape)
    found.sort(key=len, reverse=True)
    if not found or len(found[0]) < _LEAST * width * height:
        return None
    if len(found) > 1 and len(found[1]) > _OTHER * len(found[0]):
        return None
    figure = bytearray(width * height)
    for place in found[0]:
        figure[place] = 1
    return figure


def _beside(place: int, width: int, height: int) -> Iterator[int]:
    x = place % width
    if x:
        yield place - 1
    if x < width - 1:
        yield place + 1
    if place >= width:
        yield place - width
    if place < width * (height - 1):
        yield place + width


def _row(line: Sequence[int]) -> _Row:
    """Return the widest run of a row of the mask."""
    best, begun = _Row(0, 0), None
    for x, one in enumerate([*line, 0]):
        if one and begun is None:
            begun = x
        elif not one and begun is not None:
            if x - begun > best.width:
                best = _Row(begun, x)
            begun = None
    return best
