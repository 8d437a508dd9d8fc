"""Page content and OFD.xml in the one way we write them, read without an XML parser.

Whatever matches here is XML that every parser takes the same way, with the elements named and no others. What
does not match may still be XML: then the parser has to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from certsvc.errors import DefectError
from certsvc.ofd.names import DECLARATION, DOCUMENT, SIGNATURES, XMLNS

_INT: Final = r"(?:0|[1-9][0-9]{0,8}+)"
_NUMBER: Final = r"-?[0-9]{1,6}+(?:\.[0-9]{1,6}+)?+"
_BOX: Final = rf"{_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}"
_NUMBERS: Final = r"-?[0-9][-0-9. e]{0,200}+"
_BYTE: Final = r"(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_COLOUR: Final = rf'Value="(?:{_BYTE}) (?:{_BYTE}) (?:{_BYTE})"'
_TEXT: Final = '(?:[^\x00-\x1f<>&"\ud800-\udfff\ufffe\uffff]++|&(?:amp|lt|gt|quot|#9|#10|#13);)'
"""Characters of XML, those with a meaning in it written as entities."""
_ALPHA: Final = rf'(?: Alpha="{_BYTE}")?+'

_TEXT_OBJECT: Final = (
    rf'<ofd:TextObject ID="{_INT}" Boundary="(?P<text_box>{_BOX})"(?: CTM="(?P<text_matrix>{_NUMBERS})")?+'
    rf' Font="(?P<font>{_INT})" Size="(?P<size>{_NUMBER})">'
    rf'<ofd:FillColor Value="(?P<colour>{_BYTE} {_BYTE} {_BYTE})"(?: Alpha="(?P<alpha>{_BYTE})")?+/>'
    rf'<ofd:TextCode X="(?P<x>{_NUMBER})" Y="(?P<y>{_NUMBER})"'
    rf'(?: DeltaX="(?P<spread>[g0-9][-g0-9. ]{{0,8000}}+)")?+>(?P<text>{_TEXT}++)</ofd:TextCode>'
    "</ofd:TextObject>"
)
_PATH_OBJECT: Final = (
    rf'<ofd:PathObject ID="{_INT}" Boundary="(?P<path_box>{_BOX})"(?: CTM="(?P<path_matrix>{_NUMBERS})")?+'
    rf'(?: LineWidth="{_NUMBER}" Cap="Round" Join="Round"| Stroke="false")(?P<fill> Fill="true")?+'
    rf'(?P<rule> Rule="Even-Odd")?+>(?:<ofd:StrokeColor {_COLOUR}{_ALPHA}/>)?+'
    rf"(?:<ofd:FillColor {_COLOUR}{_ALPHA}/>)?+"
    r"<ofd:AbbreviatedData>(?P<data>[MLBC][-MLBC0-9. ]*+)</ofd:AbbreviatedData></ofd:PathObject>"
)
_IMAGE_OBJECT: Final = (
    rf'<ofd:ImageObject ID="{_INT}" Boundary="(?P<image_box>{_BOX})" CTM="(?P<image_matrix>{_NUMBERS})"'
    rf' ResourceID="(?P<resource>{_INT})"/>'
)
_OBJECT: Final = re.compile(f"{_TEXT_OBJECT}|{_PATH_OBJECT}|{_IMAGE_OBJECT}")
_HEAD: Final = re.compile(
    rf"{re.escape(DECLARATION)}<ofd:Page {re.escape(XMLNS)}>"
    rf'(?:<ofd:Template TemplateID="{_INT}" ZOrder="Background"/>)?+<ofd:Content><ofd:Layer ID="{_INT}">'
)
_FOOT: Final = "</ofd:Layer></ofd:Content></ofd:Page>\n"
_ENTRANCE: Final = re.compile(
    rf'{re.escape(DECLARATION)}<ofd:OFD {re.escape(XMLNS)} Version="1\.0" DocType="OFD"><ofd:DocBody>'
    rf"<ofd:DocInfo><ofd:DocID>[0-9a-f]{{32}}</ofd:DocID><ofd:Title>{_TEXT}*+</ofd:Title>"
    rf"<ofd:Author>{_TEXT}*+</ofd:Author><ofd:CreationDate>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}</ofd:CreationDate>"
    rf"<ofd:Creator>{_TEXT}*+</ofd:Creator>(?:<ofd:CustomDatas>"
    rf'(?:<ofd:CustomData Name="{_TEXT}*+">{_TEXT}*+</ofd:CustomData>)*+</ofd:CustomDatas>)?+</ofd:DocInfo>'
    rf"<ofd:DocRoot>{re.escape(DOCUMENT)}</ofd:DocRoot>"
    rf"(?P<sealed><ofd:Signatures>/{re.escape(SIGNATURES)}</ofd:Signatures>)?+</ofd:DocBody></ofd:OFD>\n"
)

Found = re.Match[str]
"""One object. It has a ``text_box`` when it is a text, else a ``path_box`` or an ``image_box``."""
CUT: Final = "M"
_OPENING: Final = 72
"""Characters: as far as the size of a text."""
_NOTHING: Final[Mapping[str, Found]] = MappingProxyType({})
_LONGEST: Final = 1 << 20
"""Bytes of a page; the longest of ours has a tenth of that."""


def read_own_page(
    content: bytes, outlines: Sequence[str] = (), known: Mapping[str, Found] = _NOTHING
) -> list[Found] | None:
    """Return the objects of a page in the order of drawing; None when it is written in another way.

    Args:
        content: of the page.
        outlines: that have to be in it, made of the characters of outlines and of no others. They are taken
            out before the rest is read: in place of the first its path has ``M``, of the second ``MM``.
        known: objects met before, by opening_of() them.
    """
    if len(content) > _LONGEST:
        return None
    for count, outline in enumerate(outlines, start=1):
        before, found, behind = content.partition(outline.encode()) if outline else (content, b"", b"")
        if not found:
            return None
        content = before + CUT.encode() * count + behind
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    head = _HEAD.match(text)
    if head is None:
        return None
    objects: list[Found] = []
    at = head.end()
    while True:
        kept = known.get(text[at : at + _OPENING])
        if kept is not None and text.startswith(kept.string, at):
            objects.append(kept)
            at += len(kept.string)
        elif (one := _OBJECT.match(text, at)) is not None:
            objects.append(one)
            at = one.end()
        else:
            return objects if text[at:] == _FOOT else None


def alone(one: Found) -> Found:
    """Return the same object, apart from the page it stood on."""
    found = _OBJECT.fullmatch(one[0])
    if found is None:
        raise DefectError("an object of a page cannot be read by itself")
    return found


def opening_of(one: Found) -> str:
    """Return the characters an object begins with, by which it is looked up."""
    return one[0][:_OPENING]


def own_entrance(content: bytes, *, sealed: bool) -> bool:
    """Say whether OFD.xml is written in our way, with the way to a list of signatures or without."""
    if len(content) > _LONGEST:
        return False
    try:
        found = _ENTRANCE.fullmatch(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    return found is not None and (found["sealed"] is not None) == sealed
