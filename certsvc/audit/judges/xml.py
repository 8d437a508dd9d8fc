"""XML of a file we wrote, or of what lies in its place: bounded, without document types."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

from certsvc.audit.judges.broken import JudgeError

_MOST_BYTES: Final = 16_000_000


def read_xml(content: bytes) -> ElementTree.Element:
    """Parse with expat.

    Raises:
        JudgeError: it is no XML, larger than any of ours, or has a document type, as ours never have.
    """
    if len(content) > _MOST_BYTES or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise JudgeError("XML of a kind we never write")
    try:
        return ElementTree.fromstring(content)  # noqa: S314  no entity can be declared, see above
    except (ElementTree.ParseError, ValueError) as error:
        raise JudgeError("XML that does not parse") from error
