"""Setting one text in a width: shrink it a little, then wrap it, then shrink it more; never cut it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from certsvc.page.fonts import MM_PER_PT, FontChain, Weight
from certsvc.page.layout import Column, Place, Style
from certsvc.page.model import TextRun

STEP_PT: Final = 0.5
"""Texts shrink in steps of this."""
SHRINK_BEFORE_WRAP: Final = 0.8
"""A text that fits at this share of its size is shrunk; a longer one takes one more line."""
KEPT: Final = 512
"""Texts kept as they were set: labels, days and places come back with every page, names go soon."""
CLOSING: Final = frozenset("，。、；：？！）》」』】〉”’…—·,.;:?!)]}%")
"""Characters that never begin a line."""
OPENING: Final = frozenset("（《「『【〈“‘([{-\u00ad\u2010\u2011")
"""Characters that never end a line. A hyphen there would be lost in extraction, like a broken word's."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A text cut into lines at a size."""

    lines: tuple[str, ...]
    """Joined they are the text; a line may end in a space, which shows nothing."""
    size_pt: float


def fit(
    text: str,
    style: Style,
    width_mm: float,
    fonts: FontChain,
    *,
    lines: int = 1,
    largest_pt: float | None = None,
) -> Setting | None:
    """Set *text* as large as the style and the width allow.

    Args:
        text: checked by FontChain.check.
        style: gives the largest and the smallest size.
        width_mm: no line is wider.
        fonts: measures.
        lines: how many lines may be used.
        largest_pt: a size not to be exceeded although the style would allow it.

    Returns:
        None when the text does not fit even at the smallest size.
    """
    largest = style.size_pt if largest_pt is None else min(style.size_pt, largest_pt)
    return _fit(text, style.weight, style.tracking_em, style.min_pt, largest, width_mm, fonts, lines)


@lru_cache(maxsize=KEPT)
def _fit(
    text: str,
    weight: Weight,
    tracking_em: float,
    smallest_pt: float,
    largest_pt: float,
    width_mm: float,
    fonts: FontChain,
    lines: int,
) -> Setting | None:
    best: Setting | None = None
    units: Sequence[tuple[str, float]] = ()
    # Without the gap after the last character.
    width_em = _width_em(text, weight, tracking_em, fonts) - tracking_em
    for count in range(1, lines + 1):
        if count == 2:
            # Most texts fit on one line and are never cut.
            widest_em = width_mm / (smallest_pt * MM_PER_PT)
            cut = _units(text, lambda unit: _width_em(unit, weight, tracking_em, fonts), widest_em)
            units = [(unit, _width_em(unit, weight, tracking_em, fonts)) for unit in cut]
        floor_pt = smallest_pt if best is None else max(smallest_pt, best.size_pt + STEP_PT)
        found = _largest(text, units, width_em, width_mm, count, largest_pt, floor_pt)
        if found is not None:
            best = found
            if best.size_pt >= largest_pt * SHRINK_BEFORE_WRAP:
                break
    return best


def _largest(
    text: str,
    units: Sequence[tuple[str, float]],
    width_em: float,
    width_mm: float,
    count: int,
    largest_pt: float,
    floor_pt: float,
) -> Setting | None:
    """Find the largest size, not under *floor_pt*, at which *text* takes *count* lines or fewer."""
    # No size above this can do: even without a gap at the end of a line the text would be too wide.
    size_pt = (
        min(largest_pt, count * width_mm / MM_PER_PT / width_em // STEP_PT * STEP_PT)
        if width_em > 0
        else largest_pt
    )
    while size_pt >= floor_pt:
        wrapped = (text,) if count == 1 else _wrap(units, width_mm / (size_pt * MM_PER_PT))
        if wrapped is not None and len(wrapped) <= count:
            return Setting(wrapped, size_pt)
        size_pt -= STEP_PT
    return None


def set_lines(
    setting: Setting,
    style: Style,
    column: Column | Place,
    y_mm: float,
    fonts: FontChain,
    *,
    leading_em: float,
    field: str = "",
) -> Iterator[TextRun]:
    """Place a setting in a column, its first baseline at *y_mm*; one run for each font on each line."""
    size_mm = setting.size_pt * MM_PER_PT
    for index, line in enumerate(setting.lines):
        x_mm = column.x_mm
        if column.align != "left":
            width_mm = _width_em(line.rstrip(" "), style.weight, style.tracking_em, fonts) * size_mm
            width_mm -= style.tracking_em * size_mm
            slack_mm = column.width_mm - width_mm
            x_mm += slack_mm / 2 if column.align == "centre" else slack_mm
        yield from run_at(
            line, x_mm, y_mm + index * leading_em * size_mm, setting.size_pt, style, fonts, field=field
        )


def run_at(
    text: str, x_mm: float, y_mm: float, size_pt: float, style: Style, fonts: FontChain, *, field: str = ""
) -> tuple[TextRun, ...]:
    """Place *text* from *x_mm* on; one run for each font."""
    return _runs(text, x_mm, y_mm, size_pt, style.weight, style.colour, style.tracking_em, fonts, field)


@lru_cache(maxsize=KEPT)
def _runs(
    text: str,
    x_mm: float,
    y_mm: float,
    size_pt: float,
    weight: Weight,
    colour: str,
    tracking_em: float,
    fonts: FontChain,
    field: str,
) -> tuple[TextRun, ...]:
    size_mm = size_pt * MM_PER_PT
    runs = []
    for font, part, width_em in fonts.split(text, weight):
        run = TextRun(
            text=part,
            x_mm=round(x_mm, 3),
            y_mm=round(y_mm, 3),
            size_pt=size_pt,
            font=font,
            colour=colour,
            tracking_mm=round(tracking_em * size_mm, 4),
            field=field,
        )
        runs.append(run)
        x_mm += (width_em + len(part) * tracking_em) * size_mm
    return tuple(runs)


def _width_em(text: str, weight: Weight, tracking_em: float, fonts: FontChain) -> float:
    return fonts.width_em(text, weight) + len(text) * tracking_em


def _units(text: str, width_em_of: Callable[[str], float], widest_em: float) -> Sequence[str]:
    """Cut *text* where a line may end: between Chinese characters, and after a Latin word and its spaces."""
    units = _joined(text, _joins)
    parts: list[str] = []
    for unit in units:
        # A word longer than half a line (an address, say) may be broken anywhere.
        long = width_em_of(unit) > widest_em / 2
        parts.extend(_joined(unit, lambda before, _: before in OPENING) if long else [unit])
    return parts


def _joined(text: str, joins: Callable[[str, str], bool]) -> list[str]:
    units: list[str] = []
    for character in text:
        if units and joins(units[-1][-1], character):
            units[-1] += character
        else:
            units.append(character)
    return units


def _joins(before: str, after: str) -> bool:
    if after == " " or after in CLOSING or before in OPENING:
        return True
    return before != " " and not _wide(before) and not _wide(after)


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"} or ord(character) >= 0x20000


def _wrap(units: Sequence[tuple[str, float]], width_em: float) -> tuple[str, ...] | None:
    """Fill lines one after another; None when a unit alone is wider than a line."""
    lines: list[str] = []
    used_em = 0.0
    for unit, unit_em in units:
        if unit_em > width_em:
            return None
        if lines and used_em + unit_em <= width_em:
            lines[-1] += unit
            used_em += unit_em
        else:
            lines.append(unit)
            used_em = unit_em
    return tuple(lines)
