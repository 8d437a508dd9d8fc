"""The OFD before its seal: equal bytes for equal pages, nothing static made twice, ids that hold together."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import takewhile

import pytest
from PIL import Image

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import DefectError
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import DOCUMENT, DOCUMENT_RES, PAGE, PUBLIC_RES, TEMPLATE
from certsvc.ofd.read_container import read_container
from certsvc.ofd.xml import Element, parse_xml
from certsvc.page.compose import Subject
from certsvc.page.model import DocumentFacts
from certsvc.page.sample import sample_subject
from certsvc.qr.encode import encode
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.plan import Planner
from tests.images import a_photo, a_signature, drawn_signature, file_of
from tests.page.sample import FACTS, QR_TEXT, ROOT, TEN, a_page, a_subject, sample_fonts, sample_type

SUBJECTS = {
    "endorsed": a_subject(),
    "original": a_subject(CopyKind.ORIGINAL),
    "rare characters, ten specialties": a_subject(name="王𪜀·𠀀", specialties=TEN, purpose="投标，" * 60),
    "no pictures": replace(a_subject(), photo=None, signature=None),
}
ORDER = {
    "Page": ["Template", "PageRes", "Area", "Content"],
    "Document": ["CommonData", "Pages", "Permissions"],
    "CommonData": ["MaxUnitID", "PageArea", "PublicRes", "DocumentRes", "TemplatePage"],
    "Res": ["Fonts", "MultiMedias"],
    "TextObject": ["FillColor", "StrokeColor", "CGTransform", "TextCode"],
    "PathObject": ["StrokeColor", "FillColor", "AbbreviatedData"],
}
"""Order of the schema, for every element of ours with more than one kind of child."""
PRINT_FILES = "from tests.rendering.test_ofd import rare_files; print(*(each.hex() for each in rare_files()))"
RARE = SUBJECTS["rare characters, ten specialties"]


@cache
def planner() -> Planner:
    """Make the fonts ready once per run."""
    return Planner(sample_fonts())


@cache
def renderer() -> OFDRenderer:
    """Make it once per run."""
    return OFDRenderer(planner())


def drafted(subject: Subject | None = None, facts: DocumentFacts = FACTS) -> Draft:
    """Render a sample subject."""
    return renderer().render(a_page(subject), facts)


def files_of(draft: Draft) -> dict[str, bytes]:
    """Write the draft and read it back."""
    return dict(read_container(draft.unsealed()))


def elements(element: Element) -> Iterator[Element]:
    """Yield *element* and everything below it."""
    yield element
    for child in element.children:
        yield from elements(child)


@pytest.mark.parametrize("case", SUBJECTS)
def test_every_part_parses_in_the_order_of_the_schema(case: str) -> None:
    """Strict readers refuse what a lenient one forgives."""
    files = files_of(drafted(SUBJECTS[case]))

    read = [parse_xml(content) for name, content in files.items() if name.endswith(".xml")]
    found = [element for root in read for element in elements(root) if element.name in ORDER]
    wrong = [
        element
        for element in found
        if [child.name for child in element.children]
        != sorted((child.name for child in element.children), key=ORDER[element.name].index)
    ]
    assert len(read) == 6
    assert {element.name for element in found} == set(ORDER)
    assert wrong == []


@pytest.mark.parametrize("case", SUBJECTS)
def test_ids_are_unique_and_the_largest_is_named(case: str) -> None:
    """Pages, fonts, pictures, layers and objects share one space of ids."""
    files = files_of(drafted(SUBJECTS[case]))

    document = parse_xml(files[DOCUMENT])
    roots = [document, *(parse_xml(files[name]) for name in (PUBLIC_RES, DOCUMENT_RES, TEMPLATE, PAGE))]
    ids = [int(each.attributes["ID"]) for root in roots for each in elements(root) if "ID" in each.attributes]
    (largest,) = [each.text for each in elements(document) if each.name == "MaxUnitID"]
    assert len(ids) == len(set(ids))
    assert int(largest) == max(ids)


def rare_files() -> tuple[bytes, bytes]:
    """Make both files of one page that needs every kind of font."""
    pdf = PDFRenderer(planner()).render(a_page(RARE), FACTS)
    return drafted(RARE).unsealed(), pdf.unsealed()


def first_difference(one: bytes, other: bytes) -> str:
    """Show where two files part, with what stands around it; empty for equal ones."""
    if one == other:
        return ""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    place = sum(1 for _ in alike)
    around = slice(max(0, place - 200), place + 40)
    return f"byte {place} of {len(one)} and {len(other)}: {one[around]!r} is not {other[around]!r}"


@pytest.mark.parametrize("case", SUBJECTS)
def test_whatever_is_referred_to_is_there_and_nothing_else(case: str) -> None:
    """A dangling reference leaves a hole on the page, a file nobody refers to hides something."""
    files = files_of(drafted(SUBJECTS[case]))

    resources = [each for name in (PUBLIC_RES, DOCUMENT_RES) for each in elements(parse_xml(files[name]))]
    content = [each for name in (TEMPLATE, PAGE) for each in elements(parse_xml(files[name]))]
    fonts = {each.attributes["ID"] for each in resources if each.name == "Font"}
    media = {each.attributes["ID"] for each in resources if each.name == "MultiMedia"}
    named = {f"Doc_0/Res/{each.text}" for each in resources if each.name in {"FontFile", "MediaFile"}}
    assert {each.attributes["Font"] for each in content if each.name == "TextObject"} == fonts
    assert {each.attributes["ResourceID"] for each in content if each.name == "ImageObject"} == media
    assert named == {name for name in files if name.startswith("Doc_0/Res/")}


def test_later_objects_have_larger_ids() -> None:
    """ofd.js stacks objects by id: a smaller one would vanish behind what was drawn before it."""
    files = files_of(drafted())

    objects = [
        int(each.attributes["ID"])
        for name in (TEMPLATE, PAGE)
        for each in elements(parse_xml(files[name]))
        if each.name.endswith("Object")
    ]
    assert objects == sorted(objects)


def test_equal_input_gives_equal_bytes() -> None:
    """A copy that was lost between two steps must come out the same, on any worker; the PDF too."""
    first = drafted().unsealed()
    drafted(SUBJECTS["original"])

    assert drafted().unsealed() == first
    assert OFDRenderer(Planner(sample_fonts())).render(a_page(), FACTS).unsealed() == first
    assert drafted(facts=replace(FACTS, document_id="C2")).unsealed() != first
    here = rare_files()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", PRINT_FILES],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        )
        elsewhere = [bytes.fromhex(each) for each in done.stdout.decode().split()]
        assert [first_difference(*pair) for pair in zip(here, elsewhere, strict=True)] == ["", ""]


def test_threads_do_not_mix_documents() -> None:
    """The server renders in several threads with one renderer."""
    fresh = OFDRenderer(Planner(sample_fonts()))
    subjects = [a_subject(name=f"测试{number}", purpose="用途" * number) for number in range(1, 9)]
    alone = [drafted(subject).unsealed() for subject in subjects]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: fresh.render(a_page(each), FACTS).unsealed(), subjects * 3))

    assert together == alone * 3


def test_nothing_static_is_made_twice() -> None:
    """The template page is two thirds of a file; packed and hashed for each copy it would halve the speed."""
    parts = [drafted(a_subject(name=name)).parts for name in ("甲", "乙丙")]

    one, other = ({part.name: part for part in each} for each in parts)
    changed = {name for name in one if one[name] is not other[name]}
    assert {TEMPLATE, PUBLIC_RES, DOCUMENT_RES, DOCUMENT} <= one.keys() - changed
    assert changed == {PAGE, *(name for name in one if name in changed and name.startswith("Doc_0/Res/"))}
    fonts = [name for name in one if name.endswith(".ttf")]
    assert len(fonts) == 3
    assert sum(name in changed for name in fonts) == 1


def test_labels_and_numbers_take_no_glyph_of_the_copys_own() -> None:
    """Their glyphs are in the shared cut, so the font made for each copy stays small."""
    copy = sample_subject(sample_type(), encode(QR_TEXT))
    sizes = {part.name: len(part.content) for part in drafted(copy).parts if part.name.endswith(".ttf")}

    assert min(sizes.values()) < 12_000
    assert len(sizes) == 3


def test_the_file_says_what_it_is() -> None:
    """Machines read the e-licence metadata and the usage window without looking at the page."""
    facts = replace(
        FACTS,
        document_id="0123456789ABCDEF0123456789abcdef",
        created_at="2026-11-20T17:00:00Z",
        author="示例省住房和城乡建设厅（测试）",
        use_from=date(2026, 11, 21),
        use_until=date(2027, 5, 19),
    )
    files = files_of(drafted(facts=facts))

    said = {each.name: each for each in elements(parse_xml(files["OFD.xml"]))}
    assert said["DocID"].text == "0123456789abcdef0123456789abcdef"
    assert said["Title"].text == FACTS.title
    assert said["Author"].text == "示例省住房和城乡建设厅（测试）"
    # One in the morning in Beijing.
    assert said["CreationDate"].text == "2026-11-21"
    assert said["Creator"].text == "certsvc"
    custom = [(each.attributes["Name"], each.text) for each in said["CustomDatas"].children]
    assert custom == list(FACTS.metadata)
    (period,) = [each for each in elements(parse_xml(files[DOCUMENT])) if each.name == "ValidPeriod"]
    assert period.attributes == {"StartDate": "2026-11-21T00:00:00", "EndDate": "2027-05-19T23:59:59"}


@pytest.mark.parametrize("identity", ["C1", "0123456789abcdef0123456789abcdeg", "证"])
def test_any_other_identity_becomes_32_digits(identity: str) -> None:
    """DocID is 32 hexadecimal digits in every reader's eyes."""
    draft = drafted(facts=replace(FACTS, document_id=identity))

    assert draft.info.doc_id == hashlib.sha256(identity.encode()).hexdigest()[:32]


def test_an_original_has_no_usage_window() -> None:
    """Only endorsed copies run out."""
    files = files_of(drafted(SUBJECTS["original"]))

    assert b"ValidPeriod" not in files[DOCUMENT]


def test_pictures_pass_through() -> None:
    """A second compression would lose detail of the face."""
    parts = {part.content: part for part in drafted().parts}

    assert parts[a_photo()].packed == a_photo()
    assert parts[a_signature()].packed == a_signature()


@pytest.mark.parametrize(
    "photo",
    [
        b"",
        b"\xff\xd8\xff\xe0 no photo \xff\xd9",
        a_photo("PNG"),
        a_photo()[:-40],
        file_of(Image.new("CMYK", (295, 413)), "JPEG"),
    ],
    ids=["nothing", "no photo", "PNG", "cut off", "CMYK"],
)
def test_a_photo_that_is_none_stops_the_rendering(photo: bytes) -> None:
    """A certificate fails closed: no empty frame instead of a face."""
    with pytest.raises(DefectError, match="photo"):
        drafted(replace(a_subject(), photo=photo))


@pytest.mark.parametrize("damage", ["flipped", "cut off", "longer"])
def test_a_damaged_signature_stops_the_rendering(damage: str) -> None:
    """Half a signature on paper would not match the one in the register."""
    whole = file_of(drawn_signature(), "PNG")
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    broken = {"flipped": flipped, "cut off": whole[:-12], "longer": whole + b"more"}[damage]

    with pytest.raises(DefectError, match="signature"):
        drafted(replace(a_subject(), signature=broken))
