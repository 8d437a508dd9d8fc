"""What a file of ours says of itself for machines: the e-licence elements in its XMP or its CustomDatas.

Read only in files whose seal held: then every byte is ours, and nothing in it can surprise us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from certsvc.domain.clock import beijing_day
from certsvc.domain.offline import Signed
from certsvc.domain.registration import Specialty
from certsvc.domain.report import Kind
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.read_container import read_container
from certsvc.ofd.xml import Element, parse_xml
from certsvc.rendering.xmp import NAMESPACE

_PACKET = (b"<x:xmpmeta ", b"</x:xmpmeta>")


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceData:
    """The elements of one file, as far as a check without us needs them."""

    signed: Signed
    status_index: int | None
    """None for an original, which is in no status list."""
    elements: Mapping[str, str]
    """By short name, see domain.elicence."""


def read_licence_data(content: bytes, kind: Kind) -> LicenceData:
    """Read the elements of a file of ours.

    Args:
        content: bytes that passed the strict checker.
        kind: PDF or OFD.

    Raises:
        ValueError: they are not there, or not as we write them; it is another kind of document of ours.
    """
    try:
        elements = dict(_of_ofd(content) if kind is Kind.OFD else _of_pdf(content))
        return _read(elements)
    except (BrokenOFDError, KeyError) as fault:
        raise ValueError("the file does not say what it certifies") from fault


def _read(elements: Mapping[str, str]) -> LicenceData:
    issued_at = datetime.fromisoformat(elements["ZZQZSJ"])
    names, firsts, lasts = (
        elements[name].split(";") for name in ("KZ_specSub", "KZ_subBeginDate", "KZ_subEndDate")
    )
    endorsed = "JZJYXQJZSJ" in elements
    until = elements.get("JZJYXQJZSJ", "")
    return LicenceData(
        signed=Signed(
            issued_at=issued_at,
            use_from=beijing_day(issued_at) if endorsed else None,
            use_until=beijing_day(datetime.fromisoformat(until)) if endorsed else None,
            specialties=tuple(
                Specialty(name=name, valid_from=date.fromisoformat(first), valid_to=date.fromisoformat(last))
                for name, first, last in zip(names, firsts, lasts, strict=True)
            ),
        ),
        status_index=int(elements["KZ_statusIndex"]) if "KZ_statusIndex" in elements else None,
        elements=elements,
    )


def _of_ofd(content: bytes) -> Iterator[tuple[str, str]]:
    entrance = parse_xml(read_container(content)[OFD])
    for element in _walk(entrance):
        if element.name == "CustomData":
            yield element.attributes["Name"], element.text


def _of_pdf(content: bytes) -> Iterator[tuple[str, str]]:
    start, end = content.index(_PACKET[0]), content.index(_PACKET[1])
    for element in _walk(parse_xml(content[start : end + len(_PACKET[1])])):
        namespace, _, name = element.name.removeprefix("{").partition("}")
        if namespace == NAMESPACE:
            yield name, element.text


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from _walk(child)
