"""Step 5 for the PDF: the quick way and pdfium agree on sound files, and each planted defect is met."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import DefectError
from certsvc.issuing import preflight as thorough
from certsvc.issuing.preflight_pdf_own import agrees
from certsvc.page.model import Page, TextRun
from certsvc.pdf.draft import ENTRY, TABLE_HEAD
from certsvc.pdf.grammar import read_body
from certsvc.qr.encode import encode
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.rendering.plan import Planner
from tests.page.sample import FACTS, QR_TEXT, TEN, a_page, a_subject, sample_fonts

Change = Callable[[bytes], bytes]
RARE = "买买提·𬭎𫖯䶮𠅤"
STREAM = re.compile(rb"(?P<head>.*?)/Length \d+ >>\nstream\n", re.DOTALL)
END_STREAM = b"\nendstream\nendobj\n"


@cache
def rendered(subject: str = "plain") -> tuple[bytes, Page]:
    """Render one page in the way certificates are issued."""
    subjects = {
        "plain": a_subject(),
        "original": a_subject(CopyKind.ORIGINAL),
        "rare": a_subject(name=RARE, employer="示例第一建筑工程有限责任公司（䶮）"),
        "ten": a_subject(specialties=TEN, purpose="投标，" * 60),
    }
    page = a_page(subjects[subject])
    return PDFRenderer(Planner(sample_fonts())).render(page, FACTS).unsealed(), page


def changed(pdf: bytes, marker: bytes, change: Change) -> bytes:
    """Return the file with one stream changed, the first whose content has *marker*, laid out as before."""
    objects = objects_of(pdf)
    for number, body in objects.items():
        stream = STREAM.match(body)
        if stream is None or b"/DCTDecode" in stream["head"]:
            continue
        stored = body[stream.end() : -len(END_STREAM)]
        packed = b"/Filter /FlateDecode" in stream["head"]
        content = zlib.decompress(stored) if packed else stored
        if marker in content:
            made = change(content)
            assert made != content
            stored = zlib.compress(made) if packed else made
            head = b"%b/Length %d >>\nstream\n" % (stream["head"], len(stored))
            return laid_down(pdf, {**objects, number: head + stored + END_STREAM})
    raise AssertionError(marker)


def objects_of(pdf: bytes) -> dict[int, bytes]:
    """By number, in the order of the file, every object of a file of ours."""
    table = pdf.rindex(b"xref\n0 ")
    places = {
        int(place): number
        for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf[table:]), start=1)
    }
    ends = [*sorted(places)[1:], table]
    return {places[at]: pdf[at:end] for at, end in zip(sorted(places), ends, strict=True)}


def laid_down(pdf: bytes, objects: Mapping[int, bytes]) -> bytes:
    """Write the objects again, one after another, with a right table."""
    out, places = pdf[: pdf.index(b"1 0 obj")], {}
    for number, body in objects.items():
        places[number] = len(out)
        out += body
    table = len(out)
    out += TABLE_HEAD % (len(places) + 1) + b"".join(ENTRY % places[number] for number in sorted(places))
    return out + pdf[pdf.rindex(b"trailer") : pdf.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % table


def pdfium_agrees(pdf: bytes, page: Page) -> bool:
    """Ask the reader by others alone."""
    try:
        thorough._extract(pdf, page)  # the part of step 5 that is compared here
    except DefectError:
        return False
    return True


SHEET = b" 17 Tf"
"""Only the content that varies shows the name, in this size."""
STATIC = b" w\n"
"""The static content comes first and draws lines."""
UNICODE = b"<5F20>\n"
"""Only the copy's own cut has the name's first character."""
GLYPHS = b"\0\0\0\1\0\2\0\3"
"""How a map from codes to glyphs begins."""
FONT = b"\0\x01\0\0\0\n"
"""A TrueType file of ten tables."""
NAME = rb"(BT [^\n]*/F\d+ 17 Tf 1 0 0 1 \S+ \S+ Tm) <(....)(....)(....)> Tj ET\n"
MORE = b"BT 0 0 0 rg 0 Tc /F9 9 Tf 1 0 0 1 9 9 Tm <0001> Tj ET\n"
HARMLESS: Mapping[str, tuple[bytes, Change]] = {
    "content": (SHEET, lambda content: content + b"q 1 0 0 1 9 9 cm Q\n"),
    "static content": (STATIC, lambda content: content + b"q 1 J Q\n"),
    "map to Unicode": (UNICODE, lambda content: content + b"% end\n"),
    "map to glyphs": (GLYPHS, lambda content: content + b"\0\0"),
    "font": (FONT, lambda content: content + b"\0\0"),
}


@pytest.mark.parametrize("subject", ["plain", "original", "rare", "ten"])
def test_a_sound_file_passes_both_ways(subject: str) -> None:
    """The quick way is no use if good files go past it; taken twice, what was compared before is known."""
    pdf, page = rendered(subject)

    assert agrees(pdf, page) is not None and agrees(pdf, page) is not None
    assert pdfium_agrees(pdf, page)


@pytest.mark.parametrize("part", HARMLESS)
def test_a_file_laid_out_anew_with_something_harmless_is_agreed_with(part: str) -> None:
    """Else what is planted below would be met because the helper of these tests writes otherwise."""
    pdf, page = rendered()

    assert laid_down(pdf, objects_of(pdf)) == pdf
    assert agrees(changed(pdf, *HARMLESS[part]), page) is not None


def test_a_file_in_another_form_is_left_to_pdfium() -> None:
    """The reference renderer writes other objects: it passes all the same, and nothing of it is known."""
    page = a_page()
    pdf = ReferenceRenderer(sample_fonts()).render(page, FACTS)

    assert agrees(pdf, page) is None
    assert thorough.preflight(pdf, page, encode(QR_TEXT), QR_TEXT) is None


def matched(pattern: bytes, new: bytes) -> Change:
    """Put *new* in the place of the first match of a regular expression."""
    return lambda content: re.sub(pattern, new, content, count=1)


def crossed(content: bytes) -> bytes:
    """Let two codes of a map to Unicode change places."""
    lines = re.findall(rb"<[0-9A-F]+> (<[0-9A-F]{4}>)\n", content)
    one, other = lines[-1], lines[-2]
    return content.replace(one, b"?").replace(other, one).replace(b"?", other)


def upside_down(glyphs: bytes) -> bytes:
    """Let each code draw another's glyph."""
    return glyphs[:2] + b"".join(glyphs[at : at + 2] for at in range(len(glyphs) - 2, 0, -2))


SEEN_BY_BOTH: Mapping[str, tuple[bytes, Change]] = {
    "text swapped": (SHEET, matched(NAME, rb"\1 <\2\4\3> Tj ET\n")),
    "a run left out": (SHEET, matched(NAME, b"")),
    "a run of nothing": (SHEET, matched(NAME, rb"\1 <> Tj ET\n")),
    "the missing glyph": (SHEET, matched(NAME, rb"\1 <000000000000> Tj ET\n")),
    "codes of nothing": (SHEET, matched(NAME, rb"\1 <0FF10FF20FF3> Tj ET\n")),
    "a map to Unicode that says other characters": (UNICODE, matched(UNICODE, b"<5F21>\n")),
    "a map to Unicode with two crossed": (UNICODE, crossed),
    "no map to Unicode": (UNICODE, lambda content: b""),
}
SEEN_BY_US: Mapping[str, tuple[bytes, Change]] = {
    "a text twice": (SHEET, matched(NAME, rb"\g<0>\g<0>")),
    "a text elsewhere": (SHEET, matched(rb" 17 Tf 1 0 0 1 \d", b" 17 Tf 1 0 0 1 9")),
    "a text in another matrix": (SHEET, matched(rb" 17 Tf 1 0 0 1", b" 17 Tf 1 0 0 2")),
    "another size": (SHEET, matched(rb" 17 Tf", b" 18 Tf")),
    "another colour": (SHEET, matched(rb"BT 0\.\d+", b"BT 1")),
    "spaced out": (SHEET, matched(rb" 0 Tc", b" 3 Tc")),
    "invisible": (SHEET, matched(rb"BT ", b"3 Tr BT ")),
    "invisible inside": (SHEET, matched(rb" 0 Tc", b" 0 Tc 3 Tr")),
    "moved by what stands before": (SHEET, lambda content: b"1 0 0 1 9 9 cm\n" + content),
    "moved and never moved back": (SHEET, lambda content: b"q\n1 0 0 1 9 9 cm\n" + content),
    "moved between": (SHEET, lambda content: b"q Q\n1 0 0 1 9 9 cm\nq Q\n" + content),
    "clipped away": (SHEET, lambda content: b"q Q\n0 0 1 1 re W n\nq Q\n" + content),
    "a text more": (SHEET, lambda content: content + MORE),
    "a text more in another form": (SHEET, lambda content: content + b"BT [<01>] TJ ET\n"),
    "a text more in the template": (STATIC, lambda content: content + MORE),
    "a text more in the art": (STATIC, lambda content: content + b"q BT /F9 9 Tf <0001> Tj ET Q\n"),
    "codes that draw other glyphs": (GLYPHS, upside_down),
    "a map to Unicode with a code twice": (
        UNICODE, lambda content: content + b"1 beginbfchar\n<0001> <5F20>\nendbfchar\n"
    ),
    "a map to Unicode with a range": (
        UNICODE, lambda content: content + b"1 beginbfrange\n<0001> <0002> <5F20>\nendbfrange\n"
    ),
    "no whole outlines": (FONT, lambda content: content[:-200]),
}  # fmt: skip


@pytest.mark.parametrize("defect", SEEN_BY_BOTH)
def test_a_text_that_extracts_otherwise_is_met_by_both(defect: str) -> None:
    """What pdfium catches the quick way must catch too: it goes before."""
    pdf, page = rendered()
    broken = changed(pdf, *SEEN_BY_BOTH[defect])

    assert read_body(broken) is not None
    assert agrees(broken, page) is None
    assert not pdfium_agrees(broken, page)
    with pytest.raises(DefectError):
        thorough.preflight(broken, page, encode(QR_TEXT), QR_TEXT)


@pytest.mark.parametrize("defect", SEEN_BY_US)
def test_what_extraction_cannot_see_is_met(defect: str) -> None:
    """Another name drawn than extracts, a text in another place: the quick way says nothing then."""
    pdf, page = rendered()
    broken = changed(pdf, *SEEN_BY_US[defect])

    assert read_body(broken) is not None
    assert agrees(broken, page) is None


@pytest.mark.parametrize("hidden", [b"\n9 0 obj\n", b"%%EOF", b"/ByteRange"])
def test_what_no_stream_may_hold_is_met(hidden: bytes) -> None:
    """A reader that repairs files would find it."""
    pdf, page = rendered()
    objects = objects_of(pdf)
    number = next(number for number, body in objects.items() if b"/CIDToGIDMap" in body) + 3
    stream = STREAM.match(objects[number])
    assert stream is not None
    stored = objects[number][stream.end() : -len(END_STREAM)] + hidden
    head = b"%b/Length %d >>\nstream\n" % (stream["head"], len(stored))

    assert agrees(laid_down(pdf, {**objects, number: head + stored + END_STREAM}), page) is None


def test_an_empty_glyph_is_met() -> None:
    """A name drawn as nothing extracts all the same."""
    pdf, page = rendered()

    def emptied(font: bytes) -> bytes:
        at = {
            font[row : row + 4]: int.from_bytes(font[row + 8 : row + 12], "big")
            for row in range(12, 12 + 16 * int.from_bytes(font[4:6], "big"), 16)
        }
        width = 4 if font[at[b"head"] + 51] else 2
        size = int.from_bytes(font[at[b"maxp"] + 4 : at[b"maxp"] + 6], "big")
        begin = at[b"loca"]
        return font[:begin] + font[begin : begin + width] * (size + 1) + font[begin + width * (size + 1) :]

    assert agrees(changed(pdf, FONT, emptied), page) is None


@pytest.mark.parametrize("field", ["name", "registration_number", "use_window", "code"])
def test_a_page_that_means_another_text_is_not_agreed_with(field: str) -> None:
    """The comparison is with the page, not of the file with itself."""
    pdf, page = rendered()
    variable = tuple(
        replace(item, text=item.text[::-1]) if isinstance(item, TextRun) and item.field == field else item
        for item in page.variable
    )

    assert agrees(pdf, replace(page, variable=variable)) is None


@pytest.mark.parametrize("broken", [b"", b"%PDF-1.7\n", b"startxref\n0\n%%EOF\n", b"x" * 100])
def test_what_is_no_pdf_is_not_agreed_with(broken: bytes) -> None:
    """It says nothing, and pdfium then says what is wrong."""
    assert agrees(broken, rendered()[1]) is None
