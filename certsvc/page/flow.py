"""The middle of the page: rows whose number and height depend on the data, spread over the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from certsvc.domain.registration import Specialty
from certsvc.errors import Fault, InvalidFieldError, TemplateError
from certsvc.page.art import moved, rectangle, rule
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.layout import Box, Column, Grid
from certsvc.page.layout import Flow as FlowPlaces
from certsvc.page.model import Path, Segment, TextRun
from certsvc.page.typeset import STEP_PT, Setting, fit, set_lines

OPENNESS = tuple(step / 20 for step in range(20, -1, -1))
"""From wide open to tight; the first that fits is taken."""
ASCENT_EM = 0.85
DESCENT_EM = 0.08
"""How far Chinese characters reach above and below the baseline."""
UNDER_PHOTO: Final = frozenset({"employer", "purpose"})
"""Rows that begin below the photo."""


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


_Baselines = tuple[tuple[float, ...], tuple[float, ...]]
"""The first baseline of every row, and the baseline of every specialty."""


@lru_cache(maxsize=256)
def _spread(
    kind: CertificateType, extras_mm: tuple[float, ...], employer: int, specialties: int
) -> _Baselines | None:
    """Spread rows as far as the page allows; None when they do not fit however tight.

    Args:
        kind: whose page it is.
        extras_mm: of each row the height of its lines after the first.
        employer: which row the specialties follow; -1 for none.
        specialties: how many there are.
    """
    flow = kind.layout.flow
    for openness in OPENNESS:
        baselines, lines = _baselines(flow, extras_mm, employer, specialties, openness)
        ends = [y_mm + extra_mm for extra_mm, y_mm in zip(extras_mm, baselines, strict=True)]
        if max(*ends, *lines) + flow.gap.at(openness) / 2 <= flow.bottom_mm:
            return tuple(baselines), tuple(lines)
    return None


def _baselines(
    flow: FlowPlaces, extras_mm: Sequence[float], employer: int, specialties: int, openness: float
) -> tuple[list[float], list[float]]:
    row_mm, gap_mm, line_mm = (span.at(openness) for span in (flow.row, flow.gap, flow.specialty_row))
    baselines: list[float] = []
    lines: list[float] = []
    y_mm = flow.top_mm
    for place, extra_mm in enumerate(extras_mm):
        if place == employer:
            y_mm = max(y_mm + gap_mm / 2, flow.photo.y_mm + flow.photo.height_mm + row_mm * 0.8)
        baselines.append(y_mm)
        y_mm += extra_mm + row_mm
        if place == employer:
            lines = [y_mm + gap_mm + index * line_mm for index in range(specialties)]
            y_mm = lines[-1] + row_mm + gap_mm if lines else y_mm
    return baselines, lines


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
        while (places := self._spread(rows)) is None:
            # With nothing else left to tighten, the purpose shrinks.
            last = rows.pop()
            if last.row.field != "purpose":
                raise TemplateError("layout.toml: [flow] has too little height")
            rows.append(self._set(last.row, last.setting.size_pt - STEP_PT))
        return self._drawn(rows, *places)

    def _spread(self, rows: Sequence[_SetRow]) -> _Baselines | None:
        """Find how far the rows can be spread; None when they do not fit however tight."""
        extras = tuple([self._extra_mm(item) for item in rows])
        employer = next((place for place, item in enumerate(rows) if item.row.field == "employer"), -1)
        return _spread(self._kind, extras, employer, len(self._specialties))

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

    def _drawn(
        self, rows: Sequence[_SetRow], baselines: Sequence[float], specialties: Sequence[float]
    ) -> Iterator[TextRun | Path]:
        for item, y_mm in zip(rows, baselines, strict=True):
            yield from self._row(item, y_mm)
            if item.row.field == "employer":
                yield from self._table(specialties)

    def _table(self, baselines: Sequence[float]) -> Iterator[TextRun | Path]:
        """Draw the specialties, a hairline between each two."""
        flow = self._flow
        size_mm = self._kind.layout.styles[flow.specialty.style].size_pt * MM_PER_PT
        label_mm = sum(baselines[:1])
        if flow.grid is not None and baselines:
            label_mm = (baselines[0] + baselines[-1]) / 2
            yield from _grid_lines(flow, flow.grid, baselines, size_mm)
        for number, (specialty, y_mm) in enumerate(zip(self._specialties, baselines, strict=True), start=1):
            if number == 1:
                yield from self._line(
                    self._kind.wording.specialties, flow.wide_label or flow.label, label_mm, ""
                )
            elif flow.grid is None:
                # Midway between the feet of the line above and the heads of this one.
                middle_mm = (baselines[number - 2] + DESCENT_EM * size_mm + y_mm - ASCENT_EM * size_mm) / 2
                yield rule(flow.specialty.x_mm, middle_mm, flow.purpose.width_mm, flow.rule, 0.12)
            yield from self._specialty(number, specialty, y_mm)

    def _extra_mm(self, item: _SetRow) -> float:
        """Return the height of the lines after the first."""
        return (len(item.setting.lines) - 1) * item.setting.size_pt * MM_PER_PT * self._flow.leading_em

    def _row(self, item: _SetRow, y_mm: float) -> Iterator[TextRun]:
        row, flow = item.row, self._flow
        wide = flow.wide_label is not None and row.field in UNDER_PHOTO
        yield from self._line(row.label, flow.wide_label or flow.label if wide else flow.label, y_mm, "")
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


def _grid_lines(flow: FlowPlaces, grid: Grid, baselines: Sequence[float], size_mm: float) -> Iterator[Path]:
    """Draw the table's outline, a level line between each two specialties, and its uprights."""
    pitch_mm = baselines[1] - baselines[0] if len(baselines) > 1 else flow.specialty_row.most_mm
    # Characters stand in the middle of their row.
    lift_mm = (ASCENT_EM - DESCENT_EM) / 2 * size_mm
    top_mm, bottom_mm = baselines[0] - lift_mm - pitch_mm / 2, baselines[-1] - lift_mm + pitch_mm / 2
    box = Box(x_mm=grid.x_mm, y_mm=top_mm, width_mm=grid.width_mm, height_mm=bottom_mm - top_mm)
    outline = moved(rectangle(box), lambda x, y: (x, y))
    yield Path(segments=outline, stroke=grid.colour, width_mm=grid.weight_mm)
    right_mm = grid.x_mm + grid.width_mm
    for y_mm in baselines[1:]:
        level_mm = y_mm - lift_mm - pitch_mm / 2
        left_mm = grid.columns_mm[0]
        yield rule(left_mm, level_mm, right_mm - left_mm, grid.colour, grid.weight_mm / 2)
    for x_mm in grid.columns_mm:
        upright: tuple[Segment, ...] = (("M", x_mm, round(top_mm, 3)), ("L", x_mm, round(bottom_mm, 3)))
        yield Path(segments=upright, stroke=grid.colour, width_mm=grid.weight_mm / 2)
