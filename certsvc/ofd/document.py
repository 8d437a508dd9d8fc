"""OFD.xml, Document.xml and the resource lists as strings, in the order of the schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from certsvc.ofd.names import (
    DECLARATION,
    DOCUMENT,
    SIGNATURES,
    XMLNS,
    escape,
)

_BOLD: Final = ' Bold="true"'


@dataclass(frozen=True, slots=True, kw_only=True)
class DocInfo:
    """What the file says about itself (CT_DocInfo)."""

    doc_id: str
    """32 hexadecimal digits."""
    title: str
    author: str
    created: date
    """Civil day in Beijing."""
    creator: str
    """Name of the program."""
    custom: tuple[tuple[str, str], ...] = ()
    """CustomData: names with their values, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """One font resource."""

    id: int
    name: str
    """A real font's name, so that a reader which ignores the embedded file still finds a likeness."""
    family: str
    file: str
    """File name in the folder Res."""
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture resource."""

    id: int
    format: str
    """``PNG`` or ``JPEG``."""
    file: str
    """File name in the folder Res."""


def ofd_xml(info: DocInfo, *, sealed: bool) -> bytes:
    """Write OFD.xml, the entrance; *sealed* adds the way to the list of signatures."""
    custom = "".join([f"{_custom(name)}{escape(value)}</ofd:CustomData>" for name, value in info.custom])
    return (
        f'{DECLARATION}<ofd:OFD {XMLNS} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>{escape(info.doc_id)}</ofd:DocID><ofd:Title>{escape(info.title)}</ofd:Title>"
        f"<ofd:Author>{escape(info.author)}</ofd:Author>"
        f"<ofd:CreationDate>{info.created.isoformat()}</ofd:CreationDate>"
        f"<ofd:Creator>{escape(info.creator)}</ofd:Creator>"
        f"{f'<ofd:CustomDatas>{custom}</ofd:CustomDatas>' if custom else ''}"
        f"</ofd:DocInfo><ofd:DocRoot>{DOCUMENT}</ofd:DocRoot>"
        f"{f'<ofd:Signatures>/{SIGNATURES}</ofd:Signatures>' if sealed else ''}"
        "</ofd:DocBody></ofd:OFD>\n"
    ).encode()


@lru_cache(maxsize=64)  # the names are always the same few
def _custom(name: str) -> str:
    return f'<ofd:CustomData Name="{escape(name)}">'


def document_xml(
    *,
    max_unit_id: int,
    width_mm: float,
    height_mm: float,
    template_id: int | None,
    page_id: int,
    use_from: date | None = None,
    use_until: date | None = None,
) -> bytes:
    """Write Document.xml: one page over at most one template page.

    Args:
        max_unit_id: no object, page or resource has a larger id.
        width_mm: of the page.
        height_mm: of the page.
        template_id: id of the template page, when there is one.
        page_id: id of the page.
        use_from: first day on which the copy may be used, in Beijing.
        use_until: last such day; it counts to its last second.
    """
    template = (
        ""
        if template_id is None
        else f'<ofd:TemplatePage ID="{template_id}" BaseLoc="Tpls/Tpl_0/Content.xml"/>'
    )
    return (
        f"{DECLARATION}<ofd:Document {XMLNS}><ofd:CommonData><ofd:MaxUnitID>{max_unit_id}</ofd:MaxUnitID>"
        f"<ofd:PageArea><ofd:PhysicalBox>0 0 {width_mm:g} {height_mm:g}</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes><ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>"
        f'{template}</ofd:CommonData><ofd:Pages><ofd:Page ID="{page_id}"'
        ' BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        f"{_permissions(use_from, use_until)}</ofd:Document>\n"
    ).encode()


def _permissions(use_from: date | None, use_until: date | None) -> str:
    # What would change the file is not permitted; reading, copying text and printing are what it is for.
    start = f' StartDate="{use_from.isoformat()}T00:00:00"' if use_from else ""
    end = f' EndDate="{use_until.isoformat()}T23:59:59"' if use_until else ""
    period = f"<ofd:ValidPeriod{start}{end}/>" if start or end else ""
    return (
        "<ofd:Permissions><ofd:Edit>false</ofd:Edit><ofd:Annot>false</ofd:Annot><ofd:Export>true</ofd:Export>"
        "<ofd:Signature>false</ofd:Signature><ofd:Watermark>false</ofd:Watermark>"
        '<ofd:PrintScreen>true</ofd:PrintScreen><ofd:Print Printable="true"/>'
        f"{period}</ofd:Permissions>"
    )


def resources_xml(*, fonts: Iterable[Font] = (), images: Iterable[Image] = ()) -> bytes:
    """Write a resource list, PublicRes.xml or DocumentRes.xml; files lie in the folder Res beside it."""
    fonts_shown = "".join(
        f'<ofd:Font ID="{font.id}" FontName="{escape(font.name)}" FamilyName="{escape(font.family)}"'
        f"{_BOLD if font.bold else ''}><ofd:FontFile>{escape(font.file)}</ofd:FontFile></ofd:Font>"
        for font in fonts
    )
    images_shown = "".join(
        f'<ofd:MultiMedia ID="{image.id}" Type="Image" Format="{escape(image.format)}">'
        f"<ofd:MediaFile>{escape(image.file)}</ofd:MediaFile></ofd:MultiMedia>"
        for image in images
    )
    return (
        f'{DECLARATION}<ofd:Res {XMLNS} BaseLoc="Res">'
        f"{f'<ofd:Fonts>{fonts_shown}</ofd:Fonts>' if fonts_shown else ''}"
        f"{f'<ofd:MultiMedias>{images_shown}</ofd:MultiMedias>' if images_shown else ''}</ofd:Res>\n"
    ).encode()
