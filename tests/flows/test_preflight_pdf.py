"""Step 5 for the PDF: the quick way and pdfium agree on sound files, and each planted defect is met."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from struct import pack

import pytest
import uharfbuzz as hb

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import DefectError
from certsvc.issuing import preflight as thorough
from certsvc.issuing.preflight_pdf_fonts import FontParts, ShownFont
from certsvc.issuing.preflight_pdf_objects import OtherShapeError, PDFObjects, unpacked
from certsvc.issuing.preflight_pdf_own import agrees
from certsvc.page.model import Page, TextRun
from certsvc.qr.encode import encode
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.rendering.plan import Planner
from tests.page.sample import FACTS, QR_TEXT, TEN, a_page, a_subject, sample_fonts

Change = Callable[[bytes], bytes]
RARE = "买买提·𬭎𫖯䶮𠅤"


@cache
def rendered(subject: str = "plain", *, compiled: bool = False) -> tuple[bytes, Page]:
    """Render one page, by the reference renderer or in the way certificates are issued."""
    subjects = {
        "plain": a_subject(),
        "original": a_subject(CopyKind.ORIGINAL),
        "rare": a_subject(name=RARE, employer="示例第一建筑工程有限责任公司（䶮）"),
        "ten": a_subject(specialties=TEN, purpose="投标，" * 60),
    }
    page = a_page(subjects[subject])
    if compiled:
        return PDFRenderer(Planner(sample_fonts())).render(page, FACTS).unsealed(), page
    return ReferenceRenderer(sample_fonts()).render(page, FACTS), page


def changed(pdf: bytes, marker: bytes, change: Change) -> bytes:
    """Return the file with one stream changed, the first whose content has *marker*, and a right table."""
    objects = PDFObjects(pdf)
    count = int(re.findall(rb"xref\n0 (\d+)", pdf)[-1])
    bodies = [objects.body(number) for number in range(1, count)]
    done = False
    for at, body in enumerate(bodies):
        if done or b"stream" not in body or b"/DCTDecode" in body:
            continue
        try:
            content = unpacked(body)
        except OtherShapeError:
            continue
        if marker in content:
            made = change(content)
            assert made != content
            head = body[: body.index(b"stream")]
            head = re.sub(rb"/Length \d+", b"/Length %d" % len(made), head)
            head = re.sub(rb"/Filter (?:\[ ?)?/FlateDecode(?: ?\])?", b"", head)
            bodies[at] = head + b"stream\n" + made + b"\nendstream\nendobj\n"
            done = True
    assert done
    return laid_down(pdf, bodies)


def laid_down(pdf: bytes, bodies: list[bytes]) -> bytes:
    """Write the objects again, one after another."""
    out, places = pdf[: pdf.index(b"1 0 obj")], []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + pdf[pdf.rindex(b"trailer") : pdf.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % table


def pdfium_agrees(pdf: bytes, page: Page) -> bool:
    """Ask the reader by others alone."""
    try:
        thorough._extract(pdf, page)  # the part of step 5 that is compared here
    except DefectError:
        return False
    return True


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("subject", ["plain", "original", "rare", "ten"])
def test_a_sound_file_passes_both_ways(subject: str, compiled: bool) -> None:
    """The quick way is no use if good files go past it; taken twice, what was compared before is known."""
    pdf, page = rendered(subject, compiled=compiled)

    assert agrees(pdf, page) and agrees(pdf, page)
    assert pdfium_agrees(pdf, page)
    # Written anew by the helper of these tests it is still the same.
    assert agrees(changed(pdf, b"BT ", lambda content: content + b" "), page)


def swapped(old: bytes, new: bytes) -> Change:
    """Put *new* in the place of the first *old*."""
    return lambda content: content.replace(old, new, 1)


def matched(pattern: bytes, new: bytes) -> Change:
    """The same by a regular expression."""
    return lambda content: re.sub(pattern, new, content, count=1)


def crossed(content: bytes) -> bytes:
    """Let two codes of a map to Unicode change places."""
    lines = re.findall(rb"<[0-9A-F]+> (<[0-9A-F]{4}>)\n", content)
    one, other = lines[-1], lines[-2]
    return content.replace(one, b"?").replace(other, one).replace(b"?", other)


def of_name(content: bytes) -> tuple[bytes, bytes]:
    """Return how the name's three characters are shown, before and after the last two change places."""
    (codes,) = re.findall(rb"/\S+ 17 Tf <([0-9A-F]{6})> Tj", content)
    return b"<" + codes + b"> Tj", b"<" + codes[:2] + codes[4:] + codes[2:4] + b"> Tj"


UNICODE, SHEET = b"beginbfchar", b"BT "
SEEN_BY_BOTH: Mapping[str, tuple[bytes, Change]] = {
    "text swapped": (SHEET, lambda content: content.replace(*of_name(content))),
    "a run left out": (SHEET, lambda content: content.replace(of_name(content)[0], b"")),
    "the missing glyph": (SHEET, lambda content: content.replace(of_name(content)[0], b"<000000> Tj")),
    "a map to Unicode that says other characters": (b"<5F20>\n", matched(rb"<5F20>\n", b"<5F21>\n")),
    "a map to Unicode with two crossed": (b"<5F20>\n", crossed),
    "no map to Unicode": (b"<5F20>\n", lambda content: b""),
}
SEEN_BY_US: Mapping[str, tuple[bytes, Change]] = {
    "a text twice": (SHEET, matched(rb"(?s)(q\nBT .*?ET Q\n)", rb"\1\1")),
    "a text elsewhere": (SHEET, matched(rb"(1 0 -?0 1) \d", rb"\1 9")),
    "another size": (SHEET, matched(rb" 17 Tf", b" 18 Tf")),
    "another colour": (SHEET, matched(rb"BT 0\.\d+", b"BT 1")),
    "spaced out": (SHEET, matched(rb" 0 Tc", b" 3 Tc")),
    "invisible": (SHEET, matched(rb"BT ", b"3 Tr BT ")),
    "a text more in another form": (SHEET, lambda content: content + b"BT [<01>] TJ ET\n"),
    "a text more in the art": (b" rg", lambda content: content + b"BT /F1+0 9 Tf <01> Tj ET\n"),
}


@pytest.mark.parametrize("defect", SEEN_BY_BOTH)
def test_a_text_that_extracts_otherwise_is_met_by_both(defect: str) -> None:
    """What pdfium catches the quick way must catch too: it goes before."""
    pdf, page = rendered()
    broken = changed(pdf, *SEEN_BY_BOTH[defect])

    assert not agrees(broken, page)
    assert not pdfium_agrees(broken, page)
    with pytest.raises(DefectError):
        thorough.preflight(broken, page, encode(QR_TEXT), QR_TEXT)


@pytest.mark.parametrize("defect", SEEN_BY_US)
def test_what_extraction_cannot_see_is_met(defect: str) -> None:
    """Place, size, colour, repetition: the quick way says nothing then, and a reader by others is asked."""
    pdf, page = rendered()

    assert not agrees(changed(pdf, *SEEN_BY_US[defect]), page)


def test_an_empty_glyph_is_met() -> None:
    """A name drawn as nothing extracts all the same."""
    pdf, page = rendered()
    fonts = b"\0\x01\0\0"

    def emptied(font: bytes) -> bytes:
        at = {
            font[row : row + 4]: int.from_bytes(font[row + 8 : row + 12], "big")
            for row in range(12, 12 + 16 * int.from_bytes(font[4:6], "big"), 16)
        }
        width = 4 if font[at[b"head"] + 51] else 2
        size = int.from_bytes(font[at[b"maxp"] + 4 : at[b"maxp"] + 6], "big")
        begin = at[b"loca"]
        return font[:begin] + font[begin : begin + width] * (size + 1) + font[begin + width * (size + 1) :]

    assert not agrees(changed(pdf, fonts, emptied), page)


@pytest.mark.parametrize("field", ["name", "registration_number", "use_window", "code"])
def test_a_page_that_means_another_text_is_not_agreed_with(field: str) -> None:
    """The comparison is with the page, not of the file with itself."""
    pdf, page = rendered()
    variable = tuple(
        replace(item, text=item.text[::-1]) if isinstance(item, TextRun) and item.field == field else item
        for item in page.variable
    )

    assert not agrees(pdf, replace(page, variable=variable))


@pytest.mark.parametrize("broken", [b"", b"%PDF-1.7\n", b"startxref\n0\n%%EOF\n", b"x" * 100])
def test_what_is_no_pdf_is_not_agreed_with(broken: bytes) -> None:
    """It says nothing, and pdfium then says what is wrong."""
    assert not agrees(broken, rendered()[1])


def wide(text: str, **other: bytes) -> FontParts:
    """Cut a font and describe it with codes of two bytes, one after another from 1."""
    face = sample_fonts().fonts["serif"].face
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(set(map(ord, text)))
    file = bytes(hb.subset(face, wanted).blob.data)
    font = hb.Font(hb.Face(file))
    glyphs = [0, *(font.get_nominal_glyph(ord(character)) or 0 for character in text)]
    widths = [font.get_glyph_h_advance(glyph) * 1000 / face.upem for glyph in glyphs]
    lines = [
        f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>\n"
        for code, character in enumerate(text, start=1)
    ]
    shown = " ".join(f"{width:g}" for width in widths)
    parts = {
        "font": b"<< /Type /Font /Subtype /Type0 /Encoding /Identity-H >>",
        "descendant": f"<< /W [0 [{shown}]] >>".encode(),
        "to_glyphs": stream(pack(f">{len(glyphs)}H", *glyphs)),
        "to_unicode": stream(f"{len(lines)} beginbfchar\n{''.join(lines)}endbfchar\n".encode()),
        "file": stream(file),
    }
    return FontParts(**{**parts, **other})


def stream(content: bytes) -> bytes:
    """Write a stream, packed."""
    stored = zlib.compress(content)
    return b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (len(stored), stored)


def test_codes_of_two_bytes_are_read() -> None:
    """The compiled files have them; far characters too are one code each."""
    assert ShownFont(wide("张示 例")).text("0001000200030004") == "张示 例"


@pytest.mark.parametrize(
    "other",
    [
        {"to_glyphs": stream(pack(">4H", 0, 2, 1, 3))},
        {"to_glyphs": stream(pack(">4H", 0, 0, 2, 3))},
        {"descendant": b"<< /W [0 [1000 900 1000 1000]] >>"},
        {"descendant": b"<< /W [0 [1000]] >>"},
        {"to_unicode": stream(b"1 beginbfrange\n<0001> <0003> <5F20>\nendbfrange\n")},
        {"to_unicode": stream(b"1 beginbfchar\n<0001> <5F2093E1>\nendbfchar\n")},
        {"to_unicode": stream(b"1 beginbfchar\n<0002> <5F20>\nendbfchar\n")},
    ],
    ids=["crossed", "missing glyph", "width", "no width", "range", "two characters", "not said"],
)
def test_a_code_whose_glyph_is_not_its_characters_is_met(other: Mapping[str, bytes]) -> None:
    """Right text over a wrong glyph: a reader's extraction would find nothing wrong."""
    with pytest.raises(LookupError):
        ShownFont(wide("张示例", **other)).text("000100020003")
