"""What every part of the package shares: the namespace, fixed paths, escaping, how locations resolve."""

from __future__ import annotations

import re
from typing import Final

from certsvc.errors import DefectError

NAMESPACE: Final = "http://www.ofdspec.org/2016"
XMLNS: Final = f'xmlns:ofd="{NAMESPACE}"'
"""Readers match the prefix ``ofd:`` literally, so it is written on every element."""
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

OFD: Final = "OFD.xml"
DOCUMENT: Final = "Doc_0/Document.xml"
PUBLIC_RES: Final = "Doc_0/PublicRes.xml"
DOCUMENT_RES: Final = "Doc_0/DocumentRes.xml"
RES: Final = "Doc_0/Res/"
"""Folder of fonts and pictures."""
TEMPLATE: Final = "Doc_0/Tpls/Tpl_0/Content.xml"
PAGE: Final = "Doc_0/Pages/Page_0/Content.xml"
SIGNATURES: Final = "Doc_0/Signs/Signatures.xml"
SIGNATURE: Final = "Doc_0/Signs/Sign_0/Signature.xml"
SEAL: Final = "Doc_0/Signs/Sign_0/Seal.esl"
SIGNED_VALUE: Final = "Doc_0/Signs/Sign_0/SignedValue.dat"

SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
SM3: Final = "1.2.156.10197.1.401"

_SPECIAL: Final = re.compile('[&<>"\t\n\r]')
_ENTITIES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN: Final = re.compile("[ !\x23-%'-;=\x3f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*+")
"""Neither of the two: most texts."""


def escape(text: str) -> str:
    """Return *text* fit for element content and for a value in double quotes.

    Raises:
        DefectError: XML 1.0 has no way to write a character of *text*; such text is refused at the door.
    """
    if _PLAIN.fullmatch(text):
        return text
    if _NOT_XML.search(text):
        raise DefectError("a character that XML cannot hold reached an OFD")
    return _SPECIAL.sub(lambda found: _ENTITIES[found[0]], text)


def resolve(location: str, *, beside: str) -> str:
    """Return the part name that *location* means in the part named *beside*.

    A leading slash is the root of the package, anything else starts in the folder of *beside*.
    The answer has no leading slash; a location that climbs out of the package gives ``""``.
    """
    rooted = location.startswith("/")
    steps = [] if rooted else beside.split("/")[:-1]
    for step in location.split("/"):
        if step in ("", "."):
            continue
        if step != "..":
            steps.append(step)
        elif steps:
            steps.pop()
        else:
            return ""
    return "/".join(steps)
