"""What is the same in every OFD of one kind: template page and fonts, written, packed and hashed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from certsvc.ofd.content import image_object, page_xml
from certsvc.ofd.document import Font, Image, resources_xml
from certsvc.ofd.names import DOCUMENT_RES, PUBLIC_RES, RES, TEMPLATE
from certsvc.ofd.parts import Part, make_part, packed_part
from certsvc.page.model import Page, Path, Picture, Symbol, TextRun
from certsvc.rendering.glyphs import GlyphFont
from certsvc.rendering.ofd_shapes import FORMATS, blocks_of, write_path, write_symbol
from certsvc.rendering.ofd_text import TextWriter
from certsvc.rendering.pictures import check_picture
from certsvc.rendering.plan import Shared

TEMPLATE_ID: Final = 1
PAGE_ID: Final = 2
FIRST_FONT_ID: Final = 3
FAMILIES: Final = {False: "宋体", True: "黑体"}
"""By boldness, the installed font nearest to ours, for a reader that ignores the embedded one."""

Item = TextRun | Path | Picture | Symbol


class Sheet:
    """One Content.xml under construction; ids count up in the order of drawing, as ofd.js stacks by them."""

    def __init__(self, text: TextWriter, *, first_id: int, pictures: int) -> None:
        """Begin with *first_id*: the pictures' resources come first, then the layer, then the objects."""
        self._text = text
        self.layer_id = first_id + pictures
        self.last_id = self.layer_id
        self._picture_id = first_id
        self.objects: list[str] = []
        self.images: list[Image] = []
        self.pictures: list[Part] = []
        self.symbols: list[tuple[str, ...]] = []

    def draw(self, item: Item, font: int) -> None:
        """Draw one item; *font* is the id of a text's font.

        Raises:
            DefectError: a picture is not what it says, or a character has no glyph.
        """
        first = self.last_id + 1
        if type(item) is TextRun:
            written = self._text.write(item, id=first, font=font)
            self.objects += written
            self.last_id += len(written)
            return
        if isinstance(item, Path):
            self.objects.append(write_path(item, id=first))
        elif isinstance(item, Symbol):
            blocks = blocks_of(item)
            self.symbols.append(blocks)
            self.objects.append(write_symbol(item, blocks, id=first))
        elif isinstance(item, Picture):
            self.objects.append(self._picture(item, first))
        self.last_id = first

    def _picture(self, picture: Picture, id: int) -> str:
        check_picture(picture)
        kind, ending = FORMATS[picture.media]
        image = Image(id=self._picture_id, format=kind, file=f"picture_{self._picture_id}.{ending}")
        self._picture_id += 1
        self.images.append(image)
        self.pictures.append(make_part(RES + image.file, picture.content))
        box = (picture.x_mm, picture.y_mm, picture.width_mm, picture.height_mm)
        return image_object(id=id, boundary=box, resource=image.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One static page, compiled."""

    fonts: tuple[Font, ...]
    """The shared cuts as resources."""
    images: tuple[Image, ...]
    parts: tuple[Part, ...]
    """The template page, the shared cuts, its pictures."""
    next_id: int
    """First id that is free."""


def compile_template(
    page: Page, shared: Shared, text: TextWriter, glyphs: Mapping[str, GlyphFont]
) -> Template:
    """Write and pack everything static of *page*, whose cuts are *shared*.

    The labels stand in the page, since the rows they belong to move; their glyphs never change.
    """
    fonts = {name: font_resource(glyphs, name, shared=True) for name in shared.cuts}
    pictures = sum(isinstance(item, Picture) for item in page.static)
    sheet = Sheet(text, first_id=FIRST_FONT_ID + 2 * len(glyphs), pictures=pictures)
    # As in the PDF: paths first, then the rest in its order.
    for item in sorted(page.static, key=lambda item: not isinstance(item, Path)):
        sheet.draw(item, font_id(glyphs, item.font, shared=True) if isinstance(item, TextRun) else 0)
    content = page_xml(sheet.objects, layer_id=sheet.layer_id)
    parts = [make_part(TEMPLATE, content, once=True)]
    parts += [
        packed_part(RES + font.file, shared.cuts[name].content, shared.cuts[name].deflated, once=True)
        for name, font in fonts.items()
    ]
    return Template(
        fonts=tuple(fonts.values()),
        images=tuple(sheet.images),
        parts=(*parts, *sheet.pictures),
        next_id=sheet.last_id + 1,
    )


def font_id(glyphs: Iterable[str], name: str, *, shared: bool) -> int:
    """Return the id of a font: two for each font of the chain, its shared cut and the document's own."""
    return FIRST_FONT_ID + 2 * list(glyphs).index(name) + (not shared)


def font_resource(glyphs: Mapping[str, GlyphFont], name: str, *, shared: bool) -> Font:
    """Name one cut as a resource."""
    id = font_id(glyphs, name, shared=shared)
    family = FAMILIES[glyphs[name].bold]
    return Font(id=id, name=family, family=family, file=f"font_{id}.ttf")


@lru_cache(maxsize=256)
def public_res(fonts: tuple[Font, ...]) -> Part:
    """Return PublicRes.xml: the fonts."""
    return make_part(PUBLIC_RES, resources_xml(fonts=fonts), once=True)


@lru_cache(maxsize=256)
def document_res(images: tuple[Image, ...]) -> Part:
    """Return DocumentRes.xml: the pictures."""
    return make_part(DOCUMENT_RES, resources_xml(images=images), once=True)
