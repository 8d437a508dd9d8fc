"""What is the same in every PDF of one kind: all up to the page itself, written, packed and hashed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from certsvc.page.model import Page, Path, Picture, Stamp, TextRun
from certsvc.pdf import shapes
from certsvc.pdf.draft import Beginning
from certsvc.pdf.values import deflate, outline_operators
from certsvc.pdf.values import number as three_decimals
from certsvc.rendering.content import PT_PER_MM, number, opacity_name
from certsvc.rendering.pdf_fonts import FontFacts, codes_of, font_objects
from certsvc.rendering.pdf_sheet import Sheet
from certsvc.rendering.pictures import Pixels, pixels_of
from certsvc.rendering.plan import Shared
from certsvc.rendering.srgb import PROFILE

SHARED_TAG: Final = b"AAAAAA"
SRGB: Final = deflate(PROFILE, once=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One static page, compiled."""

    beginning: Beginning
    codes: Mapping[str, Mapping[str, str]]
    """By font, the code of each character of its shared cut."""
    numbers: Mapping[str, int]
    """By font, the number of the shared cut."""
    fonts: bytes
    """The shared cuts as resources of the page."""
    images: bytes
    """The static pictures as resources of the page."""
    opacities: frozenset[float]
    """Those the static content uses."""
    page_number: int
    """Number of the page object, the first that is not static."""
    width: bytes
    """Of the page, in points."""
    height: bytes


def compile_template(page: Page, shared: Shared, facts: Mapping[str, FontFacts]) -> Template:
    """Write everything static of *page*, its stamp and its field included.

    Args:
        page: any page of the template with this stamp.
        shared: the cuts of its static texts and labels.
        facts: of every font.

    Raises:
        DefectError: a static picture is not what it says it is.
    """
    numbers = {
        name: shapes.FIRST_FREE_NUMBER + shapes.PER_FONT * place for place, name in enumerate(shared.cuts)
    }
    codes = {name: codes_of(cut) for name, cut in shared.cuts.items()}
    objects = [
        part
        for name, cut in shared.cuts.items()
        for part in font_objects(numbers[name], facts[name], cut, codes[name], tag=SHARED_TAG)
    ]
    first_image = shapes.FIRST_FREE_NUMBER + len(objects)
    sheet = Sheet(page.height_mm)
    sheet.paths(item for item in page.static if isinstance(item, Path))
    images: list[int] = []
    for item in page.static:
        if isinstance(item, TextRun):
            sheet.run(item, numbers[item.font], codes[item.font])
        elif isinstance(item, Picture):
            written = image_objects(first_image, pixels_of(item))
            objects += written
            first_image += len(written)
            images.append(first_image - 1)
            sheet.image(f"X{first_image - 1}", item)
    page_number = first_image
    width, height = (number(side * PT_PER_MM) for side in (page.width_mm, page.height_mm))
    beginning = _beginning(
        (
            shapes.CATALOG.write(shapes.CATALOG_NUMBER, page_number + 3),
            shapes.PAGES.write(shapes.PAGES_NUMBER, page_number),
            shapes.INTENT.write(shapes.INTENT_NUMBER),
            shapes.PROFILE.write_stream(shapes.PROFILE_NUMBER, content=SRGB),
            shapes.CONTENT.write_stream(shapes.STATIC_NUMBER, content=deflate(sheet.content(), once=True)),
            _appearance(page.stamp),
            shapes.FIELD.write(shapes.FIELD_NUMBER, _rect(page.stamp, float(height)), page_number),
            *objects,
        )
    )
    return Template(
        beginning=beginning,
        codes=codes,
        numbers=numbers,
        fonts=b"".join(font_resource(each) for each in numbers.values()),
        images=b"".join(image_resource(each) for each in images),
        opacities=frozenset(sheet.opacities),
        page_number=page_number,
        width=width.encode("ascii"),
        height=height.encode("ascii"),
    )


def _beginning(objects: Iterable[bytes]) -> Beginning:
    content, places = shapes.HEADER, []
    for part in objects:
        places.append(len(content))
        content += part
    return Beginning(content, places)


def _appearance(stamp: Stamp) -> bytes:
    """Draw the stamp's paths in its own millimetres."""
    lines = [f"{PT_PER_MM:.5f} 0 0 {-PT_PER_MM:.5f} 0 {stamp.height_mm * PT_PER_MM:.3f} cm 1 j 1 J"]
    for path in stamp.paths:
        operators = outline_operators(path.segments, stroke=path.stroke, fill=path.fill, width=path.width_mm)
        if path.opacity != 1.0:
            operators = f"q /{opacity_name(path.opacity)} gs {operators} Q"
        lines.append(operators)
    sides = (0, 0, stamp.width_mm * PT_PER_MM, stamp.height_mm * PT_PER_MM)
    return shapes.APPEARANCE.write_stream(
        shapes.APPEARANCE_NUMBER,
        _numbers(sides),
        states({path.opacity for path in stamp.paths} - {1.0}),
        content=deflate("\n".join(lines).encode("ascii"), once=True),
    )


def _rect(stamp: Stamp, height: float) -> bytes:
    """Return where on a page *height* points high the stamp stands."""
    left, top = stamp.x_mm * PT_PER_MM, height - stamp.y_mm * PT_PER_MM
    right, bottom = left + stamp.width_mm * PT_PER_MM, top - stamp.height_mm * PT_PER_MM
    return _numbers((left, bottom, right, top))


def _numbers(values: Sequence[float]) -> bytes:
    return " ".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in values).encode("ascii")


def image_objects(first: int, pixels: Pixels) -> list[bytes]:
    """Write a picture, behind its mask when it has one; the last object is the picture."""
    mask, before = b"", []
    if pixels.mask is not None:
        before = image_objects(first, pixels.mask)
        mask = b" /SMask %d 0 R" % first
    picture = shapes.IMAGE.write_stream(
        first + len(before),
        pixels.width,
        pixels.height,
        pixels.space,
        pixels.packing,
        mask,
        content=pixels.content,
    )
    return [*before, picture]


def font_resource(number: int) -> bytes:
    """Name a font by its number."""
    return b"/F%d %d 0 R " % (number, number)


def image_resource(number: int) -> bytes:
    """Name a picture by its number."""
    return b"/X%d %d 0 R " % (number, number)


def states(opacities: Iterable[float]) -> bytes:
    """Name a graphics state for each opacity."""
    return "".join(
        f"/{opacity_name(opacity)} << /CA {three_decimals(opacity)} /ca {three_decimals(opacity)} >> "
        for opacity in sorted(opacities)
    ).encode("ascii")
