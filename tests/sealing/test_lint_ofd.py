"""What an issued OFD must not hold is found, whatever name it hides behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from certsvc.ofd.names import DOCUMENT, DOCUMENT_RES, OFD, PAGE, PUBLIC_RES, TEMPLATE
from certsvc.ofd.package import read_package
from certsvc.ofd.read_container import read_container
from certsvc.sealing.lint_ofd import lint_ofd
from tests.sealing.ofd_attacks import Change, adding, dropping, naming, replacing
from tests.sealing.ofd_samples import FONT, a_draft, a_sealed_ofd

_ELSEWHERE: Final = "Doc_0/Elsewhere.xml"


def _moving(name: str, *, named_in: str, named: str, other: str = "Elsewhere.xml") -> Change:
    """Move a part and name its new place."""

    def change(files: dict[str, bytes]) -> None:
        replacing(named_in, named, other)(files)
        files[_ELSEWHERE] = files.pop(name)

    return change


def _of_page(change: Callable[[bytes], bytes]) -> Change:
    return lambda files: files.update({PAGE: change(files[PAGE])})


PLANTS: Final[Mapping[str, tuple[Change, str]]] = {
    "annotations": (naming("Annotations", "Doc_0/Annotations.xml"), "Annotations in Doc_0/Document.xml"),
    "attachments": (naming("Attachments", "Doc_0/Attachments.xml"), "Attachments in Doc_0/Document.xml"),
    "extensions": (naming("Extensions", "Doc_0/Extensions.xml"), "Extensions in Doc_0/Document.xml"),
    "tags": (naming("CustomTags", "Doc_0/CustomTags.xml"), "CustomTags in Doc_0/Document.xml"),
    "outlines": (replacing(DOCUMENT, "<ofd:Permissions>", "<ofd:Outlines/><ofd:Permissions>"), "Outlines in"),
    "versions": (replacing(OFD, "</ofd:DocBody>", "<ofd:Versions/></ofd:DocBody>"), "Versions in OFD.xml"),
    "action": (replacing(PAGE, "</ofd:Layer>", "<ofd:Actions/></ofd:Layer>"), "Actions in"),
    "clip": (replacing(PAGE, "</ofd:Layer>", "<ofd:Clips/></ofd:Layer>"), "Clips in"),
    "other_namespace": (replacing(PAGE, "</ofd:Layer>", '<x:y xmlns:x="z"/></ofd:Layer>'), "{z}y in"),
    "second_layer": (replacing(PAGE, "</ofd:Content>", '<ofd:Layer ID="9"/></ofd:Content>'), "2 times Layer"),
    "second_page": (
        replacing(
            DOCUMENT, "</ofd:Pages>", '<ofd:Page ID="9" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        ),
        "2 times Page in",
    ),
    "page_elsewhere": (
        _moving(PAGE, named_in=DOCUMENT, named="Pages/Page_0/Content.xml"),
        "the document or its page is not at its place",
    ),
    "document_elsewhere": (
        _moving(DOCUMENT, named_in=OFD, named="Document.xml"),
        "the document or its page is not at its place",
    ),
    "template_elsewhere": (
        _moving(TEMPLATE, named_in=DOCUMENT, named="Tpls/Tpl_0/Content.xml"),
        "the template page is not at its place",
    ),
    "resources_elsewhere": (
        _moving(PUBLIC_RES, named_in=DOCUMENT, named="PublicRes.xml"),
        "the resource lists are not at their place",
    ),
    "resources_twice": (
        replacing(DOCUMENT, "<ofd:DocumentRes>DocumentRes.xml", "<ofd:DocumentRes>PublicRes.xml"),
        "the resource lists are not at their place",
    ),
    "font_missing": (dropping(FONT), "1 parts are missing"),
    "unused": (adding("Doc_0/Res/extra.bin", b""), "Doc_0/Res/extra.bin is not used"),
    "unnamed_picture": (
        replacing(DOCUMENT_RES, "image_4.png", "font_3.ttf"),
        "Doc_0/Res/image_4.png is not used",
    ),
    "page_no_xml": (_of_page(lambda content: content[:-9]), "cannot be read"),
    "page_with_doctype": (_of_page(lambda content: b"<!DOCTYPE x><x/>"), "cannot be read"),
}


def _faults(files: Mapping[str, bytes]) -> list[str]:
    return list(lint_ofd(files, read_package(files)))


@pytest.mark.parametrize("sealed", [True, False])
def test_our_own_file_is_clean(sealed: bool) -> None:
    """Before and after sealing."""
    assert _faults(read_container(a_sealed_ofd() if sealed else a_draft().unsealed())) == []


@pytest.mark.parametrize("plant", PLANTS)
def test_a_plant_is_found(plant: str) -> None:
    """All of it would be drawn, hidden or run by some reader."""
    change, told = PLANTS[plant]
    files = dict(read_container(a_draft().unsealed()))
    change(files)

    assert any(fault.startswith(told) for fault in _faults(files)), _faults(files)
