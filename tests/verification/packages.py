"""Packages by others: OFDs, ZIPs that are none, and some made to harm whoever opens them."""

from __future__ import annotations

import io
import itertools
import random
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from certsvc.domain.report import Status
from certsvc.ofd.container import write_container
from certsvc.ofd.headers import LOCAL_MAGIC
from certsvc.ofd.parts import Part, make_part
from certsvc.ofd.read_container import read_container
from tests.sealing.ofd_attacks import packed
from tests.sealing.ofd_key_attacks import resealed
from tests.sealing.ofd_samples import a_stranger_with_seal
from tests.verification.hostile import deflated_zeros

NAMESPACE: Final = 'xmlns:ofd="http://www.ofdspec.org/2016"'
ENTRANCE: Final = (
    f'<ofd:OFD {NAMESPACE} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
    "<ofd:DocID>00000000000000000000000000000000</ofd:DocID></ofd:DocInfo>"
    "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
)
DOCUMENT: Final = (
    f"<ofd:Document {NAMESPACE}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID>"
    "<ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
    "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData>"
    '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>'
)
RESOURCES: Final = (
    f'<ofd:Res {NAMESPACE} BaseLoc="Res"><ofd:MultiMedias><ofd:MultiMedia ID="2" Type="Image">'
    "<ofd:MediaFile>scan.jpg</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>"
)
TEXT: Final = (
    '<ofd:TextObject ID="4" Boundary="10 10 80 9" Font="5" Size="5">'
    '<ofd:TextCode X="0" Y="5">x</ofd:TextCode></ofd:TextObject>'
)


def a_page(*objects: str) -> str:
    """Write a page that shows these objects."""
    return (
        f'<ofd:Page {NAMESPACE}><ofd:Content><ofd:Layer ID="3">{"".join(objects)}</ofd:Layer></ofd:Content>'
        "</ofd:Page>"
    )


def a_picture(width_mm: float = 210, height_mm: float = 297) -> str:
    """Write a picture at the top left of the page."""
    return (
        f'<ofd:ImageObject ID="6" Boundary="0 0 {width_mm} {height_mm}" CTM="{width_mm} 0 0 {height_mm} 0 0" '
        'ResourceID="2"/>'
    )


def an_ofd(
    *objects: str, picture: bytes = b"", changes: Mapping[str, str | bytes | None] | None = None
) -> bytes:
    """Return an OFD of one page by an honest stranger, without a seal; None leaves a file out."""
    return packed(files_of(*objects, picture=picture, changes=changes))


def files_of(
    *objects: str, picture: bytes = b"", changes: Mapping[str, str | bytes | None] | None = None
) -> dict[str, bytes]:
    """Return the files of such an OFD by name."""
    files: dict[str, str | bytes | None] = {
        "OFD.xml": ENTRANCE,
        "Doc_0/Document.xml": DOCUMENT,
        "Doc_0/DocumentRes.xml": RESOURCES,
        "Doc_0/Pages/Page_0/Content.xml": a_page(*(objects or (TEXT,))),
        "Doc_0/Res/scan.jpg": picture,
    }
    files |= changes or {}
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in files.items()
        if content is not None
    }


def by_others(*, sealed: bytes) -> bytes:
    """Return a whole OFD under the seal of somebody else."""
    forged: bytes = resealed(a_stranger_with_seal())(sealed)
    return forged


def a_zip() -> bytes:
    """Return a ZIP that holds something else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", "<w:document/>")
    return out.getvalue()


def encrypted() -> bytes:
    """Return an OFD whose page wants a password, as packers mark it: in both headers."""
    whole = bytearray(an_ofd())
    at = whole.index(b"Doc_0/Pages") - 30
    assert whole[at : at + 4] == LOCAL_MAGIC
    whole[at + 6] |= 1
    row = whole.index(b"Doc_0/Pages", at + 31) - 46
    whole[row + 8] |= 1
    return bytes(whole)


def two_documents() -> bytes:
    """Return an OFD of two documents."""
    body = ENTRANCE[ENTRANCE.index("<ofd:DocBody>") : ENTRANCE.index("</ofd:OFD>")]
    return an_ofd(changes={"OFD.xml": ENTRANCE.replace(body, body * 2)})


def nested(depth: int) -> bytes:
    """Return an OFD whose entrance is nested so deep."""
    return an_ofd(changes={"OFD.xml": "<a>" * depth + "</a>" * depth})


def wide(nodes: int) -> bytes:
    """Return an OFD with so many elements in its entrance, all different."""
    words = "".join(f'<a b="{random.Random(node).getrandbits(64)}"/>' for node in range(nodes))
    return an_ofd(changes={"OFD.xml": ENTRANCE.replace("<ofd:DocInfo>", f"<ofd:DocInfo>{words}")})


def a_bomb(size: int, *, told: int) -> bytes:
    """Return an OFD with a picture that unpacks to so many zeros, and is said to have *told* bytes."""
    files = read_container(an_ofd())
    claimed = bytes(told)
    # What packs zeros into zlib's form: two bytes in front, four behind.
    packed_bytes = deflated_zeros(size)[2:-4]
    bomb = Part(
        name="Doc_0/Res/bomb.jpg", content=claimed, packed=packed_bytes, method=8, crc=zlib.crc32(claimed)
    )
    return write_container([*(make_part(name, content) for name, content in files.items()), bomb])


def with_entities() -> bytes:
    """Return an OFD whose entrance unfolds to a billion words and asks for a file of ours."""
    chain = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in itertools.pairwise("abcdefghij")
    )
    doctype = f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY z SYSTEM "file:///etc/passwd">{chain}]>'
    return an_ofd(changes={"OFD.xml": doctype + ENTRANCE.replace("</ofd:DocID>", "&j;&z;</ofd:DocID>")})


BAD: Final[Mapping[str, tuple[Callable[[], bytes], Status, str]]] = {
    "not a ZIP": (lambda: b"certificate", Status.UNREADABLE, "UNREADABLE_FILE"),
    "a ZIP's first bytes": (lambda: b"PK\x03\x04" + bytes(50), Status.UNREADABLE, "NOT_AN_OFD"),
    "a ZIP's last bytes": (lambda: b"PK\x05\x06" + bytes(18), Status.UNREADABLE, "NOT_AN_OFD"),
    "a ZIP that is not an OFD": (a_zip, Status.UNREADABLE, "NOT_AN_OFD"),
    "by others, without a seal": (an_ofd, Status.NO_SIGNATURE, "NO_SIGNATURE"),
    "by others, two documents": (two_documents, Status.NO_SIGNATURE, "MANY_DOCUMENTS"),
    "encrypted": (encrypted, Status.UNREADABLE, "ENCRYPTED_FILE"),
    "deep XML": (lambda: nested(1_000), Status.UNREADABLE, "XML_TOO_COMPLEX"),
    "very deep XML": (lambda: nested(1_000_000), Status.UNREADABLE, "FILE_TOO_LARGE"),
    "wide XML": (lambda: wide(150_000), Status.UNREADABLE, "XML_TOO_COMPLEX"),
    "entities": (with_entities, Status.UNREADABLE, "XML_REFUSED"),
    "a bomb": (lambda: a_bomb(40 << 20, told=40 << 20), Status.UNREADABLE, "FILE_TOO_LARGE"),
    "a bomb that says it is small": (
        lambda: a_bomb(2 << 30, told=1_000),
        Status.NO_SIGNATURE,
        "NO_SIGNATURE",
    ),
    "no document": (
        lambda: an_ofd(changes={"Doc_0/Document.xml": None}),
        Status.UNREADABLE,
        "PART_MISSING",
    ),
    "no page": (
        lambda: an_ofd(changes={"Doc_0/Pages/Page_0/Content.xml": None}),
        Status.NO_SIGNATURE,
        "PART_MISSING",
    ),
    "no resource": (
        lambda: an_ofd(changes={"Doc_0/Res/scan.jpg": None}),
        Status.NO_SIGNATURE,
        "PART_MISSING",
    ),
    "cut": (lambda: an_ofd()[:-30], Status.NO_SIGNATURE, "NO_SIGNATURE"),
    "bytes after": (lambda: an_ofd() + b"more", Status.NO_SIGNATURE, "NO_SIGNATURE"),
    "bytes before": (lambda: b"more" + an_ofd(), Status.NO_SIGNATURE, "NO_SIGNATURE"),
}
"""Name -> how to make it, the status it has and the finding that says why."""
