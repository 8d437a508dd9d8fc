"""Page -> PDF/A-2b before its seal, in one pass: the compiled path every certificate takes.

What never changes is written once into a template, which is also the beginning of every file of it; a
document adds its page, cuts of the fonts with the characters only it shows, and its pictures. Equal input
gives equal bytes. What a page looks like is what the reference renderer makes of it (pdf_reference.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import accumulate
from threading import Lock
from typing import Final

from certsvc.page.model import DocumentFacts, Page, Path, Picture, Stamp, Symbol, TextRun
from certsvc.pdf import shapes
from certsvc.pdf.draft import Draft
from certsvc.pdf.values import date, deflate, text_string
from certsvc.rendering import xmp
from certsvc.rendering.glyphs import GlyphFont
from certsvc.rendering.pdf_fonts import codes_of, facts_of, font_objects
from certsvc.rendering.pdf_sheet import Sheet
from certsvc.rendering.pdf_template import (
    Template,
    compile_template,
    font_resource,
    image_objects,
    image_resource,
    states,
)
from certsvc.rendering.pictures import pixels_of
from certsvc.rendering.plan import KEPT_STATIC, Plan, Planner, Shared

OWN_TAG: Final = b"BBBBBB"


class PDFRenderer:
    """Renders pages; safe to share between threads."""

    def __init__(self, planner: Planner) -> None:
        """Take what plans the pages; it brings the fonts."""
        self._planner = planner
        self._facts = {name: facts_of(font) for name, font in planner.fonts.fonts.items()}
        self._templates: dict[tuple[Shared, int], tuple[Stamp, Template]] = {}
        self._lock = Lock()

    @property
    def glyphs(self) -> Mapping[str, GlyphFont]:
        """The fonts as they are cut, by name."""
        return self._planner.glyphs

    def plan(self, page: Page) -> Plan:
        """Cut the fonts of *page*, for this renderer and any other of the same planner.

        Raises:
            DefectError: a font lacks a character that is set from it.
        """
        return self._planner.plan(page)

    def render(self, page: Page, facts: DocumentFacts, plan: Plan | None = None) -> Draft:
        """Return a PDF without its seal, the stamp drawn as the appearance of the signature.

        Args:
            page: what it shows.
            facts: what it says of itself.
            plan: of this page, when an OFD was made of it before; left out, it is planned here.

        Raises:
            DefectError: a picture is not what it says it is, or a font lacks a character of the page.
        """
        plan = plan or self._planner.plan(page)
        template = self._template(page, plan.shared)
        number = template.page_number
        free = number + 4
        own: list[bytes] = []
        own_numbers: dict[str, int] = {}
        own_codes: dict[str, Mapping[str, str]] = {}
        for name, cut in plan.own.items():
            own_numbers[name], own_codes[name] = free + len(own), codes_of(cut)
            own += font_objects(own_numbers[name], self._facts[name], cut, own_codes[name], tag=OWN_TAG)
        fonts = template.fonts + b"".join(map(font_resource, own_numbers.values()))
        images = template.images
        sheet = Sheet(page.height_mm)
        for item, from_own in zip(page.variable, plan.from_own, strict=True):
            if type(item) is TextRun:
                if from_own:
                    sheet.run(item, own_numbers[item.font], own_codes[item.font])
                else:
                    sheet.run(item, template.numbers[item.font], template.codes[item.font])
            elif type(item) is Picture:
                own += image_objects(free + len(own), pixels_of(item))
                last = free + len(own) - 1
                images += image_resource(last)
                sheet.image(f"X{last}", item)
            elif type(item) is Symbol:
                sheet.rows(item)
            elif type(item) is Path:
                sheet.hairline(item)
        moment = date(facts.created_at)
        objects = (
            shapes.PAGE.write(
                number,
                template.width,
                template.height,
                number + 1,
                states(template.opacities | sheet.opacities),
                fonts,
                images,
            ),
            shapes.CONTENT.write_stream(number + 1, content=deflate(sheet.content())),
            shapes.INFO.write(number + 2, text_string(facts.title), moment, moment),
            shapes.METADATA.write_stream(number + 3, content=xmp.packet(facts)),
            *own,
        )
        begin = len(template.beginning.content)
        return Draft(
            beginning=template.beginning,
            body=b"".join(objects),
            places=tuple(accumulate(map(len, objects[:-1]), initial=begin)),
            info=number + 2,
            document_id=hashlib.sha256(facts.document_id.encode("utf-8")).hexdigest()[:32].encode("ascii"),
        )

    def _template(self, page: Page, shared: Shared) -> Template:
        """Compile the static items once for each set of shared cuts and each stamp."""
        # A stamp is large; draw_stamp() hands out one and the same for one issuer.
        key = shared, id(page.stamp)
        kept = self._templates.get(key)
        if kept is None:
            with self._lock:
                kept = self._templates.get(key)
                if kept is None:
                    if len(self._templates) >= KEPT_STATIC:
                        self._templates.clear()
                    # The stamp is kept with its template: while it lives, nothing else can have its id.
                    kept = page.stamp, compile_template(page, shared, self._facts)
                    self._templates[key] = kept
        return kept[1]
