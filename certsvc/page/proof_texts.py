"""Whether every text a page may show fits its place, has its glyphs and can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from certsvc.errors import GlyphMissingError
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import LABEL_GAP_EM
from certsvc.page.flaws import Flaw
from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.layout import Column, Place
from certsvc.page.states import ISSUER_MAX, LONGEST_HOST, WIDEST_CODE, long_text
from certsvc.page.typeset import fit

CONTRAST: Final = 4.5
"""Of a text on white paper. Source: WCAG 2.2, 1.4.3 (AA)."""
CONTRAST_OVER_MARKS: Final = 3.0
"""Of a text where it crosses a watermark or the rosette."""
_STEP_MM: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """One text and where it must fit."""

    key: str
    text: str
    place: Place | Column
    label: str = ""
    """Set before it, on the same line."""


def width_flaws(kind: CertificateType, fonts: FontChain) -> Iterator[Flaw]:
    """Yield the places that are too narrow for the longest value a request may bring.

    Every character of the texts must have its glyph.
    """
    told: set[str] = set()
    for one in _texts(kind):
        short_mm = _short_mm(kind, one, fonts)
        if short_mm > 0 and one.key not in told:
            told.add(one.key)
            shown = one.text if len(one.text) <= 20 else f"{one.text[:20]}… ({len(one.text)} characters)"
            says = f"too narrow at its smallest size for {shown}"
            yield Flaw(file="layout.toml", key=one.key, says=says, mm=short_mm)


def _short_mm(kind: CertificateType, one: _Text, fonts: FontChain) -> float:
    """Return by how much a place is too narrow for a text at its smallest size; 0 where it fits."""
    style, place = kind.layout.styles[one.place.style], one.place
    width_mm = place.width_mm
    if one.label:
        label_em = fonts.width_em(one.label, style.weight) + LABEL_GAP_EM
        value_em = fonts.width_em(one.text, style.weight)
        needed_mm = (label_em + value_em) * style.min_pt * MM_PER_PT
        return max(0.0, needed_mm - width_mm)
    if fit(one.text, style, width_mm, fonts, lines=place.lines) is not None:
        return 0.0
    whole_mm = (fonts.width_em(one.text, style.weight) + len(one.text) * style.tracking_em) * (
        style.min_pt * MM_PER_PT
    )
    low_mm, high_mm = width_mm, max(width_mm, whole_mm) + _STEP_MM
    while high_mm - low_mm > _STEP_MM / 10:
        middle_mm = (low_mm + high_mm) / 2
        fits = fit(one.text, style, middle_mm, fonts, lines=place.lines) is not None
        low_mm, high_mm = (low_mm, middle_mm) if fits else (middle_mm, high_mm)
    return high_mm - width_mm


def _texts(kind: CertificateType) -> Iterator[_Text]:
    """Yield every text a page may show, at its longest."""
    policy, layout, words, sample = kind.policy, kind.layout, kind.wording, kind.layout.sample
    flow = layout.flow
    wide, wide_key = (flow.wide_label, "wide_label") if flow.wide_label else (flow.label, "label")
    period = words.show_period(sample.valid_from, sample.valid_to)
    places: tuple[tuple[str, str, Place | Column], ...] = (
        ("title", policy.title, layout.title),
        ("viewing_only", words.viewing_only, layout.viewing_only),
        ("signature_label", words.signature, layout.signature_label),
        ("hand_label", words.hand_signature, layout.hand_label),
        ("signed_on_label", words.signed_on, layout.signed_on_label),
        ("signed_on", words.signed_on_blank, layout.signed_on),
        ("caption", words.caption, layout.caption),
        ("host_label", words.host, layout.host_label),
        ("host", LONGEST_HOST, layout.host),
        ("code_label", words.code, layout.code_label),
        ("code", WIDEST_CODE, layout.code),
        ("issuer", long_text(ISSUER_MAX), layout.issuer),
        *(("advice", sentence, layout.advice) for sentence in words.advice),
        *(
            ("flow.label", text, flow.label)
            for text in (words.name, words.sex, words.birth_date, words.registration_number)
        ),
        *((f"flow.{wide_key}", text, wide) for text in (words.employer, words.specialties, words.purpose)),
        ("flow.name", long_text(policy.name_max), flow.name),
        ("flow.employer", long_text(policy.employer_max), flow.employer),
        ("flow.purpose", long_text(policy.purpose_max), flow.purpose),
        ("flow.value", words.show_day(sample.birth_date), flow.value),
        ("flow.value", sample.registration_number, flow.value),
        *(("flow.specialty", name, flow.specialty) for name in policy.specialty_names),
        ("flow.period_label", words.validity, flow.period_label),
        ("flow.period", period, flow.period),
    )
    for key, text, place in places:
        yield _Text(key=key, text=text, place=place)
    if layout.offline is not None:
        yield _Text(key="offline.caption", text=words.offline, place=layout.offline.caption)
    window = words.show_period(sample.day, sample.use_until)
    yield _Text(key="use_window", text=window, place=layout.use_window, label=words.use_window)
    issued_on = words.show_day(sample.day)
    yield _Text(key="issued_on", text=issued_on, place=layout.issued_on, label=words.issued_on)
    yield _Text(key="licence_id", text=sample.licence_id, place=layout.licence_id, label=words.licence_id)


def glyph_flaws(kind: CertificateType, fonts: FontChain) -> Iterator[Flaw]:
    """Yield the characters no font has, in what the files themselves say."""
    policy, sample = kind.policy, kind.layout.sample
    texts = [
        ("policy.toml", "title", policy.title),
        *(("policy.toml", "specialties", name) for name in policy.specialty_names),
        *(
            ("wording.toml", key, text)
            for key, value in kind.wording
            for text in (value if isinstance(value, tuple) else (value,))
        ),
        *(("layout.toml", f"sample.{key}", value) for key, value in sample if isinstance(value, str)),
    ]
    for file, key, text in texts:
        try:
            fonts.check(text, pointer="")
        except GlyphMissingError as fault:
            yield Flaw(file=file, key=key, says=fault.faults[0].en)


def contrast_flaws(kind: CertificateType) -> Iterator[Flaw]:
    """Yield the colours that are hard to read on the paper, or over what lies behind the text."""
    layout = kind.layout
    marks = {
        "specimen.colour": layout.specimen.colour,
        "frame.rosette": layout.frame.rosette,
        **{f"viewing.{number}.colour": mark.colour for number, mark in enumerate(layout.viewing)},
    }
    for name, style in layout.styles.items():
        if (ratio := contrast(style.colour, "#FFFFFF")) < CONTRAST:
            says = f"{style.colour} on white has a contrast of {ratio:.1f}, at least {CONTRAST} is needed"
            yield Flaw(file="layout.toml", key=f"styles.{name}.colour", says=says)
    readable = [
        style.colour for style in layout.styles.values() if contrast(style.colour, "#FFFFFF") >= CONTRAST
    ]
    for key, colour in marks.items():
        ratio = min((contrast(one, colour) for one in readable), default=CONTRAST_OVER_MARKS)
        if ratio < CONTRAST_OVER_MARKS:
            says = f"{colour} behind texts leaves a contrast of {ratio:.1f}, at least {CONTRAST_OVER_MARKS:g}"
            yield Flaw(file="layout.toml", key=key, says=says)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours ``#RRGGBB``, 1 to 21. Source: WCAG 2.2, relative luminance."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
