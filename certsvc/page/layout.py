"""What layout.toml of a certificate type may say; anything else is refused by name.

All lengths are millimetres from the page's top left corner, y down; text is placed by its baseline.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from certsvc.errors import TemplateError

Positive = Annotated[float, Field(gt=0)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-F]{6}$")]


class Table(BaseModel):
    """One table of a template file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Style(Table):
    """How a text looks."""

    weight: Literal["regular", "bold"] = "regular"
    size_pt: Positive
    min_pt: Positive
    """Smallest size the text may be shrunk to."""
    colour: Colour
    tracking_em: float = 0.0
    """Extra space after each character, in units of the size."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Style:
        if self.min_pt > self.size_pt:
            raise ValueError("min_pt is larger than size_pt")
        return self


class Place(Table):
    """Where a text stands: its box begins at x_mm, its first baseline is at y_mm."""

    style: str
    x_mm: float
    y_mm: float
    width_mm: Positive
    align: Literal["left", "centre", "right"] = "left"
    lines: Annotated[int, Field(ge=1)] = 1
    """How many lines the text may be wrapped to."""
    grow: Literal["down", "up"] = "down"
    """Whether further lines stand under the first or the last one keeps to y_mm."""


class Column(Table):
    """Where a text stands across the page, when its height is found by the flow."""

    style: str
    x_mm: float
    width_mm: Positive
    align: Literal["left", "centre", "right"] = "left"
    lines: Annotated[int, Field(ge=1)] = 1


class Box(Table):
    """A box on the page."""

    x_mm: float
    y_mm: float
    width_mm: Positive
    height_mm: Positive


class Span(Table):
    """A distance that may be stretched: the page uses its free height up."""

    least_mm: Positive
    most_mm: Positive

    @model_validator(mode="after")
    def _check_order(self) -> Span:
        if self.least_mm > self.most_mm:
            raise ValueError("least_mm is more than most_mm")
        return self

    def at(self, openness: float) -> float:
        """Return the distance at *openness* from 0 (least) to 1 (most)."""
        return self.least_mm + openness * (self.most_mm - self.least_mm)


class Frame(Table):
    """The border: two rules with interlaced waves between them, and a rosette behind the text."""

    rule: Colour
    wave: Colour
    rosette: Colour
    outer_mm: Positive
    """Distance of the outer rule from the paper's edge."""
    inner_mm: Positive
    """Distance of the inner rule from the paper's edge."""
    half_wave_mm: Positive
    waves: bool = True
    """Whether there are waves between the rules, and a flower in each corner."""
    rosette_x_mm: float
    rosette_y_mm: float
    rosette_radius_mm: Positive


class Grid(Table):
    """Lines that make the specialties a table; inner ones begin at columns_mm[0], half as heavy."""

    x_mm: float
    width_mm: Positive
    columns_mm: tuple[float, ...]
    colour: Colour
    weight_mm: Positive


class Flow(Table):
    """The middle of the page, whose height depends on the data."""

    top_mm: float
    """Baseline of the first row."""
    bottom_mm: float
    """Nothing of the flow reaches below."""
    photo: Box
    label: Column
    wide_label: Column | None = None
    """Labels of the rows under the photo, where they stand elsewhere than those beside it."""
    name: Column
    value: Column
    """sex, birth_date, registration_number: beside the photo."""
    employer: Column
    purpose: Column
    specialty: Column
    period_label: Column
    period: Column
    row: Span
    """From one row's baseline to the next."""
    specialty_row: Span
    gap: Span
    """Added between the blocks."""
    rule: Colour
    grid: Grid | None = None
    """With it the label of the specialties stands in the middle of their height."""
    leading_em: Positive
    """From one line of a wrapped text to the next."""


class SymbolPlace(Table):
    """Where the QR symbol stands, with its quiet zone."""

    x_mm: float
    y_mm: float
    size_mm: Positive
    """Side of the square the symbol and its quiet zone may take."""
    module_mm: Positive
    least_module_mm: Positive
    quiet_modules: Annotated[int, Field(ge=4)]

    @property
    def most_modules(self) -> int:
        """Modules on a side of the largest symbol that has room, its quiet zone counted out."""
        return int(self.size_mm / self.least_module_mm) - 2 * self.quiet_modules


class OfflinePlace(Table):
    """Where the second symbol stands, and what makes room for it on the pages that have it."""

    symbol: SymbolPlace
    caption: Place
    instead: dict[str, Any]
    """Keys of layout.toml as they are on such a page; a table only names what differs in it."""


class StampPlace(Table):
    """Where the drawn seal stands."""

    x_mm: float
    y_mm: float
    diameter_mm: Positive
    colour: Colour


class Watermark(Table):
    """A text drawn as outlines under everything, turned about its middle."""

    x_mm: float
    y_mm: float
    size_mm: Positive
    rotate_deg: float
    colour: Colour


class Rule(Table):
    """A line."""

    x_mm: float
    y_mm: float
    width_mm: Positive
    colour: Colour
    weight_mm: Positive


class Sample(Table):
    """Placeholder values for a preview of the template; nobody's real data."""

    name: str
    sex: Literal["男", "女"]
    birth_date: date
    registration_number: str
    employer: str
    employer_uscc: str
    issuer: str
    issuer_uscc: str
    type_code: str
    specialties: tuple[str, ...]
    valid_from: date
    valid_to: date
    day: date
    use_until: date
    purpose: str
    licence_id: str
    host: str
    code: str


class Layout(Table):
    """layout.toml."""

    width_mm: Positive
    height_mm: Positive
    frame: Frame
    styles: dict[str, Style]
    title: Place
    use_window: Place
    viewing_only: Place
    flow: Flow
    signature: Box
    signature_label: Place
    hand_label: Place
    signed_on_label: Place
    signed_on: Place
    symbol: SymbolPlace
    caption: Place
    host_label: Place
    host: Place
    code_label: Place
    code: Place
    advice: Place
    issuer: Place
    issued_on: Place
    licence_id: Place
    stamp: StampPlace
    rules: tuple[Rule, ...]
    specimen: Watermark
    viewing: tuple[Watermark, ...]
    sample: Sample
    offline: OfflinePlace | None = None
    """Only of a page with the second symbol."""

    @model_validator(mode="after")
    def _check_styles(self) -> Layout:
        columns = {value.style for _, value in self.flow if isinstance(value, Column)}
        places = {value.style for _, value in self if isinstance(value, Place)}
        if self.offline is not None:
            places.add(self.offline.caption.style)
        missing = {"label"} | columns | places
        missing -= set(self.styles)
        if missing:
            raise ValueError(f"styles that are not defined: {', '.join(sorted(missing))}")
        return self


Model = TypeVar("Model", bound=Table)


def read_table(path: Path, model: type[Model]) -> Model:
    """Read one template file.

    Raises:
        TemplateError: names every key that is unknown, missing or wrong.
    """
    try:
        return model.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as fault:
        raise template_fault(path, fault) from fault
    except (OSError, ValueError) as fault:
        raise TemplateError(f"{path.name} cannot be read: {fault}") from fault


def template_fault(path: Path, fault: ValidationError, under: str = "") -> TemplateError:
    """Return the error that names every key which is unknown, missing or wrong."""
    faults = "; ".join(f"{under}{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in fault.errors())
    return TemplateError(f"{path.name}: {faults}")
