"""Distinguished names of certificates, read into text. Others' names may break the limits of X.520."""

from __future__ import annotations

from typing import Final

from certsvc.gm import der

COMMON_NAME: Final = "2.5.4.3"

_SHORT: Final = {
    COMMON_NAME: "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
}
"""RFC 4514, section 3: the attributes that go by a short name."""
_ENCODINGS: Final = {
    der.UTF8_STRING: "utf-8",
    der.IA5_STRING: "ascii",
    0x12: "ascii",  # NumericString
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # TeletexString, as everybody reads it
    0x1E: "utf-16-be",  # BMPString
}
_SET: Final = 0x31
_SPECIAL: Final = frozenset('"+,;<>\\')

Attribute = tuple[str, str]
"""What kind it is, an object identifier in dotted form, and its text."""
Name = tuple[tuple[Attribute, ...], ...]
"""Parts, from the country down; each is a set of attributes, nearly always one."""


def read_name(name: bytes) -> Name:
    """Return the parts of a DER name, each a set of attributes. ValueError when it is none, or not text."""
    frame = der.Reader(name)
    parts = frame.sequence()
    frame.finish()
    answer = []
    while parts.peek() >= 0:
        answer.append(_read_part(der.Reader(parts.content(_SET))))
    return tuple(answer)


def text_of(name: Name) -> str:
    """Return a name as RFC 4514 writes it: last part first, control characters as hex."""
    return ",".join("+".join(map(_attribute_text, part)) for part in reversed(name))


def first_of(name: Name, kind: str) -> str:
    """Return the first text of one kind; empty when there is none."""
    return next((text for part in name for found, text in part if found == kind), "")


def _read_part(part: der.Reader) -> tuple[Attribute, ...]:
    attributes = []
    while part.peek() >= 0:
        attribute = part.sequence()
        kind = attribute.object_identifier()
        tag = attribute.peek()
        if tag not in _ENCODINGS:
            raise ValueError("a name with an attribute that is no text")
        attributes.append((kind, attribute.content(tag).decode(_ENCODINGS[tag])))
        attribute.finish()
    if not attributes:
        raise ValueError("a name with an empty part")
    return tuple(attributes)


def _attribute_text(attribute: Attribute) -> str:
    kind, text = attribute
    return f"{_SHORT.get(kind, kind)}={_escaped(text)}"


def _escaped(text: str) -> str:
    escaped = "".join(map(_escaped_character, text))
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    return "\\" + escaped if escaped.startswith(("#", " ")) else escaped


def _escaped_character(character: str) -> str:
    if character in _SPECIAL:
        return "\\" + character
    if character.isprintable():
        return character
    return "".join(f"\\{byte:02X}" for byte in character.encode())
