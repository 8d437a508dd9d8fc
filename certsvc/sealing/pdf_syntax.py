"""PDF syntax: bytes to objects, for hostile bytes: a budget, no recursion, one kind of error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

_MAX_DEPTH: Final = 64
_TOKEN: Final = re.compile(
    rb"(?:[\0\t\n\f\r ]++|%[^\r\n]*+)*+"
    rb"(?:(?P<mark><<|>>|\[|\])"
    rb"|/(?P<name>[^\0\t\n\f\r ()<>\[\]{}/%]*+)"
    rb"|(?P<ref>\d{1,10} \d{1,10} R(?![A-Za-z]))"
    rb"|<(?P<hex>[0-9A-Fa-f\0\t\n\f\r ]*+)>"
    rb"|(?P<text>\()"
    rb"|(?P<number>[+-]?(?:\d++(?:\.\d*+)?|\.\d++))"
    rb"|(?P<word>[A-Za-z]++))"
)
_TEXT_MARK: Final = re.compile(rb"[()]|\\.", re.DOTALL)
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_WHOLE_NUMBERS: Final = re.compile(rb"([ \n]*+(?:\d{1,9}[ \n]++)*+(?:\d{1,9})?)\]")
"""What follows the bracket of an array of widths, the longest arrays there are: read in one go."""
_OPENING: Final = {b">>": b"<<", b"]": b"["}
_MAX_DIGITS: Final = 20


class BrokenPDFError(ValueError):
    """The bytes are not a PDF our reader can follow."""


class Name(bytes):
    """A name without its slash, escapes resolved."""

    __slots__ = ()


class Ref(NamedTuple):
    """A reference to a numbered object."""

    number: int
    generation: int


@dataclass(slots=True)
class Stream:
    """A stream: its dictionary and the bytes as stored."""

    dictionary: PDFDict
    stored: bytes


PDFObject = (
    None | bool | int | float | bytes | Name | Ref | list["PDFObject"] | dict[Name, "PDFObject"] | Stream
)
"""Any object; a string is bytes, a literal one with its escapes as written."""
PDFDict = dict[Name, PDFObject]


@dataclass(slots=True)
class Budget:
    """How many tokens may still be read from one file."""

    tokens: int

    def spend(self) -> None:
        """Take one. BrokenPDFError when none is left."""
        self.tokens -= 1
        if self.tokens < 0:
            raise BrokenPDFError("too many tokens")


def parse(data: bytes, at: int, budget: Budget) -> tuple[PDFObject, int]:
    """Read the one object that begins at *at*; return it and where it ends.

    Raises:
        BrokenPDFError: there is no object, or it is too deep or too long.
    """
    open_marks: list[bytes] = []
    top: list[PDFObject] = []
    levels = [top]
    match = _TOKEN.match
    while True:
        budget.tokens -= 1
        token = match(data, at)
        if token is None or budget.tokens < 0:
            raise BrokenPDFError("no token" if token is None else "too many tokens")
        at, kind = token.end(), token.lastgroup
        if kind == "name":
            name = token["name"]
            top.append(Name(name if b"#" not in name else _unescaped(name)))
        elif kind == "mark":
            mark = token["mark"]
            if mark == b"[" and (numbers := _WHOLE_NUMBERS.match(data, at)):
                at = numbers.end()
                top.append([int(word) for word in numbers[1].split()])
            elif mark in (b"<<", b"["):
                if len(levels) > _MAX_DEPTH:
                    raise BrokenPDFError("nested too deep")
                open_marks.append(mark)
                top = []
                levels.append(top)
                continue
            else:
                if not open_marks or open_marks.pop() != _OPENING[mark]:
                    raise BrokenPDFError("unbalanced")
                ended = levels.pop()
                top = levels[-1]
                top.append(ended if mark == b"]" else _paired(ended))
        elif kind == "ref":
            number, generation, _ = token["ref"].split()
            top.append(Ref(int(number), int(generation)))
        elif kind == "number":
            top.append(_number(token["number"]))
        elif kind == "hex":
            top.append(_from_hex(token["hex"]))
        elif kind == "text":
            at = _text_end(data, at, budget)
            top.append(data[token.end() : at - 1])
        else:
            _apply_word(token["word"], top)
        if not open_marks:
            return top[0], at


def _apply_word(word: bytes, level: list[PDFObject]) -> None:
    if word == b"R":
        number, generation = level[-2:] if len(level) > 1 else (None, None)
        if not isinstance(number, int) or not isinstance(generation, int):
            raise BrokenPDFError("a reference without numbers")
        level[-2:] = [Ref(number, generation)]
    elif word in (b"true", b"false"):
        level.append(word == b"true")
    elif word == b"null":
        level.append(None)
    else:
        raise BrokenPDFError("a word where an object belongs")


def _paired(level: list[PDFObject]) -> PDFDict:
    if len(level) % 2:
        raise BrokenPDFError("a dictionary with a key too many")
    pairs: PDFDict = {}
    for key, value in zip(level[::2], level[1::2], strict=True):
        if not isinstance(key, Name) or key in pairs:
            # Readers differ on which of two equal keys counts: none does here.
            raise BrokenPDFError("a key is no name, or is there twice")
        pairs[key] = value
    return pairs


def _number(text: bytes) -> int | float:
    if len(text) > _MAX_DIGITS:
        raise BrokenPDFError("a number is too long")
    return float(text) if b"." in text else int(text)


def _from_hex(text: bytes) -> bytes:
    digits = text.translate(None, b"\0\t\n\f\r ")
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _text_end(data: bytes, at: int, budget: Budget) -> int:
    depth = 1
    while depth:
        budget.spend()
        mark = _TEXT_MARK.search(data, at)
        if mark is None:
            raise BrokenPDFError("a string without end")
        depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        at = mark.end()
    return at


def _unescaped(name: bytes) -> bytes:
    return _ESCAPE.sub(lambda code: bytes((int(code[1], 16),)), name)
