"""The middle of the page: rows whose number and height depend on the data, spread over the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from certsvc.domain.registration import Specialty
from certsvc.errors import Fault, InvalidFieldError, TemplateError
from certsvc.page.art import rule
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.layout import Column
from certsvc.page.model import Path, TextRun
from certsvc.page.typeset import STEP_PT, Setting, fit, set_lines

OPENNESS = tuple(step / 20 for step in range(20, -1, -1))
"""From wide open to tight; the first that fits is taken."""
ASCENT_EM = 0.85
DESCENT_EM = 0.08
"""How far Chinese characters reach above and below the baseline."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text of the flow."""

    field: str
    label: str
    text: str
    column: Column
    pointer: str | None
    """JSON pointer of the request field it shows; None when no request can be blamed."""


@dataclass(frozen=True, slots=True)
class _SetRow:
    row: Row
    setting: Setting


def too_long(pointer: str | None, field: str) -> InvalidFieldError | TemplateError:
    """Return the error for a text that does not fit even at its smallest size."""
    if pointer is None:
        return TemplateError(f"{field} does not fit into its place in layout.toml")
    zh = "内容过长，按最小字号（6磅）仍无法完整印入证书，请缩短"
    return InvalidFieldError(Fault(pointer, zh, "too long to be printed whole, even at 6 pt; shorten it"))


class Flow:
    """Sets the rows, finds how far they can be spread, and places them."""

    def __init__(
        self,
        kind: CertificateType,
        rows: Sequence[Row],
        specialties: Sequence[Specialty],
        fonts: FontChain,
    ) -> None:
        """Take the rows in their order; the specialties follow the employer, the purpose is the last row."""
        self._kind, self._fonts, self._flow = kind, fonts, kind.layout.flow
        self._specialties = specialties
        self._rows = [self._set(row) for row in rows]

    def place(self) -> Iterator[TextRun | Path]:
        """Place everything.

        Raises:
            InvalidFieldError: a text is too long, named by its pointer.
            TemplateError: the layout leaves too little height for what the rules allow.
        """
        rows = [*self._rows]
        while self._lowest(rows, OPENNESS[-1]) > self._flow.bottom_mm:
            # With nothing else left to tighten, the purpose shrinks.
            last = rows.pop()
            if last.row.field != "purpose":
                raise TemplateError("layout.toml: [flow] has too little height")
            rows.append(self._set(last.row, last.setting.size_pt - STEP_PT))
        openness = next(each for each in OPENNESS if self._lowest(rows, each) <= self._flow.bottom_mm)
        return self._drawn(rows, openness)

    def _lowest(self, rows: Sequence[_SetRow], openness: float) -> float:
        """Return the lowest baseline of all, with half a gap under it."""
        baselines, specialties = self._baselines(rows, openness)
        ends = [y_mm + self._extra_mm(item) for item, y_mm in zip(rows, baselines, strict=True)]
        return max(*ends, *specialties) + self._flow.gap.at(openness) / 2

    def _baselines(self, rows: Sequence[_SetRow], openness: float) -> tuple[list[float], list[float]]:
        """Find the first baseline of every row, and the baseline of every specialty."""
        flow = self._flow
        row_mm, gap_mm, line_mm = (span.at(openness) for span in (flow.row, flow.gap, flow.specialty_row))
        baselines, specialties = [], []
        y_mm = flow.top_mm
        for item in rows:
            if item.row.field == "employer":
                y_mm = max(y_mm + gap_mm / 2, flow.photo.y_mm + flow.photo.height_mm + row_mm * 0.8)
            baselines.append(y_mm)
            y_mm += self._extra_mm(item) + row_mm
            if item.row.field == "employer":
                specialties = [y_mm + gap_mm + index * line_mm for index in range(len(self._specialties))]
                y_mm = specialties[-1] + row_mm + gap_mm if specialties else y_mm
        return baselines, specialties

    def _set(self, row: Row, largest_pt: float | None = None) -> _SetRow:
        style, column = self._kind.layout.styles[row.column.style], row.column
        setting = None
        if largest_pt is None or largest_pt >= style.min_pt:
            setting = fit(
                row.text, style, column.width_mm, self._fonts, lines=column.lines, largest_pt=largest_pt
            )
        if setting is None:
            raise too_long(row.pointer, row.field)
        return _SetRow(row, setting)

    def _drawn(self, rows: Sequence[_SetRow], openness: float) -> Iterator[TextRun | Path]:
        baselines, specialties = self._baselines(rows, openness)
        for item, y_mm in zip(rows, baselines, strict=True):
            yield from self._row(item, y_mm)
            if item.row.field == "employer":
                yield from self._table(specialties)

    def _table(self, baselines: Sequence[float]) -> Iterator[TextRun | Path]:
        """Draw the specialties, a hairline between each two."""
        flow = self._flow
        size_mm = self._kind.layout.styles[flow.specialty.style].size_pt * MM_PER_PT
        for number, (specialty, y_mm) in enumerate(zip(self._specialties, baselines, strict=True), start=1):
            if number == 1:
                yield from self._line(self._kind.wording.specialties, flow.label, y_mm, "")
            else:
                # Midway between the feet of the line above and the heads of this one.
                middle_mm = (baselines[number - 2] + DESCENT_EM * size_mm + y_mm - ASCENT_EM * size_mm) / 2
                yield rule(flow.specialty.x_mm, middle_mm, flow.purpose.width_mm, flow.rule, 0.12)
            yield from self._specialty(number, specialty, y_mm)

    def _extra_mm(self, item: _SetRow) -> float:
        """Return the height of the lines after the first."""
        return (len(item.setting.lines) - 1) * item.setting.size_pt * MM_PER_PT * self._flow.leading_em

    def _row(self, item: _SetRow, y_mm: float) -> Iterator[TextRun]:
        row, flow = item.row, self._flow
        yield from self._line(row.label, flow.label, y_mm, "")
        style = self._kind.layout.styles[row.column.style]
        yield from set_lines(
            item.setting, style, row.column, y_mm, self._fonts, leading_em=flow.leading_em, field=row.field
        )

    def _line(self, text: str, column: Column, y_mm: float, field: str) -> Iterator[TextRun]:
        style = self._kind.layout.styles[column.style]
        setting = fit(text, style, column.width_mm, self._fonts)
        if setting is None:
            raise too_long(None, field or text)
        return set_lines(setting, style, column, y_mm, self._fonts, leading_em=1.0, field=field)

    def _specialty(self, number: int, specialty: Specialty, y_mm: float) -> Iterator[TextRun]:
        """Set one specialty and its validity on one line."""
        wording = self._kind.wording
        yield from self._line(specialty.name, self._flow.specialty, y_mm, f"specialty_{number}")
        yield from self._line(wording.validity, self._flow.period_label, y_mm, "")
        period = wording.show_period(specialty.valid_from, specialty.valid_to)
        yield from self._line(period, self._flow.period, y_mm, f"specialty_{number}_period")
