"""What is known of a file that is laid out like ours, once it was read (pdf/grammar.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class FontPlace(NamedTuple):
    """Where in a file one font says what it shows; streams as they are packed."""

    number: int
    """By which pages name it."""
    widths: bytes
    """Of codes 0, 1, 2 ..., decimal numbers with a blank between."""
    file: slice
    to_glyphs: slice
    to_unicode: slice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """The beginning of a file, up to its page, once it was read; compared by identity."""

    content: bytes
    """Empty when the beginning is not kept."""
    end: int
    next: int
    """Number of the page."""
    places: tuple[int, ...]
    fonts: tuple[FontPlace, ...]
    images: tuple[int, ...]
    metadata: int
    sheet: slice
    """The static content, packed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """All objects of a file but the signature's value, each of its one shape and none hidden in a stream."""

    start: Start
    own: bytes
    """The bytes behind ``start.content``."""
    end: int
    next: int
    """How many objects there are, with number 0 and without the signature's value."""
    places: tuple[int, ...]
    table: bytes
    """The cross-reference table, which is the same before and after sealing."""
    fonts: tuple[FontPlace, ...]
    """Those behind the page."""
    sheet: slice
    """The content behind the static one, packed."""

    def begins(self, data: bytes) -> bool:
        """Tell whether these are the first bytes of *data*."""
        kept = self.start.content
        return data.startswith(kept) and data.startswith(self.own, len(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of a sealed file lie that is laid out like ours."""

    signature: int
    """First byte of the signature's value."""
    hole_start: int
    """First byte of the string in /Contents, its bracket."""
    hole_end: int
    """First byte after it."""
    table: int
    """First byte of the cross-reference table."""
    start: Start = field(repr=False, compare=False)
