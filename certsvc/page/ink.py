"""Where everything on a page stands, in boxes of ink, each with the key of layout.toml that put it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from certsvc.page.art import rectangle
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.model import Page, Path, Picture, Symbol, TextRun

ASCENT_EM: Final = 0.85
DESCENT_EM: Final = 0.12
"""How far characters of the fonts reach above and below the baseline, Latin ones included."""
_COLUMNS: Final = {
    "name": "flow.name",
    "sex": "flow.value",
    "birth_date": "flow.value",
    "registration_number": "flow.value",
    "employer": "flow.employer",
    "purpose": "flow.purpose",
    "photo": "flow.photo",
    "qr": "symbol",
    "qr_offline": "offline.symbol",
}
"""Key of layout.toml by the field it places, where the two differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """A box in millimetres."""

    key: str
    """Where layout.toml says it stands."""
    what: str
    """Field or words: two with the same are one thing."""
    left: float
    top: float
    right: float
    bottom: float
    line: bool = False
    """A line, which may touch other lines."""

    def covered_mm(self, other: Ink) -> float:
        """Return how deep one box reaches into the other, by the shorter way out; 0 where they are apart."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, min(across, down))


def ink_of(page: Page, kind: CertificateType, fonts: FontChain) -> Iterator[Ink]:
    """List texts, pictures, symbols with their quiet zones, and lines; not what lies behind all of them."""
    words = _words(kind)
    for item in (*page.static, *page.variable):
        if isinstance(item, TextRun):
            yield _text(item, words, fonts)
        elif isinstance(item, Picture):
            right, bottom = item.x_mm + item.width_mm, item.y_mm + item.height_mm
            yield _box(item.field, item.x_mm, item.y_mm, right, bottom)
        elif isinstance(item, Symbol):
            key = _COLUMNS[item.field]
            place = (
                kind.layout.offline.symbol if key != "symbol" and kind.layout.offline else kind.layout.symbol
            )
            yield _symbol(item, place.quiet_modules)
    photo = kind.layout.flow.photo
    frame = rectangle(photo)
    yield _box("photo", photo.x_mm, photo.y_mm, photo.x_mm + photo.width_mm, photo.y_mm + photo.height_mm)
    for item in page.variable:
        if isinstance(item, Path) and item.segments != frame:
            yield from _lines(item)
    for number, line in enumerate(kind.layout.rules):
        half_mm = line.weight_mm / 2
        yield Ink(
            key=f"rules.{number}",
            what=f"rules.{number}",
            left=line.x_mm,
            top=line.y_mm - half_mm,
            right=line.x_mm + line.width_mm,
            bottom=line.y_mm + half_mm,
            line=True,
        )


def _text(run: TextRun, words: Mapping[str, str], fonts: FontChain) -> Ink:
    size_mm = run.size_pt * MM_PER_PT
    font = fonts.fonts[run.font]
    shown = run.text.rstrip(" \u3000")
    glyphs = (font.shape.get_glyph_h_advance(font.glyph(character) or 0) for character in shown)
    width_mm = sum(glyphs) / font.face.upem * size_mm + max(0, len(shown) - 1) * run.tracking_mm
    key = words.get(run.text, "") if not run.field else _key(run.field)
    return Ink(
        key=key,
        what=run.field or run.text,
        left=run.x_mm,
        top=run.y_mm - ASCENT_EM * size_mm,
        right=run.x_mm + width_mm,
        bottom=run.y_mm + DESCENT_EM * size_mm,
    )


def _key(field: str) -> str:
    if field.startswith("specialty_"):
        return "flow.period" if field.endswith("_period") else "flow.specialty"
    return _COLUMNS.get(field, field)


def _box(field: str, left: float, top: float, right: float, bottom: float) -> Ink:
    return Ink(key=_key(field), what=field, left=left, top=top, right=right, bottom=bottom)


def _symbol(symbol: Symbol, quiet_modules: int) -> Ink:
    quiet_mm, side_mm = quiet_modules * symbol.module_mm, len(symbol.modules) * symbol.module_mm
    left, top = symbol.x_mm - quiet_mm, symbol.y_mm - quiet_mm
    return _box(symbol.field, left, top, left + side_mm + 2 * quiet_mm, top + side_mm + 2 * quiet_mm)


def _lines(path: Path) -> Iterator[Ink]:
    """List the level and upright lines of a path of the flow: of its table, or between its rows."""
    points = [(float(step[1]), float(step[2])) for step in path.segments if step[0] in {"M", "L"}]
    half_mm = path.width_mm / 2
    closed = [*points, points[0]] if ("Z",) in path.segments else points
    for (left, top), (right, bottom) in pairwise(closed):
        yield Ink(
            key="flow.grid",
            what="lines of the flow",
            left=min(left, right) - half_mm,
            top=min(top, bottom) - half_mm,
            right=max(left, right) + half_mm,
            bottom=max(top, bottom) + half_mm,
            line=True,
        )


def _words(kind: CertificateType) -> Mapping[str, str]:
    """Return by the words of wording.toml which key of layout.toml places them."""
    wording = kind.wording
    wide = "flow.label" if kind.layout.flow.wide_label is None else "flow.wide_label"
    return {
        **dict.fromkeys((wording.name, wording.sex, wording.birth_date), "flow.label"),
        wording.registration_number: "flow.label",
        **dict.fromkeys((wording.employer, wording.specialties, wording.purpose), wide),
        wording.validity: "flow.period_label",
        wording.use_window: "use_window",
        wording.viewing_only: "viewing_only",
        wording.signature: "signature_label",
        wording.hand_signature: "hand_label",
        wording.signed_on: "signed_on_label",
        wording.signed_on_blank: "signed_on",
        wording.caption: "caption",
        wording.host: "host_label",
        wording.code: "code_label",
        wording.offline: "offline.caption",
        **dict.fromkeys(wording.advice, "advice"),
        wording.issued_on: "issued_on",
        wording.licence_id: "licence_id",
        kind.policy.title: "title",
    }
