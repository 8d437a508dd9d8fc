"""Page content and OFD.xml in the one way we write them, read without an XML parser.

Whatever matches here is XML that every parser takes the same way, with the elements named and no others. What
does not match may still be XML: then the parser has to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

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
_LONGEST: Final = 1 << 20
"""Bytes of a page; the longest of ours has a tenth of that."""


def read_own_page(content: bytes) -> list[Found] | None:
    """Return the objects of a page in the order of drawing; None when it is written in another way."""
    if len(content) > _LONGEST:
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    head = _HEAD.match(text)
    if head is None:
        return None
    objects = list(_contiguous(text, head.end()))
    end = objects[-1].end() if objects else head.end()
    return objects if text[end:] == _FOOT else None


def _contiguous(text: str, at: int) -> Iterator[Found]:
    while (found := _OBJECT.match(text, at)) is not None:
        yield found
        at = found.end()


def own_entrance(content: bytes, *, sealed: bool) -> bool:
    """Say whether OFD.xml is written in our way, with the way to a list of signatures or without."""
    if len(content) > _LONGEST:
        return False
    try:
        found = _ENTRANCE.fullmatch(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    return found is not None and (found["sealed"] is not None) == sealed
