"""Text in the OFD: extracts as it was composed, stands where the PDF's stands, has a glyph for everything."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from certsvc.errors import DefectError
from certsvc.ofd.content import text_object
from certsvc.ofd.names import PAGE, TEMPLATE, XMLNS
from certsvc.ofd.text import fonts_of, texts_of
from certsvc.ofd.xml import Element, parse_xml
from certsvc.page.compose import expected_texts
from certsvc.page.fonts import MM_PER_PT
from certsvc.page.model import Page, TextRun
from certsvc.rendering.glyphs import TABLES, GlyphFont
from certsvc.rendering.ofd_text import ASCENT_EM, DESCENT_EM, TextWriter
from tests.page.sample import TEN, a_page, a_subject, sample_fonts
from tests.rendering.test_ofd import drafted, elements, files_of
from tests.rendering.test_text import SUBJECTS

CASES = {
    **SUBJECTS,
    "longest": a_subject(
        name="买买提·艾力𬭎𫖯䶮𠅤𪜀𠀀ABCDEFGHIJKLMN",
        employer="示例建设工程" * 9 + "有限公司𬭎䶮",
        specialties=TEN,
        purpose="用于𠅤投标，" * 20,
    ),
}


@dataclass(frozen=True, slots=True)
class Object:
    """One text object with its only TextCode."""

    text: str
    font: int
    size_mm: float
    x_mm: float
    y_mm: float
    advances_mm: list[float]
    boundary: list[float]
    clear: bool


def objects(files: Mapping[str, bytes]) -> Iterator[Object]:
    """Read every text object, DeltaX unfolded by rules written down here again."""
    for name in (TEMPLATE, PAGE):
        for element in elements(parse_xml(files[name])):
            if element.name == "TextObject":
                yield _object(element)


def _object(element: Element) -> Object:
    (code,) = element.all("TextCode")
    (colour,) = element.all("FillColor")
    boundary = [float(number) for number in element.attributes["Boundary"].split()]
    words = iter(code.attributes.get("DeltaX", "").split())
    advances: list[float] = []
    for word in words:
        count = int(next(words)) if word == "g" else 1
        advances += [float(next(words) if word == "g" else word)] * count
    return Object(
        code.text,
        int(element.attributes["Font"]),
        float(element.attributes["Size"]),
        boundary[0] + float(code.attributes["X"]),
        boundary[1] + float(code.attributes["Y"]),
        advances,
        boundary,
        colour.attributes.get("Alpha") == "0",
    )


def cut_fonts(files: Mapping[str, bytes]) -> dict[int, TTFont]:
    """Open the embedded fonts with other code than cut them."""
    return {font: TTFont(io.BytesIO(content)) for font, content in fonts_of(files).items()}


def runs(page: Page) -> list[TextRun]:
    """List what the page sets, in drawing order."""
    return [item for item in (*page.static, *page.variable) if isinstance(item, TextRun)]


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_the_pages_run_by_run(case: str) -> None:
    """What a machine reads from the OFD is what it reads from the PDF and what the register holds."""
    page = a_page(CASES[case])
    shown = "".join(each.text for each in texts_of(files_of(drafted(CASES[case]))))

    assert shown == "".join(run.text for run in runs(page))
    for field, expected in expected_texts(page).items():
        assert expected in shown, field


@pytest.mark.parametrize("case", CASES)
def test_every_character_stands_at_the_fonts_own_advance(case: str) -> None:
    """Readers place by DeltaX or by the font; both must agree, and with the PDF's place of the run."""
    page = a_page(CASES[case])
    files = files_of(drafted(CASES[case]))
    fonts = cut_fonts(files)
    written = objects(files)

    for run in runs(page):
        x_mm, left = run.x_mm, run.text
        while left:
            part = next(written)
            font = fonts[part.font]
            metrics, names, upem = font["hmtx"].metrics, font.getBestCmap(), font["head"].unitsPerEm
            steps = [
                metrics[names[ord(each)]][0] / upem * part.size_mm + run.tracking_mm for each in part.text
            ]
            assert left.startswith(part.text)
            assert part.size_mm == pytest.approx(run.size_pt * MM_PER_PT, abs=0.0006)
            assert (part.x_mm, part.y_mm) == pytest.approx((x_mm, run.y_mm), abs=0.05)
            assert part.advances_mm == pytest.approx(steps[:-1], abs=0.001)
            x_mm, left = x_mm + sum(steps), left[len(part.text) :]
    assert next(written, None) is None


@pytest.mark.parametrize("case", CASES)
def test_every_character_has_ink_in_its_font_and_within_its_box(case: str) -> None:
    """A box instead of a name, or a stroke cut off by a reader that clips, spoils a certificate."""
    files = files_of(drafted(CASES[case]))
    fonts = cut_fonts(files)

    for part in objects(files):
        font = fonts[part.font]
        glyphs, upem = font.getGlyphSet(), font["head"].unitsPerEm
        for character in part.text:
            pen = BoundsPen(glyphs)
            glyphs[font.getBestCmap()[ord(character)]].draw(pen)
            if character in " \u3000":
                continue
            assert pen.bounds is not None, character
            _, low, _, high = (edge / upem for edge in pen.bounds)
            assert high <= ASCENT_EM
            assert low >= -DESCENT_EM
        assert part.boundary[2] == pytest.approx(
            sum(font["hmtx"].metrics[font.getBestCmap()[ord(each)]][0] for each in part.text)
            / upem
            * part.size_mm,
            abs=len(part.text) * 0.7,
        )


@pytest.mark.parametrize("case", CASES)
def test_fonts_hold_what_is_shown_and_a_missing_glyph_without_ink(case: str) -> None:
    """Ten tables open everywhere; readers that look for half a character must find nothing to draw."""
    files = files_of(drafted(CASES[case]))
    wanted: dict[int, set[int]] = {}
    for part in objects(files):
        wanted.setdefault(part.font, set()).update(map(ord, part.text))

    fonts = cut_fonts(files)
    assert fonts.keys() == wanted.keys()
    for number, font in fonts.items():
        assert set(font.keys()) - {"GlyphOrder"} == TABLES
        assert wanted[number] <= font.getBestCmap().keys()
        assert font["glyf"][".notdef"].numberOfContours == 0


def test_characters_beyond_the_first_plane_are_outlines_under_clear_text() -> None:
    """Readers that split them in halves then show the same as all others, and extraction still works."""
    page = a_page(a_subject(name="王𪜀·𠅤"))
    files = files_of(drafted(a_subject(name="王𪜀·𠅤")))
    content = [each for each in elements(parse_xml(files[PAGE])) if each.name.endswith("Object")]

    clear = [each for each in objects(files) if each.clear]
    assert [each.text for each in clear] == ["𪜀", "𠅤"]
    for text in clear:
        (index,) = [at for at, each in enumerate(content) if text.text == _text(each)]
        outline = content[index - 1]
        assert outline.name == "PathObject"
        assert outline.attributes["Fill"] == "true"
        assert outline.attributes["Boundary"] == content[index].attributes["Boundary"]
        assert outline.text_of("AbbreviatedData").count("C") >= 1
    name = next(run for run in runs(page) if run.field == "name")
    assert _colour(content[index - 1]) == " ".join(str(part) for part in bytes.fromhex(name.colour[1:]))


def _text(element: Element) -> str:
    return element.text_of("TextCode")


def _colour(element: Element) -> str:
    (colour,) = element.all("FillColor")
    return colour.attributes["Value"]


@pytest.fixture
def writer() -> TextWriter:
    """Write with the sample fonts."""
    fonts = sample_fonts()
    return TextWriter(fonts, {name: GlyphFont(font) for name, font in fonts.fonts.items()})


@pytest.mark.parametrize("text", ["注册编号", "A1-b", "日", "2026年01月", "<&> \"'"])
@pytest.mark.parametrize("field", ["", "name"])
def test_the_quick_way_writes_what_the_format_module_writes(
    text: str, field: str, writer: TextWriter
) -> None:
    """Two ways to write a text object must not drift apart."""
    run = TextRun(
        text=text,
        x_mm=20,
        y_mm=30.5,
        size_pt=11,
        font="serif",
        colour="#1F1B18",
        tracking_mm=0.25,
        field=field,
    )
    size_mm = 11 * MM_PER_PT
    glyphs = GlyphFont(sample_fonts().fonts["serif"])
    steps = [glyphs.advance_em(each) * size_mm + 0.25 for each in text]

    (written,) = writer.write(run, id=7, font=4)

    slow = text_object(
        id=7,
        boundary=(20, 30.5 - size_mm, sum(round(step, 3) for step in steps), 1.3 * size_mm),
        font=4,
        size_mm=size_mm,
        x_mm=0,
        y_mm=size_mm,
        text=text,
        advances_mm=steps[:-1],
        colour="#1F1B18",
    )
    one, other = (_object(alone(each)) for each in (written, slow))
    assert (one.text, one.font, one.clear) == (other.text, other.font, other.clear)
    assert alone(written).children[0] == alone(slow).children[0]
    numbers = [
        [*each.boundary, each.x_mm, each.y_mm, each.size_mm, *each.advances_mm] for each in (one, other)
    ]
    assert numbers[0] == pytest.approx(numbers[1], abs=0.001)


def alone(written: str) -> Element:
    """Read one object."""
    return parse_xml(written.replace(" ", f" {XMLNS} ", 1).encode())


def test_a_turned_run_is_turned_about_its_left_end(writer: TextWriter) -> None:
    """The page model allows it; the place on paper is what boundary and matrix make of the pen's start."""
    run = TextRun(
        text="样𬭎本", x_mm=80, y_mm=150, size_pt=40, font="serif", rotate_deg=30, opacity=0.3, tracking_mm=2
    )
    elements_written = [alone(text) for text in writer.write(run, id=7, font=4)]

    assert [each.attributes["ID"] for each in elements_written] == ["7", "8", "9", "10"]
    texts = [each for each in elements_written if each.name == "TextObject"]
    step_mm = 40 * MM_PER_PT + 2
    for index, element in enumerate(texts):
        (code,) = element.all("TextCode")
        left, top, _, _ = map(float, element.attributes["Boundary"].split())
        a, b, c, d, e, f = map(float, element.attributes["CTM"].split())
        x, y = float(code.attributes["X"]), float(code.attributes["Y"])
        place = (left + a * x + c * y + e, top + b * x + d * y + f)
        # Counter-clockwise by 30 degrees: 0.866 to the right, 0.5 up.
        assert place == pytest.approx((80 + index * step_mm * 0.8660254, 150 - index * step_mm / 2), abs=0.01)
    assert [each.all("FillColor")[0].attributes["Alpha"] for each in texts] == ["76", "0", "76"]


@pytest.mark.parametrize("text", ["\ue000", "字\U0002ffff", "\n"])
def test_a_character_without_glyph_stops_the_rendering(text: str, writer: TextWriter) -> None:
    """A certificate fails closed; the page was checked before, so this is a defect."""
    run = TextRun(text=text, x_mm=1, y_mm=1, size_pt=9, font="serif", field="name")

    with pytest.raises(DefectError, match="serif"):
        writer.write(run, id=1, font=3)


def test_a_font_that_lacks_a_character_is_not_cut() -> None:
    """The cut is checked too, not only the writing."""
    with pytest.raises(DefectError, match=r"U\+E000"):
        GlyphFont(sample_fonts().fonts["serif"]).cut({"一", "\ue000"})
