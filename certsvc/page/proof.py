"""Draws a certificate type in all its states, to find what would go wrong once it is issued, in mm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import hypot
from typing import Final

from certsvc.errors import GlyphMissingError, InvalidFieldError, TemplateError
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject, compose
from certsvc.page.flaws import Flaw
from certsvc.page.fonts import FontChain
from certsvc.page.ink import Ink, ink_of
from certsvc.page.layout import Box, Layout, Place, SymbolPlace
from certsvc.page.proof_texts import contrast_flaws, glyph_flaws, width_flaws
from certsvc.page.states import State, all_states

CLEAR_MM: Final = 0.5
"""Between the inner rule of the border and anything else."""
TOUCHING_MM: Final = 0.05
"""Boxes that share less are beside each other: half the width of a hairline."""
LEAST_MODULE_MM: Final = 0.5
"""A smaller module is lost by an office printer and a phone. Source: docs/decisions/qr.md."""
TALLEST_MM: Final = 400.0
_UNDER_SEAL: Final = frozenset({"issuer", "issued_on"})
"""A seal is set over the issuer's name and the day."""


A4_MM: Final = (210, 297)
"""Width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    """The symbols a page is drawn with."""

    usual: tuple[Sequence[int], ...]
    """Of an address with a host of 30 characters."""
    offline: tuple[Sequence[int], ...]
    """Of a usual offline code."""


def find_flaws(kind: CertificateType, fonts: FontChain, symbols: Symbols) -> list[Flaw]:
    """List everything that is wrong with a certificate type whose files can be read, each thing once.

    The page with the second symbol is looked at too, where there is one; its keys begin ``offline.instead``
    when the page without it does not have the same flaw.
    """
    flaws = [*_page_flaws(kind, fonts, symbols)]
    if kind.with_offline is not None:
        seen = {(flaw.file, flaw.key) for flaw in flaws}
        for flaw in _page_flaws(kind.with_offline, fonts, symbols):
            if (flaw.file, flaw.key) not in seen:
                own = flaw.file != "layout.toml" or flaw.key.startswith(("offline.", "sample."))
                flaws.append(flaw if own else replace(flaw, key=f"offline.instead.{flaw.key}"))
    return flaws


def _page_flaws(kind: CertificateType, fonts: FontChain, symbols: Symbols) -> Iterator[Flaw]:
    yield from contrast_flaws(kind)
    if not _is_a4(kind.layout):
        # Told of where the file was read; nothing has its place on a page of another size.
        return
    yield from _edge_flaws(kind)
    unfit = [*glyph_flaws(kind, fonts), *_symbol_flaws(kind, symbols)]
    # What has no glyph has no width either.
    unfit = unfit or [*width_flaws(kind, fonts)]
    yield from unfit
    if not unfit:
        # A page with one of those cannot be drawn; the rest is told when they are put right.
        yield from _drawn_flaws(kind, fonts, symbols)


def _is_a4(layout: Layout) -> bool:
    return (layout.width_mm, layout.height_mm) == A4_MM


def _symbol_flaws(kind: CertificateType, symbols: Symbols) -> Iterator[Flaw]:
    yield from _module_flaws("symbol", kind.layout.symbol, len(symbols.usual))
    if kind.layout.offline is not None:
        yield from _module_flaws("offline.symbol", kind.layout.offline.symbol, len(symbols.offline))


def _module_flaws(key: str, place: SymbolPlace, modules: int) -> Iterator[Flaw]:
    across = modules + 2 * place.quiet_modules
    module_mm = min(place.module_mm, place.size_mm / across)
    least_mm = max(LEAST_MODULE_MM, place.least_module_mm)
    if place.least_module_mm < LEAST_MODULE_MM:
        says = f"a module may not be under {LEAST_MODULE_MM} mm"
        missing_mm = LEAST_MODULE_MM - place.least_module_mm
        yield Flaw(file="layout.toml", key=f"{key}.least_module_mm", says=says, mm=missing_mm)
    if place.module_mm < least_mm:
        says = f"modules of {place.module_mm:g} mm, at least {least_mm:g}"
        yield Flaw(file="layout.toml", key=f"{key}.module_mm", says=says, mm=least_mm - place.module_mm)
    elif module_mm < least_mm:
        says = (
            f"a symbol of {modules} modules has modules of {module_mm:.2f} mm here, at least {least_mm:g}: "
            f"{across * least_mm:.1f} mm are needed"
        )
        missing_mm = across * least_mm - place.size_mm
        yield Flaw(file="layout.toml", key=f"{key}.size_mm", says=says, mm=missing_mm)


def _edge_flaws(kind: CertificateType) -> Iterator[Flaw]:
    """Find places that reach over the border, whatever is printed in them."""
    layout = kind.layout
    for key, left, top, right, bottom in _places(kind):
        over_mm = _over(kind, left, top, right, bottom)
        if over_mm > 0:
            says = "reaches over the border or off the page"
            yield Flaw(file="layout.toml", key=key, says=says, mm=over_mm)
    if layout.flow.bottom_mm <= layout.flow.top_mm:
        says = "lies above flow.top_mm"
        missing_mm = layout.flow.top_mm - layout.flow.bottom_mm
        yield Flaw(file="layout.toml", key="flow.bottom_mm", says=says, mm=missing_mm)


def _over(kind: CertificateType, left: float, top: float, right: float, bottom: float) -> float:
    layout, clear_mm = kind.layout, kind.layout.frame.inner_mm + CLEAR_MM
    return max(
        clear_mm - left,
        clear_mm - top,
        right - (layout.width_mm - clear_mm),
        bottom - (layout.height_mm - clear_mm),
    )


def _places(kind: CertificateType) -> Iterator[tuple[str, float, float, float, float]]:
    layout = kind.layout
    columns = [(f"flow.{name}", one) for name, one in layout.flow if hasattr(one, "width_mm")]
    top, bottom = layout.flow.top_mm, layout.flow.bottom_mm
    for key, column in columns:
        if isinstance(column, Box):
            yield _corners(key, column.x_mm, column.y_mm, column.width_mm, column.height_mm)
        else:
            # The flow's own height is told once, by its edge.
            yield _corners(key, column.x_mm, max(top, 50.0), column.width_mm, 0.0)
    yield _corners("flow.bottom_mm", layout.flow.label.x_mm, bottom, layout.flow.label.width_mm, 0.0)
    for key, place in layout:
        if isinstance(place, Place):
            yield _corners(key, place.x_mm, place.y_mm, place.width_mm, 0.0)
        elif isinstance(place, Box):
            yield _corners(key, place.x_mm, place.y_mm, place.width_mm, place.height_mm)
    stamp = layout.stamp
    yield _corners("stamp", stamp.x_mm, stamp.y_mm, stamp.diameter_mm, stamp.diameter_mm)
    yield _corners(
        "symbol", layout.symbol.x_mm, layout.symbol.y_mm, layout.symbol.size_mm, layout.symbol.size_mm
    )
    for number, line in enumerate(layout.rules):
        yield _corners(f"rules.{number}", line.x_mm, line.y_mm, line.width_mm, 0.0)
    if layout.offline is not None:
        second, caption = layout.offline.symbol, layout.offline.caption
        yield _corners("offline.symbol", second.x_mm, second.y_mm, second.size_mm, second.size_mm)
        yield _corners("offline.caption", caption.x_mm, caption.y_mm, caption.width_mm, 0.0)


def _corners(
    key: str, x_mm: float, y_mm: float, width_mm: float, height_mm: float
) -> tuple[str, float, float, float, float]:
    return key, x_mm, y_mm, x_mm + width_mm, y_mm + height_mm


def _drawn_flaws(kind: CertificateType, fonts: FontChain, symbols: Symbols) -> Iterator[Flaw]:
    """Draw each state, and find what covers something else or reaches over the border."""
    worst: dict[tuple[str, str], Flaw] = {}
    with_second = kind.layout.offline is not None
    for state in all_states(_both(kind), symbols.usual, symbols.offline):
        if (state.subject.offline is not None) is not with_second:
            continue
        for flaw in _state_flaws(kind, state, fonts):
            known = worst.get((flaw.key, flaw.says))
            if known is None or (known.mm or 0) < (flaw.mm or 0):
                worst[flaw.key, flaw.says] = flaw
    yield from worst.values()


def _both(kind: CertificateType) -> CertificateType:
    """Return *kind* as one that may be drawn in all states: the page with the symbol knows no other."""
    return replace(kind, with_offline=kind) if kind.layout.offline is not None else kind


def _state_flaws(kind: CertificateType, state: State, fonts: FontChain) -> Iterator[Flaw]:
    try:
        page = compose(_both(kind), state.subject, fonts)
    except (InvalidFieldError, TemplateError) as fault:
        yield _flow_flaw(kind, state.subject, fonts, fault)
        return
    boxes = [*ink_of(page, kind, fonts), _signature_box(kind)]
    for one in boxes:
        over_mm = _over(kind, one.left, one.top, one.right, one.bottom)
        if over_mm > TOUCHING_MM:
            says = f"{one.what} reaches over the border or off the page"
            yield Flaw(file="layout.toml", key=one.key, says=says, mm=over_mm)
        if one.key not in _UNDER_SEAL and (under_mm := _under_seal(kind, one)) > TOUCHING_MM:
            yield Flaw(file="layout.toml", key="stamp", says=f"covers {one.key}", mm=under_mm)
    for one, other in combinations(boxes, 2):
        if one.what == other.what or (one.line and other.line):
            continue
        covered_mm = one.covered_mm(other)
        if covered_mm > TOUCHING_MM:
            says = f"overlaps {other.key}: {one.what} and {other.what}"
            yield Flaw(file="layout.toml", key=one.key, says=says, mm=covered_mm)


def _signature_box(kind: CertificateType) -> Ink:
    """Return the place of the signature image, which has no picture in a sample."""
    box = kind.layout.signature
    right, bottom = box.x_mm + box.width_mm, box.y_mm + box.height_mm
    return Ink(key="signature", what="signature", left=box.x_mm, top=box.y_mm, right=right, bottom=bottom)


def _under_seal(kind: CertificateType, box: Ink) -> float:
    """Return how deep a box reaches under the round seal."""
    stamp = kind.layout.stamp
    radius_mm = stamp.diameter_mm / 2
    x_mm, y_mm = stamp.x_mm + radius_mm, stamp.y_mm + radius_mm
    near_x, near_y = min(max(x_mm, box.left), box.right), min(max(y_mm, box.top), box.bottom)
    return radius_mm - hypot(near_x - x_mm, near_y - y_mm)


def _flow_flaw(kind: CertificateType, subject: Subject, fonts: FontChain, fault: Exception) -> Flaw:
    """Tell by how much the flow is too low for what a request may bring."""
    if isinstance(fault, GlyphMissingError):
        return Flaw(file="layout.toml", key="sample", says=fault.faults[0].en)

    def fits(extra_mm: float) -> bool:
        flow = kind.layout.flow.model_copy(update={"bottom_mm": kind.layout.flow.bottom_mm + extra_mm})
        taller = replace(kind, layout=kind.layout.model_copy(update={"flow": flow}))
        try:
            compose(_both(taller), subject, fonts)
        except (InvalidFieldError, TemplateError):
            return False
        return True

    says = "too little height between flow.top_mm and here for the longest values"
    return Flaw(file="layout.toml", key="flow.bottom_mm", says=says, mm=least_that(fits, TALLEST_MM))


def least_that(fits: Callable[[float], bool], most_mm: float) -> float:
    """Return the least length, to a hundredth of a millimetre, that *fits*; *most_mm* when none does."""
    low_mm, high_mm = 0.0, most_mm
    while high_mm - low_mm > 0.01:
        middle_mm = (low_mm + high_mm) / 2
        low_mm, high_mm = (low_mm, middle_mm) if fits(middle_mm) else (middle_mm, high_mm)
    return high_mm
