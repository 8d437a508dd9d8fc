"""What art.toml of a certificate type may say: outlines of its own, drawn under everything but the rosette.

A type without the file has the border alone. Like the border these are plain outlines: no picture, no emblem.
"""

from __future__ import annotations

import re
from pathlib import Path as File
from typing import Final

from pydantic import field_validator, model_validator

from certsvc.page.layout import Colour, Positive, Table, read_table
from certsvc.page.model import Path, Segment

_NUMBERS: Final = {"M": 2, "L": 2, "C": 6, "Z": 0}
"""How many numbers follow each step."""
_TOKEN: Final = re.compile(r"[A-Za-z]|-?[0-9]+(?:\.[0-9]+)?|\S", re.ASCII)


class Outline(Table):
    """One outline, as the ``d`` of an SVG path in millimetres: only M, L, C and Z, which are absolute."""

    d: str
    stroke: Colour | None = None
    width_mm: Positive = 0.2
    """Of the stroke."""
    fill: Colour | None = None

    @model_validator(mode="after")
    def _check_steps(self) -> Outline:
        if self.stroke is None and self.fill is None:
            raise ValueError("has neither stroke nor fill: it would not be seen")
        self.segments()
        return self

    def segments(self) -> tuple[Segment, ...]:
        """Return the steps. ValueError names what cannot be read."""
        steps: list[Segment] = []
        tokens = _TOKEN.findall(self.d)
        while tokens:
            name = tokens.pop(0)
            if name not in _NUMBERS or (not steps and name != "M"):
                raise ValueError(f"step {len(steps) + 1} is {name}: M comes first, then M, L, C or Z")
            count = _NUMBERS[name]
            numbers, tokens = tokens[:count], tokens[count:]
            try:
                steps.append((name, *(float(one) for one in numbers)))
            except ValueError:
                numbers = []
            if len(numbers) < count:
                raise ValueError(f"step {len(steps)} is {name} without its {count} numbers")
        if not steps:
            raise ValueError("draws nothing")
        return tuple(steps)


class Art(Table):
    """art.toml."""

    outlines: tuple[Outline, ...]

    @field_validator("outlines")
    @classmethod
    def _check_any(cls, outlines: tuple[Outline, ...]) -> tuple[Outline, ...]:
        if not outlines:
            raise ValueError("draws nothing; a type without ornaments has no art.toml")
        return outlines

    def paths(self) -> tuple[Path, ...]:
        """Return what is drawn, in the file's order."""
        return tuple(
            Path(segments=one.segments(), stroke=one.stroke, width_mm=one.width_mm, fill=one.fill)
            for one in self.outlines
        )


def load_art(file: File) -> tuple[Path, ...]:
    """Read art.toml; nothing for a type that has none.

    Raises:
        TemplateError: names every key that is wrong.
    """
    return read_table(file, Art).paths() if file.exists() else ()
