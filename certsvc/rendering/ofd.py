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
from certsvc.ofd.parts import Part, make_part
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts, Page, Picture, TextRun
from certsvc.rendering.glyphs import GlyphFont
from certsvc.rendering.ofd_template import (
    PAGE_ID,
    TEMPLATE_ID,
    Labels,
    Sheet,
    Template,
    compile_template,
    document_res,
    font_id,
    font_resource,
    public_res,
)
from certsvc.rendering.ofd_text import TextWriter

CREATOR: Final = "certsvc"
KEPT_TEMPLATES: Final = 32
"""Static pages kept compiled."""


class OFDRenderer:
    """Renders pages; safe to share between threads."""

    def __init__(self, fonts: FontChain) -> None:
        """Take the fonts; each is made ready when first it is cut."""
        self._glyphs = {name: GlyphFont(font) for name, font in fonts.fonts.items()}
        self._text = TextWriter(fonts, self._glyphs)
        self._ids = {
            name: (font_id(self._glyphs, name, shared=True), font_id(self._glyphs, name, shared=False))
            for name in self._glyphs
        }
        self._own_fonts = {name: font_resource(self._glyphs, name, shared=False) for name in self._glyphs}
        self._templates: dict[tuple[int, Labels], tuple[object, Template]] = {}
        self._lock = Lock()

    def render(self, page: Page, facts: DocumentFacts) -> Draft:
        """Return an OFD without its seal; the stamp is left to the sealing step.

        Raises:
            DefectError: a picture is not what it says it is, or a font lacks a character of the page.
        """
        template = self._template(page)
        pictures = sum(type(item) is Picture for item in page.variable)
        sheet = Sheet(self._text, first_id=template.next_id, pictures=pictures)
        own: dict[str, set[str]] = {}
        none: frozenset[str] = frozenset()
        for item in page.variable:
            font = 0
            if type(item) is TextRun:
                shared, extra = self._ids[item.font]
                font = shared
                if not template.characters.get(item.font, none).issuperset(item.text):
                    own.setdefault(item.font, set()).update(item.text)
                    font = extra
            sheet.draw(item, font)
        content = page_xml(sheet.objects, layer_id=sheet.layer_id, template_id=TEMPLATE_ID)
        names = [name for name in self._glyphs if name in own]
        fonts = [self._own_fonts[name] for name in names]
        return Draft(
            info=_info(facts),
            parts=(
                _document(sheet.last_id, page.width_mm, page.height_mm, facts.use_from, facts.use_until),
                public_res((*template.fonts, *fonts)),
                document_res((*template.images, *sheet.images)),
                *template.parts,
                make_part(PAGE, content),
                *(
                    make_part(RES + font.file, self._glyphs[name].cut(own[name]))
                    for name, font in zip(names, fonts, strict=True)
                ),
                *sheet.pictures,
            ),
            page_id=PAGE_ID,
        )

    def _template(self, page: Page) -> Template:
        """Compile the static items once for each static tuple compose() hands out and each set of labels."""
        labels = frozenset(
            (item.font, "" if item.field else item.text) for item in page.variable if type(item) is TextRun
        )
        key = id(page.static), labels
        kept = self._templates.get(key)
        if kept is None:
            with self._lock:
                kept = self._templates.get(key)
                if kept is None:
                    if len(self._templates) >= KEPT_TEMPLATES:
                        self._templates.clear()
                    # The tuple is kept with its template: while it lives, nothing else can have its id.
                    kept = page.static, compile_template(page, labels, self._text, self._glyphs)
                    self._templates[key] = kept
        return kept[1]


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
