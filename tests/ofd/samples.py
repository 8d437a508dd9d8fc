"""Small OFD packages: one of ours, and honest ones by others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from certsvc.ofd.container import write_container
from certsvc.ofd.content import image_object, page_xml, path_object, text_object
from certsvc.ofd.document import DocInfo, Font, Image, document_xml, ofd_xml, resources_xml
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import (
    DOCUMENT,
    DOCUMENT_RES,
    OFD,
    PAGE,
    PUBLIC_RES,
    RES,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
)
from certsvc.ofd.parts import Part, make_part
from certsvc.ofd.signature import StampAnnot, signature_xml, signatures_xml

AT: Final = datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"not a real picture " * 9
NAME: Final = "𬭎䶮𠀀"


def an_info() -> DocInfo:
    """Describe a document."""
    return DocInfo(
        doc_id="0123456789abcdef" * 2,
        title="一级建造师电子注册证书",
        author="示例省住房和城乡建设厅（测试）",
        created=date(2026, 11, 1),
        creator="certsvc",
        custom=(("ZZMC", "一级建造师注册证书"), ("ZZBH", "京1000000000000000")),
    )


def a_draft(text: str = NAME) -> Draft:
    """Make one page over a template, with one font and one picture."""
    template = text_object(
        id=11,
        boundary=(20, 30, 40, 6),
        font=5,
        size_mm=4.5,
        x_mm=0.5,
        y_mm=4.5,
        text="姓名",
        advances_mm=[4.5],
    )
    page = (
        text_object(
            id=12,
            boundary=(70, 30, 60, 6),
            font=5,
            size_mm=4.5,
            x_mm=0,
            y_mm=4.5,
            text=text,
            advances_mm=[4.5] * (len(text) - 1),
            colour="#b00000",
        ),
        path_object(id=13, boundary=(10, 10, 50, 50), data="M 0 0 L 50 0 L 50 50 C", fill="#000000"),
        image_object(id=14, boundary=(150, 40, 25, 35), resource=6),
    )
    return Draft(
        info=an_info(),
        parts=(
            make_part(
                DOCUMENT,
                document_xml(
                    max_unit_id=14,
                    width_mm=210,
                    height_mm=297,
                    template_id=1,
                    page_id=2,
                    use_from=date(2026, 11, 1),
                    use_until=date(2027, 4, 30),
                ),
            ),
            make_part(
                PUBLIC_RES,
                resources_xml(fonts=[Font(id=5, name="宋体", family="宋体", file="font_5.ttf")]),
                once=True,
            ),
            make_part(DOCUMENT_RES, resources_xml(images=[Image(id=6, format="PNG", file="photo.png")])),
            make_part(TEMPLATE, page_xml([template], layer_id=3), once=True),
            make_part(PAGE, page_xml(page, layer_id=4, template_id=1)),
            make_part(f"{RES}font_5.ttf", b"\0\1\0\0 a font " * 40),
            make_part(f"{RES}photo.png", PNG),
        ),
        page_id=2,
    )


def sealed_parts() -> tuple[Part, ...]:
    """Make the parts of a package with every place of a seal filled; the values in them are not DER."""
    draft = a_draft()
    covered = (
        make_part(OFD, ofd_xml(draft.info, sealed=True)),
        *draft.parts,
        make_part(SIGNATURES, signatures_xml()),
        make_part(SEAL, b"an electronic seal"),
    )
    listed = signature_xml(
        [part.line for part in covered],
        at=AT,
        stamp=StampAnnot(id="1", page_id=2, boundary=(130, 200, 42, 42)),
    )
    return (*covered, make_part(SIGNATURE, listed), make_part(SIGNED_VALUE, b"a signature value"))


def sealed() -> bytes:
    """Write such a package."""
    return write_container(sealed_parts())


def a_strangers_files(prefix: str = "") -> dict[str, bytes]:
    """Make an honest package by another writer: another prefix or none, paths relative, two levels deep."""
    colon = f"{prefix}:" if prefix else ""
    space = f'xmlns{":" if prefix else ""}{prefix}="http://www.ofdspec.org/2016"'

    def xml(text: str) -> bytes:
        return (
            text.replace("</", "</\0")
            .replace("<", f"<{colon}")
            .replace(f"<{colon}/\0", f"</{colon}")
            .encode()
        )

    return {
        "Doc_0/Signs/Sign_7/SignedValue.dat": b"value",
        "Doc_0/Signs/Sign_7/Seal.esl": b"seal",
        "Doc_0/Signs/Sign_7/Signature.xml": xml(
            f"<Signature {space}><SignedInfo><Seal><BaseLoc>Seal.esl</BaseLoc></Seal></SignedInfo>"
            "<SignedValue> SignedValue.dat </SignedValue></Signature>"
        ),
        "Doc_0/Signs/Signatures.xml": xml(
            f'<Signatures {space}><Signature ID="7" BaseLoc="Sign_7/Signature.xml"/></Signatures>'
        ),
        "Doc_0/Document.xml": xml(
            f"<Document {space}><CommonData><MaxUnitID>9</MaxUnitID>"
            "<PageArea><PhysicalBox>0 0 210 297</PhysicalBox></PageArea>"
            "<PublicRes>./PublicRes.xml</PublicRes></CommonData>"
            '<Pages><Page ID="1" BaseLoc="/Doc_0/Pages/Page_0/Content.xml"/></Pages></Document>'
        ),
        "Doc_0/PublicRes.xml": xml(
            f'<Res {space} BaseLoc="./Res"><Fonts><Font ID="3" FontName="宋体"/>'
            '<Font ID="4" FontName="楷体"><FontFile>kai.ttf</FontFile></Font></Fonts></Res>'
        ),
        "Doc_0/Res/kai.ttf": b"font",
        "Doc_0/Pages/Page_0/Content.xml": xml(
            f'<Page {space}><Content><Layer ID="2"><PageBlock ID="8">'
            '<TextObject ID="5" Boundary="10 20 50 8" CTM="0 -1 1 0 3 4" Font="4" Size="5">'
            '<TextCode X="2" Y="6">甲</TextCode><TextCode Y="12">乙</TextCode></TextObject>'
            "</PageBlock></Layer></Content></Page>"
        ),
        "OFD.xml": xml(
            f'<OFD {space} Version="1.0" DocType="OFD"><DocBody><DocInfo><DocID>x</DocID></DocInfo>'
            "<DocRoot>/Doc_0/Document.xml</DocRoot><Signatures>Doc_0/Signs/Signatures.xml</Signatures>"
            "</DocBody></OFD>"
        ),
    }
