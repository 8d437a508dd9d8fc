"""What a document says and where: every text on the page, as a reader that obeys the format finds it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from certsvc.ofd.package import read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.xml import Element, parse_xml


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """One TextCode."""

    text: str
    x_mm: float
    """Left end of its first character on the page."""
    y_mm: float
    """Its baseline on the page."""
    font: int
    """Id of the font resource."""
    size_mm: float


def texts_of(files: Mapping[str, bytes]) -> tuple[ShownText, ...]:
    """Return all texts of template pages, then of pages, in drawing order.

    Raises:
        BrokenOFDError: the package cannot be followed, a page is missing or a number is none.
    """
    package = read_package(files)
    if package.missing:
        raise BrokenOFDError("PART_MISSING", package.missing[0][:200])
    return tuple(
        shown
        for name in (*package.templates, *package.pages)
        for element in _objects(parse_xml(files[name]))
        for shown in _shown(element)
    )


def fonts_of(files: Mapping[str, bytes]) -> Mapping[int, bytes]:
    """Return the embedded fonts by id. BrokenOFDError as texts_of()."""
    package = read_package(files)
    if package.missing:
        raise BrokenOFDError("PART_MISSING", package.missing[0][:200])
    return {id_: files[name] for id_, name in package.fonts.items()}


def _objects(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.name == "TextObject":
            yield child
        else:
            yield from _objects(child)


def _shown(element: Element) -> Iterator[ShownText]:
    left, top, _, _ = _numbers(element, "Boundary", 4)
    a, b, c, d, e, f = _numbers(element, "CTM", 6) if "CTM" in element.attributes else (1, 0, 0, 1, 0, 0)
    x = y = 0.0
    for code in element.all("TextCode"):
        # A TextCode without a start goes on from the one before it, as the format says.
        x = _numbers(code, "X", 1)[0] if "X" in code.attributes else x
        y = _numbers(code, "Y", 1)[0] if "Y" in code.attributes else y
        yield ShownText(
            text=code.text,
            x_mm=left + a * x + c * y + e,
            y_mm=top + b * x + d * y + f,
            font=int(_numbers(element, "Font", 1)[0]),
            size_mm=_numbers(element, "Size", 1)[0],
        )


def _numbers(element: Element, name: str, count: int) -> tuple[float, ...]:
    try:
        values = tuple(map(float, element.attributes[name].split()))
    except (KeyError, ValueError):
        values = ()
    if len(values) != count or not all(map(math.isfinite, values)):
        raise BrokenOFDError("UNREADABLE_FILE", f"{name} is not {count} numbers")
    return values
