"""The verification report for people: one plain A4 page that cannot be taken for a certificate.

No border, no photo, no QR symbol, a seal of another colour; and it says first what it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from certsvc.errors import TemplateError
from certsvc.page import art
from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.layout import Box, Column, StampPlace, Style, Watermark
from certsvc.page.model import Page, Path, Segment, TextRun
from certsvc.page.stamp import draw_stamp
from certsvc.page.typeset import fit, set_lines

Tone = Literal["pass", "record", "fail", "unsure", "idle"]

WIDTH_MM: Final = 210.0
HEIGHT_MM: Final = 297.0
_LEFT: Final = 20.0
_WIDE: Final = WIDTH_MM - 2 * _LEFT
_TOP: Final = 17.0
_BOTTOM: Final = HEIGHT_MM - 16.0
_LABEL: Final = 38.0
_STAMP: Final = 31.0
"""Diameter."""
_SCALES: Final = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64)
"""Shares of the full size that are tried until everything stands on one page."""
_LEADING_EM: Final = 1.42
_LINES: Final = 20

_INK: Final = "#1B2430"
_GREY: Final = "#56616D"
_RULE: Final = "#B9C3CC"
_ACCENT: Final = "#2F5D7C"
_MARK: Final = Watermark(x_mm=WIDTH_MM / 2, y_mm=HEIGHT_MM / 2, size_mm=46, rotate_deg=35, colour="#EEF1F4")
_COLOURS: Final[dict[Tone, tuple[str, str]]] = {
    "pass": ("#1E6B3C", "#EAF4EC"),
    "record": ("#1F5C8B", "#E8F0F7"),
    "fail": ("#A3231F", "#F9EBEA"),
    "unsure": ("#7A5600", "#FBF3DF"),
    "idle": ("#6B7680", "#F2F4F6"),
}
"""Of the mark and of the ground behind a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One check that has something to say."""

    tone: Tone
    name: str
    outcome: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything the page says, in words of one language."""

    issuer: str
    title: str
    not_a_certificate: tuple[str, ...]
    """In every language."""
    tone: Tone
    heading: str
    status: str
    advice: str
    asked_title: str
    asked: Sequence[tuple[str, str]]
    """(label, value)."""
    record_title: str
    record: Sequence[tuple[str, str]]
    """Empty when no record may be shown."""
    record_note: str
    checks_title: str
    checks: Sequence[CheckRow]
    idle: str
    """The checks that did not apply, in one line."""
    receipt_title: str
    receipt: Sequence[tuple[str, str]]
    how: str
    seal_line: str
    """Level text in the seal."""
    specimen: str = ""
    """Written across the page when a test key seals it."""


def compose_receipt(sheet: Sheet, fonts: FontChain) -> Page:
    """Compose the page, as large as one page allows.

    Raises:
        TemplateError: it does not fit on one page, or a character has no glyph.
    """
    for scale in _SCALES:
        foot = _Pen(fonts, scale, 0.0)
        _draw_receipt(foot, sheet)
        pen = _Pen(fonts, scale, _TOP)
        if sheet.specimen:
            pen.items.append(art.watermark(sheet.specimen, _MARK, fonts))
        _draw_answer(pen, sheet)
        height = max(foot.y_mm, _STAMP)
        if pen.y_mm + height > _BOTTOM:
            continue
        pen.y_mm = _BOTTOM - height
        stamp = StampPlace(x_mm=_LEFT + _WIDE - _STAMP, y_mm=pen.y_mm + 3, diameter_mm=_STAMP, colour=_ACCENT)
        _draw_receipt(pen, sheet)
        return Page(
            width_mm=WIDTH_MM,
            height_mm=HEIGHT_MM,
            static=(),
            variable=tuple(pen.items),
            stamp=draw_stamp(sheet.issuer, sheet.seal_line, stamp, fonts),
        )
    raise TemplateError("the verification report does not fit on one page")


def _draw_answer(pen: _Pen, sheet: Sheet) -> None:
    """Draw who says it, what it is not, the verdict, what was asked, the record and the checks."""
    pen.text(sheet.issuer, size_pt=10, colour=_GREY)
    pen.skip(1.5)
    pen.text(sheet.title, size_pt=22, weight="bold")
    pen.skip(2)
    pen.framed(sheet.not_a_certificate)
    pen.skip(4)
    pen.verdict(sheet)
    pen.section(sheet.asked_title)
    pen.rows(sheet.asked)
    if sheet.record:
        pen.section(sheet.record_title)
        pen.rows(sheet.record)
        pen.text(sheet.record_note, size_pt=8, colour=_GREY)
    pen.section(sheet.checks_title)
    for row in sheet.checks:
        pen.check(row)
    if sheet.idle:
        pen.skip(0.6)
        pen.text(sheet.idle, size_pt=8, colour=_GREY)


def _draw_receipt(pen: _Pen, sheet: Sheet) -> None:
    """Draw the receipt's fingerprint and how to check it, beside the seal."""
    wide = _WIDE - _STAMP - 6
    pen.section(sheet.receipt_title)
    pen.rows(sheet.receipt, wide_mm=wide)
    pen.skip(0.8)
    pen.text(sheet.how, size_pt=8, colour=_GREY, wide_mm=wide)


class _Pen:
    """Writes down the page."""

    def __init__(self, fonts: FontChain, scale: float, y_mm: float) -> None:
        self._fonts = fonts
        self._scale = scale
        self.y_mm = y_mm
        self.items: list[TextRun | Path] = []

    def skip(self, distance_mm: float) -> None:
        """Leave room."""
        self.y_mm += distance_mm * self._scale

    def text(
        self,
        text: str,
        *,
        size_pt: float,
        x_mm: float = _LEFT,
        wide_mm: float = _WIDE,
        weight: Literal["regular", "bold"] = "regular",
        colour: str = _INK,
    ) -> None:
        """Write a text from *y_mm* down, wrapped, and stand below it."""
        # Sizes go in steps, so that equal texts look equal at every scale.
        size_pt = round(size_pt * self._scale * 4) / 4
        style = Style(weight=weight, size_pt=size_pt, min_pt=size_pt, colour=colour)
        setting = fit(text, style, wide_mm, self._fonts, lines=_LINES)
        if setting is None:
            raise TemplateError("a text of the verification report does not fit")
        size_mm = size_pt * MM_PER_PT
        column = Column(style="", x_mm=x_mm, width_mm=wide_mm)
        baseline = self.y_mm + 0.95 * size_mm
        self.items += set_lines(setting, style, column, baseline, self._fonts, leading_em=_LEADING_EM)
        self.y_mm += len(setting.lines) * _LEADING_EM * size_mm

    def section(self, title: str) -> None:
        """Begin a part under a rule."""
        self.skip(3.2)
        self.items.append(art.rule(_LEFT, self.y_mm, _WIDE, _RULE, 0.2))
        self.skip(1.6)
        self.text(title, size_pt=11, weight="bold", colour=_ACCENT)
        self.skip(0.6)

    def rows(self, rows: Sequence[tuple[str, str]], wide_mm: float = _WIDE) -> None:
        """Write labels with their values beside them."""
        for label, value in rows:
            top = self.y_mm
            self.text(label, size_pt=9, wide_mm=_LABEL - 2, colour=_GREY)
            below, self.y_mm = self.y_mm, top
            self.text(value, size_pt=9, x_mm=_LEFT + _LABEL, wide_mm=wide_mm - _LABEL)
            self.y_mm = max(self.y_mm, below)

    def framed(self, lines: Sequence[str]) -> None:
        """Write lines in a frame."""
        place, top = len(self.items), self.y_mm
        self.skip(1.8)
        for line in lines:
            self.text(line, size_pt=10, x_mm=_LEFT + 4, wide_mm=_WIDE - 8, weight="bold")
        self.skip(1.2)
        frame = Box(x_mm=_LEFT, y_mm=top, width_mm=_WIDE, height_mm=round(self.y_mm - top, 3))
        self.items.insert(place, Path(segments=art.rectangle(frame), stroke=_INK, width_mm=0.35))

    def verdict(self, sheet: Sheet) -> None:
        """Write the verdict on a ground of its colour, with its mark."""
        mark, ground = _COLOURS[sheet.tone]
        place, top = len(self.items), self.y_mm
        self.skip(3.2)
        radius = 5.2 * self._scale
        self._sign(sheet.tone, _LEFT + 5 + radius, self.y_mm + radius, radius)
        left, wide = _LEFT + 20, _WIDE - 24
        self.text(sheet.heading, size_pt=16, x_mm=left, wide_mm=wide, weight="bold", colour=mark)
        self.text(sheet.status, size_pt=9, x_mm=left, wide_mm=wide, colour=mark)
        self.skip(0.8)
        self.text(sheet.advice, size_pt=9.5, x_mm=left, wide_mm=wide)
        self.skip(2.4)
        height = round(self.y_mm - top, 3)
        for width, colour in ((_WIDE, ground), (1.6, mark)):
            box = Box(x_mm=_LEFT, y_mm=top, width_mm=width, height_mm=height)
            self.items.insert(place, Path(segments=art.rectangle(box), fill=colour))
            place += 1

    def check(self, row: CheckRow) -> None:
        """Write one check: its mark, its name, how it ended, and the sentence."""
        top = self.y_mm
        radius = 1.35 * self._scale
        self._sign(row.tone, _LEFT + radius, top + radius + 0.35 * self._scale, radius)
        colour = _COLOURS[row.tone][0]
        self.text(row.name, size_pt=9, x_mm=_LEFT + 5, wide_mm=40)
        ends = [self.y_mm]
        self.y_mm = top
        self.text(row.outcome, size_pt=9, x_mm=_LEFT + 47, wide_mm=23, colour=colour)
        ends.append(self.y_mm)
        self.y_mm = top
        if row.sentence:
            self.text(row.sentence, size_pt=9, x_mm=_LEFT + 70, wide_mm=_WIDE - 70)
        self.y_mm = max(self.y_mm, *ends)
        self.skip(0.5)

    def _sign(self, tone: Tone, x_mm: float, y_mm: float, radius: float) -> None:
        """Draw a tone's mark: its shape tells as much as its colour."""
        place = art.turn(0, x_mm, y_mm)
        disc = art.moved(art.ellipse(radius, radius), place)
        self.items.append(Path(segments=disc, fill=_COLOURS[tone][0]))
        for stroke in _SIGNS[tone]:
            drawn = art.moved(_scaled(stroke, radius), place)
            self.items.append(Path(segments=drawn, stroke="#FFFFFF", width_mm=round(radius * 0.22, 3)))


def _scaled(segments: Sequence[Segment], radius: float) -> tuple[Segment, ...]:
    return tuple((name, *(float(number) * radius for number in numbers)) for name, *numbers in segments)


_SIGNS: Final[dict[Tone, tuple[tuple[Segment, ...], ...]]] = {
    "pass": ((("M", -0.45, 0.02), ("L", -0.12, 0.36), ("L", 0.48, -0.32)),),
    "record": tuple((("M", -0.5, y), ("C", -0.25, y - 0.35, 0.25, y + 0.35, 0.5, y)) for y in (-0.2, 0.24)),
    "fail": ((("M", -0.36, -0.36), ("L", 0.36, 0.36)), (("M", 0.36, -0.36), ("L", -0.36, 0.36))),
    "unsure": (
        (("M", -0.3, -0.28), ("C", -0.3, -0.72, 0.34, -0.72, 0.32, -0.26), ("C", 0.3, 0.02, 0, 0, 0, 0.26)),
        (("M", 0, 0.54), ("L", 0, 0.58)),
    ),
    "idle": ((("M", -0.4, 0.0), ("L", 0.4, 0.0)),),
}
"""Strokes about the middle of a disc of radius 1."""
