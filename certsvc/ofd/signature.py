"""Signatures.xml and Signature.xml: what the seal covers, where it stands, which way to its values."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NoReturn

from certsvc.ofd.container import plain_name
from certsvc.ofd.content import Box, numbers
from certsvc.ofd.names import (
    DECLARATION,
    SEAL,
    SIGNATURE,
    SIGNED_VALUE,
    SM2_WITH_SM3,
    SM3,
    XMLNS,
)
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.xml import Element, parse_xml

SIGNATURES_XML: Final = (
    f"{DECLARATION}<ofd:Signatures {XMLNS}><ofd:MaxSignId>1</ofd:MaxSignId>"
    f'<ofd:Signature ID="1" Type="Seal" BaseLoc="/{SIGNATURE}"/></ofd:Signatures>\n'
).encode()

PROVIDER: Final = "certsvc"
PROVIDER_VERSION: Final = "1.0"

_SM3_SIZE: Final = 32
_STAMP: Final = re.compile(" ".join([r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)"] * 4))
_ID: Final = re.compile("[0-9]{1,10}")
_WRITTEN_AT: Final = "%Y%m%d%H%M%SZ"
_FOOT: Final = (
    f"<ofd:Seal><ofd:BaseLoc>/{SEAL}</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>"
    f"<ofd:SignedValue>/{SIGNED_VALUE}</ofd:SignedValue></ofd:Signature>\n"
)
_FOOT_BYTES: Final = _FOOT.encode()
_OWN_STAMP: Final = re.compile(
    rf'<ofd:StampAnnot ID="[0-9]{{1,10}}" PageRef="{_ID.pattern}" Boundary="{_STAMP.pattern}"/>'.encode()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampAnnot:
    """Where the seal's picture stands."""

    id: str
    page_id: int
    """Id of the page object."""
    boundary: Box
    """On the page, in mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFile:
    """What a Signature.xml of the kind we write says."""

    provider: str
    method: str
    """OID of the signature algorithm, as written."""
    at: datetime
    """Instant of sealing as written there; the seal's own instant is the one that is signed."""
    check_method: str
    """OID of SM3."""
    references: tuple[tuple[str, bytes], ...]
    """Part names without a leading slash, none twice, each with 32 bytes."""
    stamp: StampAnnot
    seal_path: str
    """Part name without a leading slash."""
    signed_value_path: str
    """Part name without a leading slash."""


def signatures_xml() -> bytes:
    """Return Signatures.xml: one seal, always the same."""
    return SIGNATURES_XML


def signature_xml(
    lines: Iterable[str],
    *,
    at: datetime,
    stamp: StampAnnot,
    provider: str = PROVIDER,
    version: str = PROVIDER_VERSION,
) -> bytes:
    """Write Signature.xml.

    Args:
        lines: of the parts it covers, in their order, as reference_xml() writes them.
        at: instant of sealing, aware; whole seconds are written.
        stamp: where the picture stands.
        provider: name of the program that seals, plain ASCII.
        version: of the provider.
    """
    return (
        f"{_head(at, provider, version)}{''.join(lines)}</ofd:References>"
        f'<ofd:StampAnnot ID="{stamp.id}" PageRef="{stamp.page_id}" Boundary="{numbers(stamp.boundary)}"/>'
        f"{_FOOT}"
    ).encode()


def own_signature(content: bytes, listed: str, *, at: datetime) -> bool:
    """Say whether *content* is what signature_xml() writes with these lines for that instant.

    Only the stamp's place is open; read_signature() reads every such file.
    """
    before = f"{_head(at, PROVIDER, PROVIDER_VERSION)}{listed}</ofd:References>".encode()
    if not content.startswith(before):
        return False
    return _OWN_STAMP.fullmatch(content, len(before), len(content) - len(_FOOT_BYTES)) is not None and (
        content.endswith(_FOOT_BYTES)
    )


@lru_cache(maxsize=16)  # copies that are made together are sealed at one instant
def _head(at: datetime, provider: str, version: str) -> str:
    return (
        f"{DECLARATION}<ofd:Signature {XMLNS}><ofd:SignedInfo>"
        f'<ofd:Provider ProviderName="{provider}" Version="{version}" Company="{provider}"/>'
        f"<ofd:SignatureMethod>{SM2_WITH_SM3}</ofd:SignatureMethod>"
        f"<ofd:SignatureDateTime>{at.astimezone(UTC).strftime(_WRITTEN_AT)}</ofd:SignatureDateTime>"
        f'<ofd:References CheckMethod="{SM3}">'
    )


def read_signature(content: bytes) -> SignatureFile:
    """Read a Signature.xml as strictly as we write it: absolute plain paths, SM3, one stamp, each thing once.

    Raises:
        BrokenOFDError: REFERENCES_WRONG when anything differs from that, or a code of parse_xml().
    """
    root = parse_xml(content)
    if root.name != "Signature":
        _wrong("the root is not Signature")
    info = _only(root, "SignedInfo")
    listed = _only(info, "References")
    check_method = listed.attributes.get("CheckMethod", "")
    if check_method != SM3:
        _wrong("digests are not SM3")
    references = tuple(_reference(element) for element in listed.children)
    if not references or len({name for name, _ in references}) != len(references):
        _wrong("no reference, or one twice")
    return SignatureFile(
        provider=_only(info, "Provider").attributes.get("ProviderName", ""),
        method=_only(info, "SignatureMethod").text,
        at=_instant(_only(info, "SignatureDateTime").text),
        check_method=check_method,
        references=references,
        stamp=_stamp(_only(info, "StampAnnot")),
        seal_path=_path(_only(_only(info, "Seal"), "BaseLoc").text),
        signed_value_path=_path(_only(root, "SignedValue").text),
    )


def _only(parent: Element, name: str) -> Element:
    found = parent.all(name)
    if len(found) != 1:
        _wrong(f"not exactly one {name}")
    return found[0]


def _reference(element: Element) -> tuple[str, bytes]:
    if element.name != "Reference" or len(element.children) != 1:
        _wrong("something else than a reference is listed")
    try:
        digest = b64decode(_only(element, "CheckValue").text, validate=True)
    except ValueError:  # binascii.Error, or a character that is not ASCII
        _wrong("a digest is not base64")
    if len(digest) != _SM3_SIZE:
        _wrong("a digest is not of SM3's length")
    return _path(element.attributes.get("FileRef", "")), digest


def _path(location: str) -> str:
    name = location.removeprefix("/")
    if name == location or not plain_name(name):
        _wrong("a path is not absolute and plain")
    return name


def _instant(text: str) -> datetime:
    try:
        at = datetime.strptime(text, _WRITTEN_AT).replace(tzinfo=UTC)
    except ValueError:
        at = None
    if at is None or at.strftime(_WRITTEN_AT) != text:
        _wrong("the time is not written as we write it")
    return at


def _stamp(element: Element) -> StampAnnot:
    page = element.attributes.get("PageRef", "")
    shown = _STAMP.fullmatch(element.attributes.get("Boundary", ""))
    if shown is None or _ID.fullmatch(page) is None:
        _wrong("the stamp's place is not four numbers on a page")
    x, y, width, height = map(float, shown.groups())
    return StampAnnot(id=element.attributes.get("ID", ""), page_id=int(page), boundary=(x, y, width, height))


def _wrong(detail: str) -> NoReturn:
    raise BrokenOFDError("REFERENCES_WRONG", detail)
