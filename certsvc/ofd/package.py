"""The way a reader goes through a package: OFD.xml, the document, its parts, the list of signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from certsvc.ofd.names import OFD, resolve
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.xml import Element, parse_xml


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSignature:
    """One signature the list leads to."""

    path: str
    """Part name of its Signature.xml."""
    signed_value: str
    """Part name of its SignedValue.dat; ``""`` when there is no such part."""
    seal: str
    """Part name of its Seal.esl; ``""`` when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a reader reaches from OFD.xml; names of parts without a leading slash."""

    document: str
    """Document.xml."""
    resources: tuple[str, ...]
    """PublicRes, then DocumentRes."""
    templates: tuple[str, ...]
    """Content of template pages."""
    pages: tuple[str, ...]
    """Content of pages, in reading order."""
    fonts: Mapping[int, str]
    """Font id to file."""
    images: Mapping[int, str]
    """Id of a picture or other medium to file."""
    signatures: str
    """The list of signatures; ``""`` when OFD.xml names none."""
    signed: tuple[ListedSignature, ...]
    missing: tuple[str, ...]
    """Locations as written that lead to no part; the way to signatures does not depend on them."""


def read_package(files: Mapping[str, bytes]) -> Package:
    """Follow a package as readers do, ours or an honest stranger's with another prefix or relative paths.

    Raises:
        BrokenOFDError: NOT_AN_OFD: OFD.xml is no OFD. MANY_DOCUMENTS: not exactly one. PART_MISSING: the
            document, the list of signatures or a listed signature is not there. Or a code of parse_xml().
    """
    if OFD not in files:
        raise BrokenOFDError("NOT_AN_OFD", "no OFD.xml")
    entrance = parse_xml(files[OFD])
    if entrance.name != "OFD":
        raise BrokenOFDError("NOT_AN_OFD", "the root of OFD.xml is another")
    bodies = entrance.all("DocBody")
    if len(bodies) != 1:
        raise BrokenOFDError("MANY_DOCUMENTS", f"{len(bodies)} documents")
    (body,) = bodies
    document = _get(files, body.text_of("DocRoot"), OFD)
    walk = _Walk(files)
    walk.document(document)
    signatures = ""
    if body.find("Signatures") is not None:
        signatures = _get(files, body.text_of("Signatures"), OFD)
    return Package(
        document=document,
        resources=tuple(walk.resources),
        templates=tuple(walk.templates),
        pages=tuple(walk.pages),
        fonts=walk.fonts,
        images=walk.images,
        signatures=signatures,
        signed=tuple(_listed(files, signatures)) if signatures else (),
        missing=tuple(walk.missing),
    )


class _Walk:
    """Follows a document and keeps what it meets."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.resources: list[str] = []
        self.templates: list[str] = []
        self.pages: list[str] = []
        self.fonts: dict[int, str] = {}
        self.images: dict[int, str] = {}
        self.missing: list[str] = []

    def document(self, name: str) -> None:
        """Take Document.xml and what it names."""
        root = parse_xml(self._files[name])
        common, pages = root.find("CommonData"), root.find("Pages")
        if root.name != "Document" or common is None or pages is None:
            raise BrokenOFDError("UNREADABLE_FILE", "DocRoot leads to no document")
        for resource in (*common.all("PublicRes"), *common.all("DocumentRes")):
            if found := self._found(resource.text.strip(), name):
                self.resources.append(found)
                self._resource(found)
        for kept, elements in (
            (self.templates, common.all("TemplatePage")),
            (self.pages, pages.all("Page")),
        ):
            for element in elements:
                if found := self._found(element.attributes.get("BaseLoc", ""), name):
                    kept.append(found)

    def _resource(self, name: str) -> None:
        root = parse_xml(self._files[name])
        base = root.attributes.get("BaseLoc", "")
        for group, member, file, kept in (
            ("Fonts", "Font", "FontFile", self.fonts),
            ("MultiMedias", "MultiMedia", "MediaFile", self.images),
        ):
            for element in (member_ for group_ in root.all(group) for member_ in group_.all(member)):
                location = element.text_of(file)
                if not location:
                    continue  # A font may be named without being embedded.
                rooted = location.startswith("/") or not base
                if found := self._found(location if rooted else f"{base}/{location}", name):
                    kept[_id(element)] = found

    def _found(self, location: str, beside: str) -> str:
        name = _find(self._files, location, beside)
        if not name:
            self.missing.append(location)
        return name


def _listed(files: Mapping[str, bytes], signatures: str) -> Iterator[ListedSignature]:
    for element in parse_xml(files[signatures]).all("Signature"):
        path = _get(files, element.attributes.get("BaseLoc", ""), signatures)
        root = parse_xml(files[path])
        info = root.find("SignedInfo")
        seal = None if info is None else info.find("Seal")
        yield ListedSignature(
            path=path,
            signed_value=_find(files, root.text_of("SignedValue"), path),
            seal="" if seal is None else _find(files, seal.text_of("BaseLoc"), path),
        )


def _id(element: Element) -> int:
    shown = element.attributes.get("ID", "")
    if not (shown.isascii() and shown.isdigit() and len(shown) <= 10):
        raise BrokenOFDError("UNREADABLE_FILE", "an id is not a number")
    return int(shown)


def _find(files: Mapping[str, bytes], location: str, beside: str) -> str:
    """Return the part that *location* leads to, or ``""``; some writers forget the slash of the root."""
    for name in (resolve(location, beside=beside), resolve(location, beside="")):
        if name in files:
            return name
    return ""


def _get(files: Mapping[str, bytes], location: str, beside: str) -> str:
    name = _find(files, location, beside)
    if not name:
        raise BrokenOFDError("PART_MISSING", location[:200])
    return name
