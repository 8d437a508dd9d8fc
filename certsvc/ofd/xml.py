"""XML of strangers: expat, with everything that can hurt refused before it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from xml.parsers import expat

from certsvc.ofd.names import NAMESPACE
from certsvc.ofd.parts import BrokenOFDError

MAX_DEPTH: Final = 64
MAX_NODES: Final = 200_000
"""Elements and attributes together."""
MAX_SIZE: Final = 16 << 20
"""Bytes of one part. The longest page of ours has a hundredth of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element; comments and processing instructions are not kept."""

    name: str
    """Local name; one outside the OFD namespace reads ``{namespace}local`` and so equals no word of ours."""
    attributes: Mapping[str, str]
    children: tuple[Element, ...]
    text: str
    """Its own characters, those of its children not among them."""

    def find(self, name: str) -> Element | None:
        """Return the first child of that name, or None."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> tuple[Element, ...]:
        """Return the children of that name."""
        return tuple(child for child in self.children if child.name == name)

    def text_of(self, name: str) -> str:
        """Return the first such child's text without white space around it, or ``""``."""
        child = self.find(name)
        return "" if child is None else child.text.strip()


@dataclass(slots=True)
class _Open:
    """An element whose end has not come."""

    name: str
    attributes: dict[str, str]
    children: list[Element]
    text: list[str]


class _Builder:
    """Takes expat's calls."""

    def __init__(self) -> None:
        self._open = [_Open("", {}, [], [])]
        self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if self._nodes > MAX_NODES or len(self._open) > MAX_DEPTH:
            raise BrokenOFDError("XML_TOO_COMPLEX")
        self._open.append(_Open(_local(name), attributes, [], []))

    def end(self, _name: str) -> None:
        done = self._open.pop()
        element = Element(
            name=done.name,
            attributes=done.attributes,
            children=tuple(done.children),
            text="".join(done.text),
        )
        self._open[-1].children.append(element)

    def text(self, text: str) -> None:
        self._open[-1].text.append(text)

    def doctype(self, *_declared: object) -> NoReturn:
        raise BrokenOFDError("XML_REFUSED", "DOCTYPE")

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8"):
            raise BrokenOFDError("UNREADABLE_FILE", "XML that is not UTF-8")

    def root(self) -> Element:
        (root,) = self._open[0].children
        return root


def parse_xml(content: bytes) -> Element:
    """Parse a whole part and return its root.

    Raises:
        BrokenOFDError: the only error. XML_REFUSED: it has a DOCTYPE, of which nothing is read.
            XML_TOO_COMPLEX: over 64 deep, 200,000 nodes or 16 MB. UNREADABLE_FILE: not XML in UTF-8.
    """
    if b"\0" in content:  # In UTF-16 every tag has a zero, in UTF-8 no XML has one.
        raise BrokenOFDError("UNREADABLE_FILE", "XML that is not UTF-8")
    # Expat gathers all attributes of an element before it calls; each needs an equals sign, so count those.
    if len(content) > MAX_SIZE or content.count(b"=") > MAX_NODES:
        raise BrokenOFDError("XML_TOO_COMPLEX")
    builder = _Builder()
    # The encoding is given, so that no declaration can choose another decoder.
    parser = expat.ParserCreate("utf-8", "}")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.XmlDeclHandler = builder.declaration
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BrokenOFDError("UNREADABLE_FILE", f"XML: {expat.ErrorString(error.code)}") from error
    return builder.root()


def _local(name: str) -> str:
    namespace, brace, local = name.rpartition("}")
    if namespace == NAMESPACE:
        return local
    return f"{{{namespace}{brace}{local}" if brace else f"{{}}{local}"
