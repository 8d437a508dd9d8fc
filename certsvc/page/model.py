"""A page as frozen values: what is drawn, where, in millimetres; origin top left, y down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Segment = tuple[str | float, ...]
"""One step of an outline: ("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y) or ("Z",)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRun:
    """One run of text in one font on one baseline. Every character has a real glyph in that font."""

    text: str
    x_mm: float
    """Left end of the run."""
    y_mm: float
    """Baseline."""
    size_pt: float
    font: str
    """Name of a font in the chain, e.g. ``serif``, ``serif-bold``, ``rare``."""
    colour: str = "#000000"
    tracking_mm: float = 0.0
    """Extra space after each character."""
    rotate_deg: float = 0.0
    """Counter-clockwise about (x_mm, y_mm); only the watermark is turned."""
    opacity: float = 1.0
    field: str = ""
    """Field name when the run shows variable data, e.g. ``name``; empty for static text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG (RGB) or PNG placed in a box."""

    content: bytes
    media: Literal["image/jpeg", "image/png"]
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A QR symbol; 1 is a dark module. The quiet zone is not part of the modules."""

    modules: tuple[Sequence[int], ...]
    x_mm: float
    """Left edge of the first dark column, without the quiet zone."""
    y_mm: float
    module_mm: float
    field: str = "qr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """An outline, stroked or filled; mm on the page."""

    segments: tuple[Segment, ...]
    stroke: str | None = None
    """Colour, or None."""
    fill: str | None = None
    width_mm: float = 0.2
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The visible drawn seal (印章); sealing places it as the signature's appearance."""

    paths: tuple[Path, ...]
    """In the stamp's own millimetres, origin at its top left."""
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. ``static`` is the same for every certificate of a template, ``variable`` is not."""

    width_mm: float
    height_mm: float
    static: tuple[TextRun | Path | Picture, ...]
    variable: tuple[TextRun | Path | Picture | Symbol, ...]
    stamp: Stamp
    """Drawn on top by the sealing step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a file says about itself apart from its page."""

    title: str
    document_id: str
    """The copy's id; decides the trailer /ID."""
    created_at: str
    """RFC 3339, UTC, whole seconds, ends in Z."""
    metadata: tuple[tuple[str, str], ...]
    """E-licence short names (domain.md section 9) with their values, in order."""
    author: str = ""
    """颁发机构 as printed."""
    use_from: date | None = None
    """First day of the usage window; None for an original."""
    use_until: date | None = None
    """Last day of the usage window; that day counts."""
    receipt: str = ""
    """The signed receipt a verification report carries; empty in a certificate."""
