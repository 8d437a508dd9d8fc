"""Lines, outlines and the QR symbol in the OFD: the same area in the same colour as in the PDF."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certsvc.ofd.names import PAGE, TEMPLATE
from certsvc.ofd.xml import Element, parse_xml
from certsvc.page.model import Path, Symbol
from certsvc.qr.encode import encode
from certsvc.rendering.content import corners
from certsvc.rendering.ofd_shapes import blocks_of, write_path, write_symbol
from tests.page.sample import QR_TEXT, a_page
from tests.rendering.test_ofd import drafted, elements, files_of
from tests.rendering.test_ofd_text import alone

SHAPE = Path(
    segments=(("M", 10, 20), ("C", 12, 18, 14, 18, 16, 20), ("L", 16, 30.1234), ("Z",)),
    stroke="#8E1F24",
    fill="#C2A368",
    width_mm=0.5,
)


def attributes(path: Path) -> dict[str, str]:
    """Write a path and read its attributes."""
    return dict(alone(write_path(path, id=3)).attributes)


def colours(element: Element) -> dict[str, dict[str, str]]:
    """Read the colours of an object."""
    return {each.name: dict(each.attributes) for each in element.children if each.name.endswith("Color")}


def test_a_path_keeps_its_points_width_and_colours() -> None:
    """Points count from the boundary's corner; the boundary holds the line's thickness too."""
    element = alone(write_path(SHAPE, id=3))

    assert element.attributes["ID"] == "3"
    assert element.attributes["Boundary"] == "9.75 17.75 6.5 12.623"
    assert element.text_of("AbbreviatedData") == "M 0.25 2.25 B 2.25 0.25 4.25 0.25 6.25 2.25 L 6.25 12.373 C"
    assert colours(element) == {
        "StrokeColor": {"Value": "142 31 36"},
        "FillColor": {"Value": "194 163 104"},
    }
    assert element.attributes["LineWidth"] == "0.5"
    assert (element.attributes["Cap"], element.attributes["Join"]) == ("Round", "Round")


def test_a_filled_path_says_that_it_has_no_line() -> None:
    """OFD draws a black line unless told otherwise, and fills only when told."""
    filled = attributes(Path(segments=SHAPE.segments, fill="#000000"))
    stroked = attributes(Path(segments=SHAPE.segments, stroke="#000000"))

    assert (filled["Stroke"], filled["Fill"]) == ("false", "true")
    assert "Stroke" not in stroked
    assert "Fill" not in stroked


def test_opacity_is_the_colours() -> None:
    """The readers that know opacity know it of colours."""
    element = alone(write_path(Path(segments=SHAPE.segments, fill="#FF0000", opacity=0.5), id=3))

    assert colours(element) == {"FillColor": {"Value": "255 0 0", "Alpha": "128"}}


def test_every_path_of_the_page_is_written() -> None:
    """Border, rosette, watermark, rules, frame: one object each, nothing merged or dropped."""
    page, files = a_page(), files_of(drafted())
    for name, items, others in ((TEMPLATE, page.static, 0), (PAGE, page.variable, 1)):
        found = [each for each in elements(parse_xml(files[name])) if each.name == "PathObject"]
        assert len(found) == sum(isinstance(item, Path) for item in items) + others


def _loops(data: str) -> Iterator[list[tuple[float, float]]]:
    for loop in data.removesuffix(" C").split(" C "):
        words = loop.split()
        assert words[0::3] == ["M", *["L"] * (len(words) // 3 - 1)]
        yield [(float(x), float(y)) for x, y in zip(words[1::3], words[2::3], strict=True)]


def _turns(loops: list[list[tuple[float, float]]], x: float, y: float) -> int:
    """Count how often the loops wind about a point, clockwise on paper."""
    turns = 0
    for loop in loops:
        for (x1, y1), (_, y2) in zip(loop, [*loop[1:], loop[0]], strict=True):
            if y1 != y2 and x1 < x and min(y1, y2) < y < max(y1, y2):
                turns += 1 if y2 < y1 else -1
    return turns


def test_the_symbol_covers_exactly_the_dark_modules() -> None:
    """Readers fill by the non-zero rule or by even-odd; winding once or not at all is the same to both."""
    modules = encode(QR_TEXT)
    symbol = Symbol(modules=modules, x_mm=30, y_mm=40, module_mm=0.6111)
    element = alone(write_symbol(symbol, blocks_of(symbol), id=9))
    loops = list(_loops(element.text_of("AbbreviatedData")))

    left, top, width, height = map(float, element.attributes["Boundary"].split())
    assert (left, top) == (30, 40)
    assert (width, height) == pytest.approx((33 * 0.6111, 33 * 0.6111), abs=0.001)
    assert colours(element) == {"FillColor": {"Value": "0 0 0"}}
    assert "Rule" not in element.attributes
    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            assert _turns(loops, (column + 0.5) * 0.6111, (row + 0.5) * 0.6111) == dark


@pytest.mark.parametrize("pattern", range(512))
def test_any_nine_modules_are_traced_right(pattern: int) -> None:
    """Modules that touch at a corner only are where tracing goes wrong."""
    modules = tuple(tuple(bool(pattern >> (3 * row + column) & 1) for column in range(3)) for row in range(3))
    loops = [[(corner % 4, corner // 4) for corner in loop] for loop in corners(modules)]

    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            assert _turns([[(x, y) for x, y in loop] for loop in loops], column + 0.5, row + 0.5) == dark
    for loop in loops:
        level = [y1 == y2 for (_, y1), (_, y2) in zip(loop, [*loop[1:], loop[0]], strict=True)]
        assert level == [True, False] * (len(loop) // 2)
