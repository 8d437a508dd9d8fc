"""What may be in an OFD of ours, looked for before a file is handed out and in every file that passes.

A seal over an annotation is still a seal. Each reader draws annotations, attachments, layers
and second pages in its own way; a file of ours has none of them, and no part that its own page does not use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from certsvc.ofd.names import (
    DOCUMENT,
    DOCUMENT_RES,
    OFD,
    PAGE,
    PUBLIC_RES,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
)
from certsvc.ofd.package import Package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.xml import parse_xml

_DRAWN: Final = frozenset(
    (
        "Page", "Template", "Area", "PhysicalBox", "Content", "Layer", "TextObject", "TextCode", "PathObject",
        "AbbreviatedData", "ImageObject", "FillColor", "StrokeColor",
    )
)  # fmt: skip
_RESOURCES: Final = frozenset(("Res", "Fonts", "Font", "FontFile", "MultiMedias", "MultiMedia", "MediaFile"))
_ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    OFD: frozenset(
        (
            "OFD", "DocBody", "DocInfo", "DocID", "Title", "Author", "CreationDate", "Creator", "CustomDatas",
            "CustomData", "DocRoot", "Signatures",
        )
    ),
    DOCUMENT: frozenset(
        (
            "Document", "CommonData", "MaxUnitID", "PageArea", "PhysicalBox", "PublicRes", "DocumentRes",
            "TemplatePage", "Pages", "Page", "Permissions", "Edit", "Annot", "Export", "Signature",
            "Watermark", "PrintScreen", "Print", "ValidPeriod",
        )
    ),
    PUBLIC_RES: _RESOURCES,
    DOCUMENT_RES: _RESOURCES,
    TEMPLATE: _DRAWN,
    PAGE: _DRAWN,
}  # fmt: skip
"""What each part may say: just what we write, so that nobody has to foresee what an attacker thinks of."""
_ONCE: Final = frozenset(
    ("DocBody", "DocInfo", "CommonData", "Pages", "Page", "TemplatePage", "Content", "Layer")
)
"""What comes at most once in its part."""
_SEALING: Final = frozenset((SIGNATURES, SIGNATURE, SEAL, SIGNED_VALUE))


def lint_ofd(files: Mapping[str, bytes], package: Package) -> Iterator[str]:
    """Yield what does not belong into an OFD of ours, a sentence each; nothing is yielded for a clean one.

    Args:
        files: of one package, by name, sealed or not; not a stranger's, since what is read of them is kept.
        package: what a reader reaches in it.
    """
    try:
        words = {name: _words(files[name]) for name in _ELEMENTS if name in files}
    except BrokenOFDError as fault:
        yield f"cannot be read: {fault}"
        return
    for name, said in words.items():
        for word in sorted(said.keys() - _ELEMENTS[name]):
            yield f"{word} in {name}"
        for word in sorted(_ONCE & said.keys()):
            if said[word] > 1:
                yield f"{said[word]} times {word} in {name}"
    if (package.document, package.pages) != (DOCUMENT, (PAGE,)):
        yield "the document or its page is not at its place"
    if package.templates not in ((), (TEMPLATE,)):
        yield "the template page is not at its place"
    if package.resources not in ((), (PUBLIC_RES,), (DOCUMENT_RES,), (PUBLIC_RES, DOCUMENT_RES)):
        yield "the resource lists are not at their place"
    if package.missing:
        yield f"{len(package.missing)} parts are missing"
    used = {OFD, package.document, *package.resources, *package.templates, *package.pages}
    used |= {*package.fonts.values(), *package.images.values()}
    for name in sorted(files.keys() - _SEALING - used):
        yield f"{name} is not used"


@lru_cache(maxsize=16)
def _words(content: bytes) -> Mapping[str, int]:
    """Count the elements of each name; kept, since the template and most lists are the same in every file."""
    words: dict[str, int] = {}
    ahead = [parse_xml(content)]
    while ahead:
        element = ahead.pop()
        words[element.name] = words.get(element.name, 0) + 1
        ahead += element.children
    return words
