"""Reading what was submitted, one item at a time: JSON Lines of any length, or a JSON array up to a size."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from certsvc.domain import texts_batches as texts
from certsvc.domain.json_text import parse_json
from certsvc.domain.text import Text
from certsvc.errors import CertsvcError, Fault, InvalidFieldError, MalformedError, TooLargeError

LINE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one line: an event with a photo and a signature has at most about 2.6 MB."""
ARRAY_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a JSON array, which is read as a whole; JSON Lines have no such limit."""
LINES_LIMIT: Final = 2_000_000
"""Lines of one submission."""
_BLOCK: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item as it came, or why it could not be read."""

    number: int
    """From 1; of a JSON array the place."""
    value: object = None
    error: CertsvcError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one reading of a submission tells of the whole."""

    digest: str
    """Keyed hash in hex: the same bytes give the same, and nobody can try what they may have been."""
    size: int
    """Bytes."""
    is_array: bool


class Measure:
    """Takes the measure of submissions under a key of its own."""

    def __init__(self, secret: bytes) -> None:
        """Derive a key from the registry's *secret*."""
        self._key = hmac.digest(secret, b"certsvc batch 1: submission", "sha256")

    def hasher(self, form: str) -> hmac.HMAC:
        """Begin the digest of a submission of one *form*; the same bytes mean other things in another."""
        return hmac.new(self._key, f"{form}\n".encode(), hashlib.sha256)

    def take(self, stream: BinaryIO, form: str, *, most_bytes: int | None, most_lines: int) -> Measured:
        """Read *stream* from its beginning to its end.

        Raises:
            TooLargeError: more bytes or lines than allowed, or an array over ARRAY_LIMIT.
            MalformedError: not text.
            InvalidFieldError: nothing in it.
        """
        stream.seek(0)
        hasher, size, lines, first = self.hasher(form), 0, 1, b""
        while block := stream.read(_BLOCK):
            if size == 0:
                block_begins = block.removeprefix(_BOM)
                if b"\0" in block_begins[:4096]:
                    raise MalformedError("not text", _fault(texts.NOT_TEXT))
                first = block_begins.lstrip(_SPACE)[:1]
            elif not first:
                first = block.lstrip(_SPACE)[:1]
            hasher.update(block)
            size += len(block)
            lines += block.count(b"\n")
            if most_bytes is not None and size > most_bytes:
                raise TooLargeError(f"over {most_bytes} bytes")
            if lines > most_lines + 1:
                raise TooLargeError(f"over {most_lines} lines")
        if not first:
            raise InvalidFieldError(_fault(texts.EMPTY))
        if first == b"[" and size > ARRAY_LIMIT:
            raise TooLargeError(f"a JSON array over {ARRAY_LIMIT} bytes; send JSON Lines")
        return Measured(digest=hasher.hexdigest(), size=size, is_array=first == b"[")


def read_array(stream: BinaryIO, hasher: hmac.HMAC) -> Iterator[Line]:
    """Read a JSON array; it is whole or it is refused.

    Raises:
        MalformedError: it is no JSON, or parsers would disagree about it.
        InvalidFieldError: nothing in it.
    """
    stream.seek(0)
    content = stream.read(ARRAY_LIMIT + 1)
    hasher.update(content)
    value = parse_json(content.removeprefix(_BOM))
    if not isinstance(value, list):
        raise MalformedError("no list", _fault(texts.NOT_A_LIST))
    if not value:
        raise InvalidFieldError(_fault(texts.EMPTY))
    for number, item in enumerate(value, 1):
        yield Line(number=number, value=item)


def read_lines(stream: BinaryIO, hasher: hmac.HMAC) -> Iterator[Line]:
    """Read JSON Lines, one held at a time; blank ones are passed over, bad ones carry their reason."""
    stream.seek(0)
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        hasher.update(line)
        if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            _skip_rest(stream, hasher)
            yield Line(number=number, error=TooLargeError(f"line {number} is over {LINE_LIMIT} bytes"))
            continue
        content = (line.removeprefix(_BOM) if number == 1 else line).strip(_SPACE)
        if content:
            yield _read_line(number, content)


def _read_line(number: int, content: bytes) -> Line:
    try:
        return Line(number=number, value=parse_json(content))
    except MalformedError as error:
        return Line(number=number, error=error)


def _skip_rest(stream: BinaryIO, hasher: hmac.HMAC) -> None:
    while rest := stream.readline(_BLOCK):
        hasher.update(rest)
        if rest.endswith(b"\n"):
            return


def _fault(text: Text) -> Fault:
    return Fault("", text.zh, text.en)
