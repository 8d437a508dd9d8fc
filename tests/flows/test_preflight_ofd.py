"""Step 5 for the OFD: whatever went wrong while rendering is met before a key is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest
import uharfbuzz as hb

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import DefectError
from certsvc.issuing.preflight_ofd import preflight_ofd
from certsvc.issuing.preflight_ofd_own import agrees
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import DOCUMENT, DOCUMENT_RES, PAGE, PUBLIC_RES, RES, TEMPLATE
from certsvc.ofd.parts import make_part
from certsvc.page.model import Page, TextRun
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.plan import Planner
from tests.page.sample import FACTS, TEN, a_page, a_subject, sample_fonts

Change = Callable[[bytes], bytes]
RARE = "买买提·𬭎𫖯䶮𠅤"


@pytest.fixture(scope="module")
def renderer() -> OFDRenderer:
    """Make the fonts ready once."""
    return OFDRenderer(Planner(sample_fonts()))


def changed(draft: Draft, name: str, change: Change) -> Draft:
    """Return the draft with one part changed, packed anew."""
    assert name in {part.name for part in draft.parts}
    parts = tuple(
        make_part(name, change(part.content)) if part.name == name else part for part in draft.parts
    )
    return replace(draft, parts=parts)


def swapped(old: bytes, new: bytes) -> Change:
    """Put *new* in the place of the first *old*, which must be there."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def matched(pattern: bytes, new: bytes) -> Change:
    """The same by a regular expression."""

    def change(content: bytes) -> bytes:
        made, count = re.subn(pattern, new, content, count=1)
        assert count == 1
        return made

    return change


@pytest.mark.parametrize("kind", list(CopyKind))
@pytest.mark.parametrize(
    "words",
    [{}, {"name": RARE, "employer": "示例第一建筑工程有限责任公司（䶮）"}, {"specialties": TEN}],
    ids=["plain", "rare characters", "ten specialties"],
)
def test_a_sound_file_passes(renderer: OFDRenderer, kind: CopyKind, words: Mapping[str, object]) -> None:
    """It stands between every certificate and its seal: it must not refuse a good one."""
    page = a_page(a_subject(kind, **words))  # type: ignore[arg-type]  # the names of its parameters
    draft = renderer.render(page, FACTS)
    preflight_ofd(draft, page)
    # The quick way takes them all but far characters, which are drawn in several objects; twice, as parts are
    # known when they come again.
    for _ in range(3):
        assert agrees(draft, page) == ("name" not in words)


_SPARE: Final = (
    b'<ofd:TextObject ID="9999" Boundary="10 10 9 9" Font="1" Size="3">'
    b'<ofd:TextCode X="0" Y="3">x</ofd:TextCode></ofd:TextObject>'
)
CHANGES: Mapping[str, tuple[str, Change, str]] = {
    "a name": (PAGE, swapped("张示例".encode(), "张示范".encode()), "field name .*is not the one"),
    "a text left out": (PAGE, matched(rb"<ofd:TextObject.*?</ofd:TextObject>", b""), "is not the one"),
    "a text twice": (PAGE, matched(rb"(<ofd:TextObject.*?</ofd:TextObject>)", rb"\1\1"), "is not the one"),
    "a text elsewhere": (
        PAGE,
        matched(rb'(<ofd:TextObject ID="\d+" Boundary=")', rb"\g<1>1"),
        "stands elsewhere",
    ),
    "a text's size": (PAGE, matched(rb'(<ofd:TextObject [^>]* Size=")', rb"\g<1>1"), "another size"),
    "a text's colour": (
        PAGE,
        matched(rb'(<ofd:TextObject [^>]*><ofd:FillColor Value=")\d+', rb"\g<1>255"),
        "colour",
    ),
    "a clear text": (PAGE, matched(rb"(<ofd:TextObject )", rb'\1Alpha="0" '), "another colour"),
    "a clear colour": (
        PAGE,
        matched(rb'(<ofd:TextObject [^>]*><ofd:FillColor Value="[^"]*")', rb'\1 Alpha="0"'),
        "another colour",
    ),
    "one text more": (PAGE, swapped(b"</ofd:Layer>", _SPARE + b"</ofd:Layer>"), "not on the page"),
    "static text": (TEMPLATE, matched(rb"(<ofd:TextCode [^>]*>)", rb"\1x"), "is not the one"),
    "advances": (PAGE, matched(rb'DeltaX="', b'DeltaX="9 '), "where each character stands"),
    "an advance": (PAGE, matched(rb'DeltaX="g (\d+) [\d.]+', rb'DeltaX="g \1 9.5'), "stands elsewhere"),
    "a font that is not there": (PAGE, matched(rb' Font="\d+"', b' Font="999"'), "is not in it"),
    "the symbol": (PAGE, matched(rb"M 0 0 L ([\d.]+) 0 ", rb"M 0 0 L \1 0 L \1 1 "), "QR symbol"),
    "the symbol's place": (
        PAGE,
        matched(
            rb'(<ofd:PathObject ID="\d+" Boundary=")(?=[^>]*>(?:(?!</ofd:PathObject>).)*M 0 0 L )', rb"\g<1>1"
        ),
        "not one filled outline",
    ),
    "a picture left out": (PAGE, matched(rb"<ofd:ImageObject[^>]*/>", b""), "is not in"),
    "a picture's place": (PAGE, matched(rb'(<ofd:ImageObject [^>]*Boundary=")', rb"\g<1>1"), "a picture"),
    "a page without content": (PAGE, lambda content: b"", "does not open"),
    "two pages": (DOCUMENT, matched(rb"(<ofd:Page [^>]*/>)", rb"\1\1"), "one whole page"),
    "no font file": (PUBLIC_RES, matched(rb"<ofd:FontFile>", b"<ofd:FontFile>x"), "one whole page"),
    "no picture file": (DOCUMENT_RES, matched(rb"<ofd:MediaFile>", b"<ofd:MediaFile>x"), "one whole page"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_shows_something_else_is_refused(renderer: OFDRenderer, change: str) -> None:
    """Every kind of item, and every way it may be wrong, is met and named."""
    page = a_page()
    name, change_it, told = CHANGES[change]
    broken = changed(renderer.render(page, FACTS), name, change_it)
    assert not agrees(broken, page)
    with pytest.raises(DefectError, match=told):
        preflight_ofd(broken, page)


@pytest.mark.parametrize("field", ["photo", "signature"])
def test_another_picture_is_refused(renderer: OFDRenderer, field: str) -> None:
    """The bytes that were recorded are the bytes that are sealed."""
    page = a_page()
    (picture,) = (item for item in page.variable if getattr(item, "field", "") == field)
    draft = renderer.render(page, FACTS)
    (part,) = (part for part in draft.parts if part.content == getattr(picture, "content", None))
    with pytest.raises(DefectError, match="a picture"):
        preflight_ofd(changed(draft, part.name, lambda content: content + b"\0"), page)


def without(font: bytes, *, emptied: bool) -> bytes:
    """Cut the fonts's last character out of a font, or leave it without an outline."""
    face = hb.Face(font)
    characters = sorted(face.unicodes)
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(characters[:-1])
    if not emptied:
        return bytes(hb.subset(face, wanted).blob.data)
    last = hb.Font(face).get_nominal_glyph(characters[-1])
    assert last is not None
    return _emptied(font, last)


def _emptied(font: bytes, glyph: int) -> bytes:
    """Let a glyph's outline end where it begins, and with it all that follow."""
    tables = {
        font[at : at + 4]: int.from_bytes(font[at + 8 : at + 12], "big")
        for at in range(12, 12 + 16 * int.from_bytes(font[4:6], "big"), 16)
    }
    long = font[tables[b"head"] + 51]
    width = 4 if long else 2
    begin = tables[b"loca"] + glyph * width
    return font[: begin + width] + font[begin : begin + width] + font[begin + 2 * width :]


@pytest.mark.parametrize(("emptied", "told"), [(False, "has no glyph"), (True, "has an empty glyph")])
def test_a_character_without_a_glyph_is_refused(renderer: OFDRenderer, emptied: bool, told: str) -> None:
    """A name drawn as nothing, or from whatever font the reader has, is a wrong name."""
    page: Page = a_page(a_subject(name=RARE))
    draft = renderer.render(page, FACTS)
    fonts = [part.name for part in draft.parts if part.name.startswith(RES) and part.name.endswith("ttf")]
    refused = 0
    for name in fonts:
        with pytest.raises(DefectError, match=told):
            preflight_ofd(changed(draft, name, lambda font: without(font, emptied=emptied)), page)
        refused += 1
    assert refused >= 3


def test_a_label_met_before_is_not_taken_for_another(renderer: OFDRenderer) -> None:
    """Labels are known by their bytes; the page they are compared with is looked at each time."""
    page = a_page()
    draft = renderer.render(page, FACTS)
    assert agrees(draft, page) and agrees(draft, page)
    labels = [at for at, item in enumerate(page.variable) if isinstance(item, TextRun) and not item.field]
    assert len(labels) > 5
    for at in labels:
        for change in ({"x_mm": 3.0}, {"y_mm": 3.0}, {"text": "别的"}, {"colour": "#FF0000"}):
            items = list(page.variable)
            items[at] = replace(items[at], **change)
            assert not agrees(draft, replace(page, variable=tuple(items))), change
    assert agrees(draft, page)


def test_a_symbols_blocks_are_only_believed_where_they_stand(renderer: OFDRenderer) -> None:
    """They say where to look; what the file has, and what that covers, is read from the file."""
    page = a_page()
    draft = renderer.render(page, FACTS)
    (blocks,) = draft.symbols
    place = next(at for at, block in enumerate(blocks) if block)

    for symbols in ((), ((*blocks[:place], *blocks[place + 1 :]),), (blocks, blocks), (("",),)):
        told_nothing = replace(draft, symbols=symbols)
        assert not agrees(told_nothing, page)
        preflight_ofd(told_nothing, page)

    # Left out, or with a foreign word, in the hint and in the file alike.
    for block in ("", blocks[place].replace("C", "Z"), blocks[place] + " M 0 0 L 1 1 C"):
        others = (*blocks[:place], block, *blocks[place + 1 :])
        broken = changed(draft, PAGE, swapped("".join(blocks)[1:].encode(), "".join(others)[1:].encode()))
        broken = replace(broken, symbols=(others,))
        assert not agrees(broken, page)
        with pytest.raises(DefectError, match="QR symbol"):
            preflight_ofd(broken, page)
