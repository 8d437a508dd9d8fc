"""Poppler's programs on our PDF: its text, words with their boxes, where each glyph stands, the picture."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from tests.readers.ofdjs import Box
from tests.tools import need

MM_PER_PT: Final = 25.4 / 72
XHTML: Final = "{http://www.w3.org/1999/xhtml}"
SVG: Final = "{http://www.w3.org/2000/svg}"
XLINK: Final = "{http://www.w3.org/1999/xlink}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What stands between two gaps of a line."""

    text: str
    box: Box
    """Its advance by the font's height, not its ink."""


def text(pdf: Path) -> str:
    """Return the page's text line by line (``pdftotext -layout``), without white space."""
    return "".join(_said("pdftotext", "-layout", "-enc", "UTF-8", pdf, "-").decode("utf-8").split())


def words(pdf: Path) -> tuple[Word, ...]:
    """Return what ``pdftotext -bbox`` finds on the page, in its reading order."""
    page = ElementTree.fromstring(_said("pdftotext", "-bbox", pdf, "-"))
    return tuple(
        Word(
            text=word.text or "",
            box=(_mm(word, "xMin"), _mm(word, "yMin"), _mm(word, "xMax"), _mm(word, "yMax")),
        )
        for word in page.iter(f"{XHTML}word")
    )


def origins(pdf: Path) -> tuple[tuple[float, float], ...]:
    """Return where each drawn glyph begins on its baseline, mm from the top left (``pdftocairo``)."""
    # Without these two words cairo fits the page into a paper of whole points.
    drawing = ElementTree.fromstring(_said("pdftocairo", "-svg", "-noshrink", "-nocenter", pdf, "-"))
    seen = {symbol.get("id") for symbol in drawing.iter(f"{SVG}symbol") if _has_ink(symbol)}
    return tuple(
        (_mm(use, "x"), _mm(use, "y"))
        for use in drawing.iter(f"{SVG}use")
        if use.get(f"{XLINK}href", "")[1:] in seen
    )


def picture(pdf: Path, dpi: float) -> bytes:
    """Return the page as PNG."""
    return _said("pdftoppm", "-png", "-r", f"{dpi:.4f}", pdf)


def _has_ink(symbol: ElementTree.Element) -> bool:
    return any(path.get("d") for path in symbol.iter(f"{SVG}path"))


def _mm(element: ElementTree.Element, name: str) -> float:
    return float(element.get(name, "nan")) * MM_PER_PT


def _said(program: str, *words: object) -> bytes:
    command = [str(need(program)), *map(str, words)]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
