"""TrueType fonts for reportlab, with the two faults of its version 5.1.0 made good."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import Any, Final

from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFont

from certsvc.page.fonts import Font

BLOCK: Final = 100
"""Most lines of one block of a CMap."""


class EmbeddedFont(TTFont):
    """A font cut to the characters a document shows, which extract as themselves."""

    def __init__(self, font: Font) -> None:
        """Parse *font* once; it serves any number of documents, one after another."""
        super().__init__(font.name, BytesIO(font.content), asciiReadable=False, shapable=False)
        # reportlab gives the glyphs after numberOfHMetrics the scaled advance of the last one: widths in the
        # cut font and in /Widths would differ unless the font has 1000 units per em (PDF/A 6.2.11.5).
        face: Any = self.face  # its methods have no types
        metrics = face.hmetrics
        full = int.from_bytes(face.get_table("hhea")[34:36], "big")
        metrics[full:] = [(metrics[full - 1][0], bearing) for _, bearing in metrics[full:]]

    def addObjects(self, doc: PDFDocument) -> None:  # reportlab's name
        """Add the font's objects, with character maps that know more than the first plane."""
        subsets = [list(subset) for subset in self.state[doc].subsets]
        super().addObjects(doc)
        streams: list[Any] = [
            item for name, item in doc.idToObject.items() if name.startswith("toUnicodeCMap:")
        ]
        own = streams[-len(subsets) :]
        for stream, subset in zip(own, subsets, strict=True):
            stream.content = to_unicode(subset)


def to_unicode(subset: list[int]) -> bytes:
    """Return the CMap from one-byte codes to the code points of *subset*, in UTF-16BE."""
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<00> <FF>",
        "endcodespacerange",
    ]
    # Code 0 is the missing glyph; it is never shown and stands for no character.
    pairs = iter([(code, point) for code, point in enumerate(subset) if point])
    while block := list(islice(pairs, BLOCK)):
        lines.append(f"{len(block)} beginbfchar")
        lines += [f"<{code:02X}> <{chr(point).encode('utf-16-be').hex().upper()}>" for code, point in block]
        lines.append("endbfchar")
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end", ""]
    return "\n".join(lines).encode("ascii")
