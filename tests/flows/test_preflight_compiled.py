"""Step 5 for the PDF as it is issued: defects planted in it are met by the quick way and by pdfium."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from certsvc.issuing.preflight_pdf_own import agrees
from tests.flows.test_preflight_pdf import Change, changed, crossed, matched, pdfium_agrees, rendered

SHEET = b" 17 Tf"
"""Only the content that varies shows the name, in this size."""
UNICODE = b"<5F20>\n"
"""Only the copy's own cut has the name's first character."""
GLYPHS = b"\0\0\0\1\0\2\0\3"
"""How a map from codes to glyphs begins."""
NAME = rb"(/F\d+ 17 Tf 1 0 0 1 \S+ \S+ Tm) <(....)(....)(....)> Tj"
MORE = b"BT 0 0 0 rg 0 Tc /F9 9 Tf 1 0 0 1 9 9 Tm <0001> Tj ET\n"


def upside_down(glyphs: bytes) -> bytes:
    """Let each code draw another's glyph."""
    return glyphs[:2] + b"".join(glyphs[at : at + 2] for at in range(len(glyphs) - 2, 0, -2))


SEEN_BY_BOTH: Mapping[str, tuple[bytes, Change]] = {
    "text swapped": (SHEET, matched(NAME, rb"\1 <\2\4\3> Tj")),
    "a run left out": (SHEET, matched(NAME, rb"\1 <> Tj")),
    "the missing glyph": (SHEET, matched(NAME, rb"\1 <000000000000> Tj")),
    "a map to Unicode that says other characters": (UNICODE, matched(UNICODE, b"<5F21>\n")),
    "a map to Unicode with two crossed": (UNICODE, crossed),
    "no map to Unicode": (UNICODE, lambda content: b""),
}
SEEN_BY_US: Mapping[str, tuple[bytes, Change]] = {
    "a text elsewhere": (SHEET, matched(rb" 17 Tf 1 0 0 1 \d", b" 17 Tf 1 0 0 1 9")),
    "another size": (SHEET, matched(rb" 17 Tf", b" 18 Tf")),
    "a text more": (SHEET, lambda content: content + MORE),
    "a text more in the template": (b" rg", lambda content: content + MORE),
    "codes that draw other glyphs": (GLYPHS, upside_down),
}


@pytest.mark.parametrize("defect", SEEN_BY_BOTH)
def test_a_text_that_extracts_otherwise_is_met_by_both(defect: str) -> None:
    """What pdfium catches the quick way must catch too: it goes before."""
    pdf, page = rendered(compiled=True)
    broken = changed(pdf, *SEEN_BY_BOTH[defect])

    assert not agrees(broken, page)
    assert not pdfium_agrees(broken, page)


@pytest.mark.parametrize("defect", SEEN_BY_US)
def test_what_extraction_cannot_see_is_met(defect: str) -> None:
    """Another name drawn than extracts, a text in another place: the quick way says nothing then."""
    pdf, page = rendered(compiled=True)

    assert not agrees(changed(pdf, *SEEN_BY_US[defect]), page)
