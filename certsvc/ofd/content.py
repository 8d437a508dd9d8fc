"""Page content as strings: text, outlines, pictures; millimetres, origin top left, y down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from certsvc.ofd.names import DECLARATION, XMLNS, escape

Box = tuple[float, float, float, float]
"""x, y, width, height in mm."""
Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f: (x, y) becomes (ax + cy + e, bx + dy + f)."""
_STEPS: Final = {"M": "M", "L": "L", "C": "B", "Z": "C"}
"""Our outlines' words to OFD's: B is a cubic curve, C closes."""


def number(value: float) -> str:
    """Write a length in mm; a thousandth is a micrometre."""
    shown = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def numbers(values: Iterable[float]) -> str:
    """Write lengths in a row."""
    return " ".join(map(number, values))


def deltas(advances_mm: Iterable[float]) -> str:
    """Write the distances between characters; three equal ones or more are written ``g count value``."""
    shown: list[str] = []
    for value, run in groupby(map(number, advances_mm)):
        count = sum(1 for _ in run)
        shown += ["g", str(count), value] if count > 2 else [value] * count
    return " ".join(shown)


def abbreviated(segments: Iterable[tuple[str | float, ...]], *, x_mm: float = 0.0, y_mm: float = 0.0) -> str:
    """Write an outline as AbbreviatedData.

    Args:
        segments: ("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y) or ("Z",) in mm.
        x_mm: taken from every x: left edge of the object's boundary.
        y_mm: taken from every y: its top edge.
    """
    shown: list[str] = []
    for name, *points in segments:
        shown.append(_STEPS[str(name)])
        shown += [number(float(point) - (y_mm if index % 2 else x_mm)) for index, point in enumerate(points)]
    return " ".join(shown)


def text_object(
    *,
    id: int,
    boundary: Box,
    font: int,
    size_mm: float,
    x_mm: float,
    y_mm: float,
    text: str,
    advances_mm: Sequence[float],
    colour: str = "#000000",
    alpha: int = 255,
    matrix: Matrix | None = None,
) -> str:
    """Write one run of text.

    Args:
        id: of the object.
        boundary: its box on the page.
        font: id of the font resource.
        size_mm: em size.
        x_mm: left end of the first character, in the boundary.
        y_mm: baseline, in the boundary.
        text: at least one character, each with a glyph in the font.
        advances_mm: from each character to the next: one fewer than characters.
        colour: ``#rrggbb``.
        alpha: 0 clear to 255 solid.
        matrix: turns the object's own coordinates, before its boundary moves them onto the page.
    """
    spread = f' DeltaX="{deltas(advances_mm)}"' if advances_mm else ""
    return (
        f'<ofd:TextObject ID="{id}" Boundary="{numbers(boundary)}"{_turned(matrix)}'
        f' Font="{font}" Size="{number(size_mm)}">{_colour("Fill", colour, alpha)}'
        f'<ofd:TextCode X="{number(x_mm)}" Y="{number(y_mm)}"{spread}>{escape(text)}</ofd:TextCode>'
        "</ofd:TextObject>"
    )


def path_object(
    *,
    id: int,
    boundary: Box,
    data: str,
    stroke: str | None = None,
    fill: str | None = None,
    width_mm: float = 0.2,
    alpha: int = 255,
    matrix: Matrix | None = None,
    even_odd: bool = False,
) -> str:
    """Write one outline; *data* is AbbreviatedData in the boundary, colours are ``#rrggbb`` or None."""
    line = f' LineWidth="{number(width_mm)}" Cap="Round" Join="Round"' if stroke else ' Stroke="false"'
    inside = ' Fill="true"' if fill else ""
    rule = ' Rule="Even-Odd"' if even_odd else ""
    return (
        f'<ofd:PathObject ID="{id}" Boundary="{numbers(boundary)}"'
        f"{_turned(matrix)}{line}{inside}{rule}>"
        f"{_colour('Stroke', stroke, alpha) if stroke else ''}"
        f"{_colour('Fill', fill, alpha) if fill else ''}"
        f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def image_object(*, id: int, boundary: Box, resource: int) -> str:
    """Write one picture that fills its boundary; *resource* is the id of the picture resource."""
    return (
        f'<ofd:ImageObject ID="{id}" Boundary="{numbers(boundary)}"'
        f' CTM="{number(boundary[2])} 0 0 {number(boundary[3])} 0 0" ResourceID="{resource}"/>'
    )


def page_xml(
    objects: Iterable[str], *, layer_id: int, template_id: int | None = None, area: Box | None = None
) -> bytes:
    """Write Content.xml of a page or a template page: one layer of *objects*, in drawing order."""
    template = (
        "" if template_id is None else f'<ofd:Template TemplateID="{template_id}" ZOrder="Background"/>'
    )
    box = "" if area is None else f"<ofd:Area><ofd:PhysicalBox>{numbers(area)}</ofd:PhysicalBox></ofd:Area>"
    return (
        f"{DECLARATION}<ofd:Page {XMLNS}>{template}{box}"
        f'<ofd:Content><ofd:Layer ID="{layer_id}">{"".join(objects)}</ofd:Layer></ofd:Content></ofd:Page>\n'
    ).encode()


def _turned(matrix: Matrix | None) -> str:
    return "" if matrix is None else f' CTM="{" ".join(f"{value:.6g}" for value in matrix)}"'


def _colour(use: str, colour: str, alpha: int) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    # Readers that know transparency at all know the colour's, not the object's.
    clear = "" if alpha == 255 else f' Alpha="{alpha}"'
    return f'<ofd:{use}Color Value="{red} {green} {blue}"{clear}/>'
