"""OFD.xml, Document.xml, resource lists and pages say what the schema allows, in its order."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import DefectError
from certsvc.ofd.content import abbreviated, deltas, image_object, number, page_xml, path_object, text_object
from certsvc.ofd.document import DocInfo, Font, Image, document_xml, ofd_xml, resources_xml
from certsvc.ofd.names import DOCUMENT, SIGNATURES, escape, resolve
from certsvc.ofd.xml import Element, parse_xml
from tests.ofd.samples import an_info, sealed_parts

FIRST: Final = date(2026, 11, 1)
LAST: Final = date(2027, 4, 29)


def document(use_from: date | None = None, use_until: date | None = None) -> Element:
    """Write and read a Document.xml."""
    return parse_xml(
        document_xml(
            max_unit_id=9,
            width_mm=210,
            height_mm=297,
            template_id=1,
            page_id=2,
            use_from=use_from,
            use_until=use_until,
        )
    )


def get(element: Element, *path: str) -> Element:
    """Follow *path* down."""
    for name in path:
        (element,) = element.all(name)
    return element


def names_in(element: Element) -> list[str]:
    """List the children's names."""
    return [child.name for child in element.children]


def test_every_element_we_write_has_the_literal_prefix() -> None:
    """Readers exist that match ``ofd:`` as text; a default namespace crashes them."""
    for part in sealed_parts():
        if part.name.endswith(".xml"):
            text = part.content.decode()
            assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<ofd:')
            assert set(re.findall(r"</?([a-z]*:?)[A-Z]", text)) == {"ofd:"}
            assert re.findall(r'xmlns[^=]*="[^"]*"', text) == ['xmlns:ofd="http://www.ofdspec.org/2016"']


@pytest.mark.parametrize("is_sealed", [True, False])
def test_the_entrance_names_one_document_and_its_signatures_when_sealed(is_sealed: bool) -> None:
    """A list named but absent would be a broken file, one present but unnamed an unsealed one."""
    root = parse_xml(ofd_xml(an_info(), sealed=is_sealed))
    body = get(root, "DocBody")

    assert root.attributes == {"Version": "1.0", "DocType": "OFD"}
    assert names_in(body) == ["DocInfo", "DocRoot", *(["Signatures"] if is_sealed else [])]
    assert body.text_of("DocRoot") == DOCUMENT
    assert body.text_of("Signatures") == (f"/{SIGNATURES}" if is_sealed else "")
    assert names_in(get(body, "DocInfo")) == [
        "DocID",
        "Title",
        "Author",
        "CreationDate",
        "Creator",
        "CustomDatas",
    ]


texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20
)


@given(texts, texts, st.lists(st.tuples(texts, texts), max_size=4))
def test_what_is_recorded_is_what_the_entrance_says(
    title: str, author: str, custom: list[tuple[str, str]]
) -> None:
    """Names of people and firms carry any character; none may end an element or an attribute."""
    info = DocInfo(
        doc_id="0" * 32, title=title, author=author, created=FIRST, creator="certsvc", custom=tuple(custom)
    )

    shown = get(parse_xml(ofd_xml(info, sealed=True)), "DocBody", "DocInfo")

    assert (get(shown, "Title").text, get(shown, "Author").text) == (title, author)
    assert shown.text_of("CreationDate") == "2026-11-01"
    listed = shown.find("CustomDatas")
    found = [] if listed is None else [(one.attributes["Name"], one.text) for one in listed.children]
    assert found == custom


@pytest.mark.parametrize("character", ["\0", "\x08", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_character_xml_cannot_hold_is_never_written(character: str) -> None:
    """It would make a file that no reader opens, under our seal."""
    with pytest.raises(DefectError):
        escape(f"王{character}")


def test_document_stands_in_the_order_of_the_schema() -> None:
    """Some readers find elements by place."""
    root = document(FIRST, LAST)

    assert names_in(root) == ["CommonData", "Pages", "Permissions"]
    assert names_in(get(root, "CommonData")) == [
        "MaxUnitID",
        "PageArea",
        "PublicRes",
        "DocumentRes",
        "TemplatePage",
    ]
    assert get(root, "CommonData", "PageArea", "PhysicalBox").text == "0 0 210 297"
    assert names_in(get(root, "Permissions")) == [
        "Edit",
        "Annot",
        "Export",
        "Signature",
        "Watermark",
        "PrintScreen",
        "Print",
        "ValidPeriod",
    ]


def test_permissions_refuse_what_would_change_the_file_and_nothing_else() -> None:
    """A copy is there to be read, printed and taken into somebody's files."""
    shown = get(document(), "Permissions")

    assert {child.name: child.text for child in shown.children if child.text} == {
        "Edit": "false",
        "Annot": "false",
        "Export": "true",
        "Signature": "false",
        "Watermark": "false",
        "PrintScreen": "true",
    }
    assert get(shown, "Print").attributes == {"Printable": "true"}


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (FIRST, LAST, {"StartDate": "2026-11-01T00:00:00", "EndDate": "2027-04-29T23:59:59"}),
        (FIRST, None, {"StartDate": "2026-11-01T00:00:00"}),
        (None, LAST, {"EndDate": "2027-04-29T23:59:59"}),
        (None, None, None),
    ],
)
def test_usage_window_is_the_valid_period_with_its_last_day_whole(
    first: date | None, last: date | None, expected: dict[str, str] | None
) -> None:
    """A reader that obeys it must not refuse the copy on the last day on which it may be used."""
    period = get(document(first, last), "Permissions").find("ValidPeriod")

    assert (None if period is None else period.attributes) == expected


def test_resources_have_one_block_of_each_kind_or_none() -> None:
    """Readers take the first block of fonts and leave the rest."""
    fonts = [
        Font(id=3, name="宋体", family="宋体", file="a.ttf"),
        Font(id=4, name="a&b", family="", file="b.ttf"),
    ]
    images = [Image(id=5, format="PNG", file="c.png")]

    root = parse_xml(resources_xml(fonts=fonts, images=images))

    assert root.attributes == {"BaseLoc": "Res"}
    assert names_in(root) == ["Fonts", "MultiMedias"]
    assert [font.attributes["FontName"] for font in get(root, "Fonts").children] == ["宋体", "a&b"]
    assert get(root, "MultiMedias", "MultiMedia").attributes == {"ID": "5", "Type": "Image", "Format": "PNG"}
    assert names_in(parse_xml(resources_xml())) == []


def test_objects_stand_in_one_layer_over_the_template() -> None:
    """Drawing order is document order; StrokeColor comes before FillColor in a path."""
    text = text_object(
        id=7,
        boundary=(10, 20, 30, 6.5),
        font=3,
        size_mm=4.2333,
        x_mm=0,
        y_mm=4,
        text="<&>𠀀",
        advances_mm=[4, 4, 4],
        colour="#b00010",
        alpha=60,
        matrix=(0.70711, -0.70711, 0.70711, 0.70711, 0, 0),
    )
    path = path_object(
        id=8, boundary=(0, 0, 9, 9), data="M 0 0", stroke="#0000ff", fill="#010203", even_odd=True
    )
    picture = image_object(id=9, boundary=(1, 2, 25, 35), resource=4)

    root = parse_xml(page_xml([text, path, picture], layer_id=6, template_id=1, area=(0, 0, 210, 297)))

    assert names_in(root) == ["Template", "Area", "Content"]
    shown, drawn, placed = get(root, "Content", "Layer").children
    assert shown.attributes == {
        "ID": "7",
        "Boundary": "10 20 30 6.5",
        "CTM": "0.70711 -0.70711 0.70711 0.70711 0 0",
        "Font": "3",
        "Size": "4.233",
    }
    assert names_in(shown) == ["FillColor", "TextCode"]
    assert get(shown, "FillColor").attributes == {"Value": "176 0 16", "Alpha": "60"}
    assert get(shown, "TextCode").text == "<&>𠀀"
    assert get(shown, "TextCode").attributes == {"X": "0", "Y": "4", "DeltaX": "g 3 4"}
    assert names_in(drawn) == ["StrokeColor", "FillColor", "AbbreviatedData"]
    assert [colour.attributes for colour in drawn.children[:2]] == [{"Value": "0 0 255"}, {"Value": "1 2 3"}]
    assert (drawn.attributes["Fill"], drawn.attributes["Rule"]) == ("true", "Even-Odd")
    assert placed.attributes == {
        "ID": "9",
        "Boundary": "1 2 25 35",
        "CTM": "25 0 0 35 0 0",
        "ResourceID": "4",
    }


def test_a_path_that_is_only_filled_has_no_line() -> None:
    """The format strokes by default."""
    (drawn,) = parse_xml(
        b"<a xmlns:ofd='http://www.ofdspec.org/2016'>"
        + path_object(id=1, boundary=(0, 0, 1, 1), data="M 0 0", fill="#000000").encode()
        + b"</a>"
    ).children

    assert (drawn.attributes["Stroke"], names_in(drawn)) == ("false", ["FillColor", "AbbreviatedData"])


@given(st.lists(st.sampled_from([4.0, 4.0004, 2.5, -1.0, 0.0]), max_size=30))
def test_runs_of_equal_distances_are_written_short_and_mean_the_same(advances: list[float]) -> None:
    """Chinese text is mostly one width; the format has a word for it."""
    words = deltas(advances).split()
    read: list[str] = []
    while words:
        if words[0] == "g":
            read += [words[2]] * int(words[1])
            del words[:3]
        else:
            read.append(words.pop(0))

    assert read == [number(value) for value in advances]


@given(st.floats(-1000, 1000))
def test_lengths_are_plain_decimals_to_the_micrometre(value: float) -> None:
    """No exponent, no sign on a zero: readers parse them with their own code."""
    shown = number(value)

    assert re.fullmatch(r"0|-?(0|[1-9]\d*)(\.\d{0,2}[1-9])?", shown)
    assert abs(float(shown) - value) <= 0.0005001


def test_outlines_become_abbreviated_data_in_the_boundary() -> None:
    """B is a cubic curve and C closes, unlike in most formats."""
    segments: list[tuple[str | float, ...]] = [
        ("M", 11.0, 22.0),
        ("L", 12.5, 22.0),
        ("C", 11.0, 22.0, 12.0, 23.0, 13.0, 24.0),
        ("Z",),
    ]

    assert abbreviated(segments, x_mm=10, y_mm=20) == "M 1 2 L 2.5 2 B 1 2 2 3 3 4 C"


@pytest.mark.parametrize(
    ("location", "beside", "name"),
    [
        ("/Doc_0/a.xml", "Doc_0/Signs/b.xml", "Doc_0/a.xml"),
        ("a.xml", "Doc_0/Signs/b.xml", "Doc_0/Signs/a.xml"),
        ("./a.xml", "OFD.xml", "a.xml"),
        ("../a.xml", "Doc_0/Signs/b.xml", "Doc_0/a.xml"),
        ("../../../a.xml", "Doc_0/Signs/b.xml", ""),
        ("/../a.xml", "OFD.xml", ""),
        ("Doc_0//a.xml", "OFD.xml", "Doc_0/a.xml"),
        ("", "OFD.xml", ""),
    ],
)
def test_locations_resolve_inside_the_package(location: str, beside: str, name: str) -> None:
    """A leading slash is the root; nothing leads out."""
    assert resolve(location, beside=beside) == name
