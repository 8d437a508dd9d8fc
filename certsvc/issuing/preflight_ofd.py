"""Step 5 of the issuing cycle for the OFD: re-open what was rendered and compare it with what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, radians, sin
from typing import Final

import uharfbuzz as hb

from certsvc.errors import DefectError
from certsvc.issuing.preflight_ofd_own import agrees
from certsvc.issuing.preflight_symbol import read_outline
from certsvc.ofd.draft import Draft
from certsvc.ofd.package import Package, read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.read_container import read_container
from certsvc.ofd.xml import Element, parse_xml
from certsvc.page.fonts import MM_PER_PT, SPACES
from certsvc.page.model import Page, Picture, Symbol, TextRun

_NEAR_MM: Final = 0.01
"""What rounding to micrometres may add up to on one item; a hair is ten times as wide."""
_ALONG_MM: Final = 0.05
"""What it may add up to along the advances of a line."""
_CLEAR: Final = "0"
"""Alpha of a text that only says what the outline under it shows."""
_SOLID: Final = "255"
_DRAWN: Final = frozenset({"TextObject", "PathObject", "ImageObject"})


def preflight_ofd(draft: Draft, page: Page) -> None:
    """Check a rendered OFD against its page before any key is used.

    Args:
        draft: what was rendered, every part packed as it will be sealed.
        page: what was composed.

    Raises:
        DefectError: it does not open, has not one page, shows another text, picture or symbol than the page,
            or the same elsewhere, or a character has no glyph in the font it comes with.
    """
    if agrees(draft, page):
        return
    try:
        files = read_container(draft.unsealed())
        package = read_package(files)
        if len(package.pages) != 1 or package.missing or package.signatures:
            raise DefectError("the rendered OFD is not one whole page without a signature")
        (own,) = package.pages
        drawn = [element for name in package.templates for element in _objects_of_form(files[name])]
        drawn += _objects(parse_xml(files[own]))
    except BrokenOFDError as fault:
        raise DefectError(f"the rendered OFD does not open: {fault}") from fault
    _check_texts(page, drawn, {id_: files[name] for id_, name in package.fonts.items()})
    _check_pictures(page, drawn, package, files)
    _check_symbols(page, drawn)


@lru_cache(maxsize=8)
def _objects_of_form(content: bytes) -> tuple[Element, ...]:
    """Walk a template page, which is the same for every certificate of a type and names nobody."""
    return tuple(_objects(parse_xml(content)))


def _objects(element: Element) -> Iterator[Element]:
    """Walk everything that is drawn, in drawing order."""
    for child in element.children:
        if child.name in _DRAWN:
            yield child
        else:
            yield from _objects(child)


def _check_texts(page: Page, drawn: Sequence[Element], fonts: Mapping[int, bytes]) -> None:
    """Follow the runs of the page in drawing order: none is missing, none is added, each has real glyphs."""
    opened = {id_: hb.Font(hb.Face(content)) for id_, content in fonts.items()}
    texts = [
        (element, before) for before, element in pairwise((None, *drawn)) if _named(element, "TextObject")
    ]
    rest = iter(texts)
    for run in (*page.static, *page.variable):
        if isinstance(run, TextRun) and run.text:
            _check_run(run, rest, opened)
    if next(rest, None) is not None:
        raise DefectError("the rendered OFD draws a text that is not on the page")


def _named(element: Element | None, name: str) -> bool:
    return element is not None and element.name == name


def _check_run(
    run: TextRun, rest: Iterator[tuple[Element | None, Element | None]], fonts: Mapping[int, hb.Font]
) -> None:
    """Compare a run with the text object it became, or with several that follow each other on its line."""
    told = f"the text of field {run.field or '(static)'} in the rendered OFD"
    cosine, sine = cos(radians(run.rotate_deg)), sin(radians(run.rotate_deg))
    alpha = str(round(run.opacity * 255))
    left, along_mm = run.text, 0.0
    while left:
        element, before = next(rest, (None, None))
        code = element.find("TextCode") if element is not None else None
        if element is None or code is None or not code.text or not left.startswith(code.text):
            raise DefectError(f"{told} is not the one on the page")
        x, y = _origin(element, code)
        size_mm = _number(element.attributes.get("Size", ""))
        if (
            abs(x - run.x_mm - along_mm * cosine) > _ALONG_MM
            or abs(y - run.y_mm + along_mm * sine) > _ALONG_MM
            or abs(size_mm - run.size_pt * MM_PER_PT) > _NEAR_MM
        ):
            raise DefectError(f"{told} stands elsewhere, or has another size")
        shown = _alpha(element)
        visible = shown == alpha or (shown == _CLEAR and _outlined(element, before))
        if not visible or _colour(element) != run.colour.lower():
            raise DefectError(f"{told} has another colour")
        font = fonts.get(int(_number(element.attributes.get("Font", ""))))
        if font is None:
            raise DefectError(f"the font of {told.removeprefix('the ')} is not in it")
        along_mm += _check_glyphs(code, font, size_mm, run.tracking_mm)
        left = left[len(code.text) :]


def _outlined(element: Element, before: Element | None) -> bool:
    """Tell whether what was drawn before a clear text is an outline in the very place."""
    return (
        before is not None
        and before.name == "PathObject"
        and before.attributes.get("Fill") == "true"
        and before.attributes.get("Boundary") == element.attributes.get("Boundary")
        and before.text_of("AbbreviatedData").count("M") > 0
    )


def _alpha(element: Element) -> str:
    """Return how solid a text is, by its own word or its colour's; the fainter, as readers know either."""
    fill = element.find("FillColor")
    said = [one.attributes.get("Alpha", _SOLID) for one in (element, fill) if one is not None]
    return min(said, key=_number)


def _colour(element: Element) -> str:
    """Return the colour a text is filled with, ``#rrggbb``; OFD's own when it says none."""
    fill = element.find("FillColor")
    written = "0 0 0" if fill is None else fill.attributes.get("Value", "")
    return "#" + "".join(f"{int(_number(part)):02x}" for part in written.split())


def _origin(element: Element, code: Element) -> tuple[float, float]:
    """Return where on the page a text begins, on its baseline."""
    left, top, _, _ = _numbers(element, "Boundary", 4)
    a, b, c, d, e, f = _numbers(element, "CTM", 6) if "CTM" in element.attributes else (1, 0, 0, 1, 0, 0)
    (x,), (y,) = _numbers(code, "X", 1), _numbers(code, "Y", 1)
    return left + a * x + c * y + e, top + b * x + d * y + f


def _check_glyphs(code: Element, font: hb.Font, size_mm: float, tracking_mm: float) -> float:
    """Demand a drawn glyph for each character, the next where this one ends; returns the length of all."""
    spread = _spread(code)
    if len(spread) != len(code.text) - 1:
        raise DefectError("a text of the rendered OFD does not say where each character stands")
    unit_mm = size_mm / font.face.upem
    length_mm = 0.0
    for place, character in enumerate(code.text):
        glyph = font.get_nominal_glyph(ord(character))
        if not glyph:
            raise DefectError(f"U+{ord(character):04X} has no glyph in the font of the rendered OFD")
        extents = font.get_glyph_extents(glyph)
        if character not in SPACES and not (extents and extents.width and extents.height):
            raise DefectError(f"U+{ord(character):04X} has an empty glyph in the font of the rendered OFD")
        advance = font.get_glyph_h_advance(glyph) * unit_mm + tracking_mm
        if place < len(spread) and abs(spread[place] - advance) > _NEAR_MM:
            raise DefectError(f"what follows U+{ord(character):04X} in the rendered OFD stands elsewhere")
        length_mm += advance
    return length_mm


def _spread(code: Element) -> list[float]:
    """Return the distances between characters; ``g count value`` says one several times."""
    words = iter(code.attributes.get("DeltaX", "").split())
    spread: list[float] = []
    for word in words:
        count = int(_number(next(words, ""))) if word == "g" else 1
        spread += [_number(next(words, "") if word == "g" else word)] * count
    return spread


def _check_pictures(
    page: Page, drawn: Sequence[Element], package: Package, files: Mapping[str, bytes]
) -> None:
    """Demand the very bytes of each picture in its box, and no other picture."""
    meant = [item for item in (*page.static, *page.variable) if isinstance(item, Picture)]
    for element in drawn:
        if element.name != "ImageObject":
            continue
        name = package.images.get(int(_number(element.attributes.get("ResourceID", ""))), "")
        box = _numbers(element, "Boundary", 4)
        found = [item for item in meant if files.get(name) == item.content and _near(box, _box(item))]
        if not found:
            raise DefectError("the rendered OFD shows a picture that is not on the page")
        meant.remove(found[0])
    if meant:
        raise DefectError(f"the picture of field {meant[0].field} is not in the rendered OFD")


def _box(item: Picture) -> tuple[float, float, float, float]:
    return item.x_mm, item.y_mm, item.width_mm, item.height_mm


def _check_symbols(page: Page, drawn: Sequence[Element]) -> None:
    """Demand that the one outline where a symbol stands covers its dark modules and nothing else."""
    for symbol in page.variable:
        if not isinstance(symbol, Symbol):
            continue
        side = len(symbol.modules) * symbol.module_mm
        box = (symbol.x_mm, symbol.y_mm, side, side)
        found = [
            element
            for element in drawn
            if element.name == "PathObject" and _near(_numbers(element, "Boundary", 4), box)
        ]
        if len(found) != 1 or found[0].attributes.get("Fill") != "true":
            raise DefectError("the QR symbol is not one filled outline in the rendered OFD")
        dark = tuple(map(bytes, symbol.modules))
        if read_outline(found[0].text_of("AbbreviatedData"), symbol) != dark:
            raise DefectError("the QR symbol in the rendered OFD does not read back")


def _numbers(element: Element, name: str, count: int) -> list[float]:
    values = list(map(_number, element.attributes.get(name, "").split()))
    if len(values) != count:
        raise DefectError(f"{name} in the rendered OFD is not {count} numbers")
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as fault:
        raise DefectError("a number in the rendered OFD is none") from fault


def _near(some: Sequence[float], others: Sequence[float]) -> bool:
    return all(abs(one - other) < _NEAR_MM for one, other in zip(some, others, strict=True))
