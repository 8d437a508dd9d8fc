"""Page -> OFD, unsealed: the same face as the PDF in the national format (GB/T 33190).

What never changes is compiled once into a template page with its fonts; a document adds one page, cuts of the
fonts with the characters only it shows, and its pictures. Equal input gives equal bytes.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import lru_cache
from string import hexdigits
from threading import Lock
from typing import Final

from certsvc.domain.clock import beijing_day
from certsvc.ofd.content import page_xml
from certsvc.ofd.document import DocInfo, document_xml
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import DOCUMENT, PAGE, RES
from certsvc.ofd.parts import Part, make_part, packed_part
from certsvc.page.model import DocumentFacts, Page, Picture, TextRun
from certsvc.rendering.ofd_template import (
    PAGE_ID,
    TEMPLATE_ID,
    Sheet,
    Template,
    compile_template,
    document_res,
    font_id,
    font_resource,
    public_res,
)
from certsvc.rendering.ofd_text import TextWriter
from certsvc.rendering.plan import KEPT_STATIC, Plan, Planner, Shared

CREATOR: Final = "certsvc"


class OFDRenderer:
    """Renders pages; safe to share between threads."""

    def __init__(self, planner: Planner) -> None:
        """Take what plans the pages; it brings the fonts."""
        self._planner = planner
        glyphs = planner.glyphs
        self._text = TextWriter(planner.fonts, glyphs)
        self._ids = {
            name: (font_id(glyphs, name, shared=True), font_id(glyphs, name, shared=False)) for name in glyphs
        }
        self._own_fonts = {name: font_resource(glyphs, name, shared=False) for name in glyphs}
        self._templates: dict[Shared, Template] = {}
        self._lock = Lock()

    def render(self, page: Page, facts: DocumentFacts, plan: Plan | None = None) -> Draft:
        """Return an OFD without its seal; the stamp is left to the sealing step.

        Args:
            page: what it shows.
            facts: what it says of itself.
            plan: of this page, when a PDF was made of it before; left out, it is planned here.

        Raises:
            DefectError: a picture is not what it says it is, or a font lacks a character of the page.
        """
        plan = plan or self._planner.plan(page)
        template = self._template(page, plan.shared)
        pictures = sum(type(item) is Picture for item in page.variable)
        sheet = Sheet(self._text, first_id=template.next_id, pictures=pictures)
        for item, own in zip(page.variable, plan.from_own, strict=True):
            sheet.draw(item, self._ids[item.font][own] if type(item) is TextRun else 0)
        content = page_xml(sheet.objects, layer_id=sheet.layer_id, template_id=TEMPLATE_ID)
        fonts = [self._own_fonts[name] for name in plan.own]
        return Draft(
            info=_info(facts),
            parts=(
                _document(sheet.last_id, page.width_mm, page.height_mm, facts.use_from, facts.use_until),
                public_res((*template.fonts, *fonts)),
                document_res((*template.images, *sheet.images)),
                *template.parts,
                make_part(PAGE, content),
                *(
                    packed_part(RES + font.file, cut.content, cut.deflated)
                    for font, cut in zip(fonts, plan.own.values(), strict=True)
                ),
                *sheet.pictures,
            ),
            page_id=PAGE_ID,
            symbols=tuple(sheet.symbols),
        )

    def _template(self, page: Page, shared: Shared) -> Template:
        """Compile the static items once for each set of shared cuts."""
        kept = self._templates.get(shared)
        if kept is None:
            with self._lock:
                kept = self._templates.get(shared)
                if kept is None:
                    if len(self._templates) >= KEPT_STATIC:
                        self._templates.clear()
                    kept = self._templates[shared] = compile_template(
                        page, shared, self._text, self._planner.glyphs
                    )
        return kept


@lru_cache(maxsize=256)
def _document(
    max_unit_id: int, width_mm: float, height_mm: float, use_from: date | None, use_until: date | None
) -> Part:
    """Return Document.xml; copies granted on one day mostly share it."""
    content = document_xml(
        max_unit_id=max_unit_id,
        width_mm=width_mm,
        height_mm=height_mm,
        template_id=TEMPLATE_ID,
        page_id=PAGE_ID,
        use_from=use_from,
        use_until=use_until,
    )
    return make_part(DOCUMENT, content, once=True)


def _info(facts: DocumentFacts) -> DocInfo:
    doc_id = facts.document_id.lower()
    if len(doc_id) != 32 or not set(doc_id) <= set(hexdigits):
        doc_id = hashlib.sha256(facts.document_id.encode("utf-8")).hexdigest()[:32]
    return DocInfo(
        doc_id=doc_id,
        title=facts.title,
        author=facts.author,
        created=beijing_day(datetime.fromisoformat(facts.created_at)),
        creator=CREATOR,
        custom=facts.metadata,
    )
