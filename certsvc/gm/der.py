"""A small DER writer and a strict DER reader: definite lengths, shortest forms, single-byte tags.

Values come as the bytes they were read from, so whatever was signed is checked over exactly those bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30

_MOST_LENGTH_BYTES: Final = 4
"""Lengths up to 4 GiB: more than any file we take."""
_MOST_IDENTIFIER_BYTES: Final = 64
_INSTANT: Final = "%Y%m%d%H%M%SZ"


def element(tag: int, content: bytes) -> bytes:
    """Return one element with its tag and shortest length."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of encoded *parts*."""
    return element(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octet_string(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return element(OCTET_STRING, value)


def bit_string(value: bytes) -> bytes:
    """Return a BIT STRING of whole bytes."""
    return element(BIT_STRING, b"\x00" + value)


def ia5_string(value: str) -> bytes:
    """Return an IA5String. ValueError beyond ASCII."""
    return element(IA5_STRING, value.encode("ascii"))


def utf8_string(value: str) -> bytes:
    """Return a UTF8String. ValueError for half a surrogate pair."""
    return element(UTF8_STRING, value.encode())


def generalized_time(at: datetime) -> bytes:
    """Return a GeneralizedTime in UTC; parts of a second are dropped, as DER in a seal has none.

    Raises:
        ValueError: *at* is naive, or before the year 1000.
    """
    if at.tzinfo is None or at.year < 1000:
        raise ValueError("an instant has a zone and a year of four digits")
    return element(GENERALIZED_TIME, at.astimezone(UTC).strftime(_INSTANT).encode())


def object_identifier(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return element(OBJECT_IDENTIFIER, bytes(content))


class Reader:
    """Reads one element after another from *data*. Every method raises ValueError for anything but DER."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._end = len(data)

    def peek(self) -> int:
        """Return the tag of the next element, or -1 at the end."""
        return self._data[self._at] if self._at < self._end else -1

    def element(self, tag: int) -> bytes:
        """Return the next element whole, tag and length included."""
        begin = self._at
        self.content(tag)
        return self._data[begin : self._at]

    def content(self, tag: int) -> bytes:
        """Return the content of the next element, which must carry *tag*."""
        data, at = self._data, self._at
        if at + 2 > self._end or data[at] != tag:
            raise ValueError(f"no element {tag:#04x} at byte {at}")
        size = data[at + 1]
        at += 2
        if size >= 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[at : at + count], "big")
            if not 0 < count <= _MOST_LENGTH_BYTES or size < 0x80 or size >> 8 * (count - 1) == 0:
                raise ValueError(f"a length that is not the shortest at byte {at}")
            at += count
        if at + size > self._end:
            raise ValueError(f"an element longer than its frame at byte {at}")
        self._at = at + size
        return data[at : self._at]

    def sequence(self) -> Reader:
        """Return a reader of the SEQUENCE that comes next."""
        return Reader(self.content(SEQUENCE))

    def integer(self) -> int:
        """Return the next INTEGER, which must not be negative."""
        content = self.content(INTEGER)
        if not content or content[0] >= 0x80 or (len(content) > 1 and content[0] == 0 and content[1] < 0x80):
            raise ValueError("an integer that is negative or not the shortest")
        return int.from_bytes(content, "big")

    def bit_string(self) -> bytes:
        """Return the bytes of the next BIT STRING, which must have no unused bits."""
        content = self.content(BIT_STRING)
        if content[:1] != b"\x00":
            raise ValueError("a bit string that is not whole bytes")
        return content[1:]

    def octet_string(self) -> bytes:
        """Return the bytes of the next OCTET STRING."""
        return self.content(OCTET_STRING)

    def ia5_string(self) -> str:
        """Return the text of the next IA5String."""
        return self.content(IA5_STRING).decode("ascii")

    def utf8_string(self) -> str:
        """Return the text of the next UTF8String."""
        return self.content(UTF8_STRING).decode()

    def object_identifier(self) -> str:
        """Return the next OBJECT IDENTIFIER in dotted form."""
        content = self.content(OBJECT_IDENTIFIER)
        if not 0 < len(content) <= _MOST_IDENTIFIER_BYTES or content[-1] >= 0x80:
            raise ValueError("an object identifier without an end, or longer than any")
        arcs, arc = [], 0
        for byte in content:
            if byte == 0x80 and arc == 0:
                raise ValueError("an object identifier that is not the shortest")
            arc = arc << 7 | byte & 0x7F
            if byte < 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def utc_time(self) -> datetime:
        """Return the next UTCTime, which must be whole seconds in UTC; 50 means 1950, 49 means 2049."""
        text = self.content(UTC_TIME)
        return _read_instant((b"20" if text < b"50" else b"19") + text)

    def generalized_time(self) -> datetime:
        """Return the next GeneralizedTime, which must be whole seconds in UTC."""
        return _read_instant(self.content(GENERALIZED_TIME))

    def expect(self, encoded: bytes) -> None:
        """Step over the next element, which must be exactly *encoded*."""
        if not self._data.startswith(encoded, self._at) or self._at + len(encoded) > self._end:
            raise ValueError(f"another value than expected at byte {self._at}")
        self._at += len(encoded)

    def finish(self) -> None:
        """Refuse anything left."""
        if self._at != self._end:
            raise ValueError(f"{self._end - self._at} bytes too many")


def _read_instant(text: bytes) -> datetime:
    if len(text) != 15 or not text[:14].isdigit() or not text.endswith(b"Z"):
        raise ValueError("an instant in another form than [YY]YYMMDDHHMMSSZ")
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    return datetime(year, month, day, int(text[8:10]), int(text[10:12]), int(text[12:14]), tzinfo=UTC)
