"""A package is followed as readers do, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.ofd.names import (
    DOCUMENT,
    DOCUMENT_RES,
    PAGE,
    PUBLIC_RES,
    RES,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
)
from certsvc.ofd.package import ListedSignature, Package, read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.text import ShownText, fonts_of, texts_of
from tests import drills
from tests.ofd.samples import NAME, a_draft, a_strangers_files, sealed_parts

OURS: Final[Mapping[str, bytes]] = {part.name: part.content for part in sealed_parts()}


def code_of(files: Mapping[str, bytes]) -> str:
    """Return the code *files* are refused with."""
    with pytest.raises(BrokenOFDError) as refused:
        read_package(files)
    return refused.value.code


def changed(name: str, old: bytes, new: bytes, files: Mapping[str, bytes] = OURS) -> dict[str, bytes]:
    """Return *files* with something else in one of them."""
    assert old in files[name]
    return {**files, name: files[name].replace(old, new)}


def without(name: str) -> dict[str, bytes]:
    """Return our files but one."""
    return {kept: content for kept, content in OURS.items() if kept != name}


def test_our_own_package_leads_everywhere() -> None:
    """Writer and reader share one idea of the format."""
    assert read_package(OURS) == Package(
        document=DOCUMENT,
        resources=(PUBLIC_RES, DOCUMENT_RES),
        templates=(TEMPLATE,),
        pages=(PAGE,),
        fonts={5: f"{RES}font_5.ttf"},
        images={6: f"{RES}photo.png"},
        signatures=SIGNATURES,
        signed=(ListedSignature(path=SIGNATURE, signed_value=SIGNED_VALUE, seal=SEAL),),
        missing=(),
    )


def test_without_its_seal_it_has_no_signature() -> None:
    """NO_SIGNATURE is what a file says by not naming a list."""
    draft = a_draft()
    package = read_package(
        {
            **{part.name: part.content for part in draft.parts},
            "OFD.xml": without("")["OFD.xml"].replace(
                b"<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>", b""
            ),
        }
    )

    assert (package.signatures, package.signed) == ("", ())


@pytest.mark.parametrize("prefix", ["", "ofd", "etax"])
def test_honest_packages_of_others_are_followed(prefix: str) -> None:
    """Their prefix, their relative paths, their order are as good as ours."""
    package = read_package(a_strangers_files(prefix))

    assert package.signed == (
        ListedSignature(
            path="Doc_0/Signs/Sign_7/Signature.xml",
            signed_value="Doc_0/Signs/Sign_7/SignedValue.dat",
            seal="Doc_0/Signs/Sign_7/Seal.esl",
        ),
    )
    assert package.pages == ("Doc_0/Pages/Page_0/Content.xml",)
    assert package.fonts == {4: "Doc_0/Res/kai.ttf"}
    assert package.missing == ()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (without("OFD.xml"), "NOT_AN_OFD"),
        ({**OURS, "OFD.xml": b"<OFD/>"}, "NOT_AN_OFD"),
        ({**OURS, "OFD.xml": b"not XML"}, "UNREADABLE_FILE"),
        ({**OURS, "OFD.xml": b"<!DOCTYPE OFD><OFD/>"}, "XML_REFUSED"),
        (changed("OFD.xml", b"</ofd:DocBody>", b"</ofd:DocBody><ofd:DocBody/>"), "MANY_DOCUMENTS"),
        (changed("OFD.xml", b"ofd:DocBody", b"ofd:Body"), "MANY_DOCUMENTS"),
        (changed("OFD.xml", b"Doc_0/Document.xml", b"Doc_1/Document.xml"), "PART_MISSING"),
        (changed("OFD.xml", b"Doc_0/Document.xml", b"../Doc_0/Document.xml"), "PART_MISSING"),
        (changed("OFD.xml", b"Doc_0/Document.xml", b""), "PART_MISSING"),
        (without(DOCUMENT), "PART_MISSING"),
        (without(SIGNATURES), "PART_MISSING"),
        (without(SIGNATURE), "PART_MISSING"),
        (changed(DOCUMENT, b"ofd:Document", b"ofd:Other"), "UNREADABLE_FILE"),
        (changed(DOCUMENT, b"ofd:CommonData", b"ofd:Data"), "UNREADABLE_FILE"),
        (changed(DOCUMENT, b"ofd:Pages", b"ofd:Leaves"), "UNREADABLE_FILE"),
        (changed(PUBLIC_RES, b'ID="5"', b'ID="five"'), "UNREADABLE_FILE"),
        (changed(SIGNATURE, b"<ofd:Signature ", b"<!DOCTYPE a><ofd:Signature "), "XML_REFUSED"),
    ],
)
def test_what_cannot_be_followed_says_why(files: Mapping[str, bytes], code: str) -> None:
    """The finding tells a clerk what is wrong with the file."""
    assert code_of(files) == code


@pytest.mark.parametrize("name", [PUBLIC_RES, TEMPLATE, PAGE, f"{RES}font_5.ttf", f"{RES}photo.png"])
def test_missing_content_is_named_and_does_not_hide_the_signature(name: str) -> None:
    """Whose seal it was must still be found out."""
    package = read_package(without(name))

    assert len(package.missing) == 1
    assert name.endswith(package.missing[0])
    assert package.signed
    with pytest.raises(BrokenOFDError, match="PART_MISSING"):
        texts_of(without(name))
    with pytest.raises(BrokenOFDError, match="PART_MISSING"):
        fonts_of(without(name))


@pytest.mark.parametrize(("name", "place"), [(SIGNED_VALUE, "signed_value"), (SEAL, "seal")])
def test_a_signature_without_its_value_or_seal_is_still_listed(name: str, place: str) -> None:
    """It is broken, which is not the same as absent."""
    (listed,) = read_package(without(name)).signed

    assert getattr(listed, place) == ""


def test_texts_stand_where_the_page_shows_them() -> None:
    """Boundary and start add up; template first, as it is drawn."""
    assert texts_of(OURS) == (
        ShownText(text="姓名", x_mm=20.5, y_mm=34.5, font=5, size_mm=4.5),
        ShownText(text=NAME, x_mm=70, y_mm=34.5, font=5, size_mm=4.5),
    )
    assert fonts_of(OURS) == {5: OURS[f"{RES}font_5.ttf"]}


def test_turned_and_continued_texts_of_others_are_found() -> None:
    """The matrix turns the start inside the boundary; a TextCode without X goes on from the one before."""
    assert texts_of(a_strangers_files()) == (
        ShownText(text="甲", x_mm=10 + 6 + 3, y_mm=20 - 2 + 4, font=4, size_mm=5),
        ShownText(text="乙", x_mm=10 + 12 + 3, y_mm=20 - 2 + 4, font=4, size_mm=5),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'Boundary="70 30 60 6"', b""),
        (b'Boundary="70 30 60 6"', b'Boundary="70 30 60"'),
        (b'Boundary="70 30 60 6"', b'Boundary="70 30 60 nan"'),
        (b'Boundary="70 30 60 6"', b'Boundary="70 30 60 1e999"'),
        (b'Font="5"', b'Font="five"'),
        (b'X="0"', b'X="left"'),
    ],
)
def test_places_that_are_no_numbers_are_refused(old: bytes, new: bytes) -> None:
    """A text that stands nowhere cannot be compared."""
    with pytest.raises(BrokenOFDError) as refused:
        texts_of(changed(PAGE, old, new))

    assert refused.value.code == "UNREADABLE_FILE"


@settings(max_examples=5_000 if drills.FULL else 300)
@given(st.data())
def test_mutated_parts_raise_the_one_error_or_nothing(data: st.DataObject) -> None:
    """An error of another kind would be a server error."""
    name = data.draw(st.sampled_from(sorted(name for name in OURS if name.endswith(".xml"))))
    content = bytearray(OURS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 12))] = data.draw(
            st.binary(max_size=4)
            | st.sampled_from([b"/", b"..", b'"', b"9" * 30, b"-", b"<a/>", "é".encode()])
        )
    files = {**OURS, name: bytes(content)}

    for read in (read_package, texts_of, fonts_of):
        try:
            assert read(files) is not None
        except BrokenOFDError as refused:
            assert refused.code
