"""One subject and one certificate type make one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy, CopyKind
from certsvc.domain.policy import Issuer
from certsvc.domain.registration import Specialty
from certsvc.errors import DefectError, TemplateError
from certsvc.page import art
from certsvc.page.certificate_type import CertificateType
from certsvc.page.flow import Flow, Row, too_long
from certsvc.page.fonts import MM_PER_PT, FontChain
from certsvc.page.layout import Box, Place, Style, SymbolPlace
from certsvc.page.model import Page, Path, Picture, Symbol, TextRun
from certsvc.page.stamp import draw_stamp
from certsvc.page.typeset import fit, run_at, set_lines

LABEL_GAP_EM = 0.7
"""Space between a label and its value on one line."""
LEADING_EM = 1.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Everything one page shows."""

    version: CertificateVersion
    specialties: tuple[Specialty, ...]
    """Those printed, in the certificate's order."""
    copy: Copy
    issuer: Issuer
    photo: bytes | None
    """Normalised JPEG; None leaves the place empty."""
    signature: bytes | None
    """Normalised PNG; None leaves the place empty."""
    modules: tuple[Sequence[int], ...]
    """The QR symbol without its quiet zone."""
    host: str
    """Domain printed beside the symbol."""
    code: str
    """XXXX-XXXX-XXXX."""
    specimen: bool
    """Sealed with a development key."""
    offline: tuple[Sequence[int], ...] | None = None
    """The second symbol, signed for checking without a connection; None leaves the page without it."""


def compose(kind: CertificateType, subject: Subject, fonts: FontChain) -> Page:
    """Compose the page of one copy.

    ``static`` is one and the same tuple for all copies of a type, of a kind, specimen or not.

    Raises:
        GlyphMissingError: a character of the name, the employer or the purpose has no glyph.
        InvalidFieldError: one of them does not fit at 6 pt.
        TemplateError: something of the template or the settings does not fit.
    """
    if subject.offline is not None:
        if kind.with_offline is None:
            raise TemplateError("layout.toml has no place for the offline symbol")
        kind = kind.with_offline
    face, copy, layout = subject.version.face, subject.copy, kind.layout
    fonts.check(face.name, pointer="/holder/name")
    fonts.check(face.employer.name, pointer="/employer/name")
    fonts.check(copy.purpose or "", pointer="/purpose")
    seal_line = kind.wording.seal_specimen if subject.specimen else kind.wording.seal
    return Page(
        width_mm=layout.width_mm,
        height_mm=layout.height_mm,
        static=_static(kind, copy.kind, subject.specimen, fonts),
        variable=tuple(_variable(kind, subject, fonts)),
        stamp=draw_stamp(subject.issuer.name, seal_line, layout.stamp, fonts),
    )


def expected_texts(page: Page) -> Mapping[str, str]:
    """Return the exact text drawn for each field, in the order of drawing.

    A wrapped text is given whole; compare it with extracted text after removing white space from both.
    """
    texts: dict[str, str] = {}
    for item in page.variable:
        if isinstance(item, TextRun) and item.field:
            texts[item.field] = texts.get(item.field, "") + item.text
    return texts


@lru_cache(maxsize=32)
def _static(
    kind: CertificateType, copy_kind: CopyKind, specimen: bool, fonts: FontChain
) -> tuple[TextRun | Path | Picture, ...]:
    """Draw what is the same on every such page; watermarks first, so that all stays readable over them."""
    layout, wording = kind.layout, kind.wording
    items: list[TextRun | Path | Picture] = []
    border = art.border(layout)
    items.append(next(border))
    if copy_kind is CopyKind.ORIGINAL:
        items += [art.watermark(wording.viewing, mark, fonts) for mark in layout.viewing]
    if specimen:
        items.append(art.watermark(wording.specimen, layout.specimen, fonts))
    items += kind.art
    items += border
    items += [
        art.rule(line.x_mm, line.y_mm, line.width_mm, line.colour, line.weight_mm) for line in layout.rules
    ]
    items += _text(kind, kind.policy.title, layout.title, fonts)
    if copy_kind is CopyKind.ORIGINAL:
        items += _text(kind, wording.viewing_only, layout.viewing_only, fonts)
    for text, place in (
        (wording.signature, layout.signature_label),
        (wording.hand_signature, layout.hand_label),
        (wording.signed_on, layout.signed_on_label),
        (wording.signed_on_blank, layout.signed_on),
        (wording.caption, layout.caption),
        (wording.host, layout.host_label),
        (wording.code, layout.code_label),
    ):
        items += _text(kind, text, place, fonts)
    if layout.offline is not None:
        items += _text(kind, wording.offline, layout.offline.caption, fonts)
    step_mm = layout.styles[layout.advice.style].size_pt * MM_PER_PT * LEADING_EM
    for index, sentence in enumerate(wording.advice):
        place = layout.advice.model_copy(update={"y_mm": layout.advice.y_mm + index * step_mm})
        items += _text(kind, sentence, place, fonts)
    return tuple(items)


def _variable(
    kind: CertificateType, subject: Subject, fonts: FontChain
) -> Iterator[TextRun | Path | Picture | Symbol]:
    layout, wording, copy, face = kind.layout, kind.wording, subject.copy, subject.version.face
    if face.sex is None or face.birth_date is None:
        raise DefectError("a certificate was to be printed for a holder whose personal data was erased")
    flow = layout.flow
    if copy.grant is not None:
        window = wording.show_period(copy.grant.use_from, copy.grant.use_until)
        yield from _labelled(kind, wording.use_window, window, layout.use_window, fonts, "use_window")
    yield from _photo(kind, subject.photo)
    rows = [
        Row("name", wording.name, face.name, flow.name, "/holder/name"),
        Row("sex", wording.sex, face.sex.value, flow.value, None),
        Row("birth_date", wording.birth_date, wording.show_day(face.birth_date), flow.value, None),
        Row("registration_number", wording.registration_number, face.registration_number, flow.value, None),
        Row("employer", wording.employer, face.employer.name, flow.employer, "/employer/name"),
    ]
    if copy.kind is CopyKind.ENDORSEMENT:
        rows.append(Row("purpose", wording.purpose, copy.purpose or "", flow.purpose, "/purpose"))
    yield from Flow(kind, rows, subject.specialties, fonts).place()
    if subject.signature is not None:
        yield _signature(subject.signature, layout.signature)
    yield _symbol(layout.symbol, subject.modules)
    if subject.offline is not None and layout.offline is not None:
        yield _symbol(layout.offline.symbol, subject.offline, field="qr_offline")
    yield from _constant(kind, fonts, subject.host, "host")
    yield from _text(kind, subject.code, layout.code, fonts, "code")
    yield from _constant(kind, fonts, subject.issuer.name, "issuer")
    # The version's day, as in the metadata: every copy of one version states the same.
    issued_on = wording.show_day(beijing_day(subject.version.created_at))
    yield from _labelled(kind, wording.issued_on, issued_on, layout.issued_on, fonts, "issued_on")
    licence_id = subject.version.licence_id
    yield from _labelled(kind, wording.licence_id, licence_id, layout.licence_id, fonts, "licence_id")


def _text(
    kind: CertificateType, text: str, place: Place, fonts: FontChain, field: str = ""
) -> Iterator[TextRun]:
    style = kind.layout.styles[place.style]
    setting = fit(text, style, place.width_mm, fonts, lines=place.lines)
    if setting is None:
        raise too_long(None, field or text)
    lift_mm = (len(setting.lines) - 1) * LEADING_EM * setting.size_pt * MM_PER_PT if place.grow == "up" else 0
    return set_lines(setting, style, place, place.y_mm - lift_mm, fonts, leading_em=LEADING_EM, field=field)


@lru_cache(maxsize=64)
def _constant(
    kind: CertificateType, fonts: FontChain, text: str, field: Literal["host", "issuer"]
) -> tuple[TextRun, ...]:
    """Set a field that shows the same on all pages of one issuer."""
    layout = kind.layout
    return tuple(_text(kind, text, layout.host if field == "host" else layout.issuer, fonts, field))


def _labelled(
    kind: CertificateType, label: str, value: str, place: Place, fonts: FontChain, field: str
) -> Iterator[TextRun]:
    """Set a label and its value on one line, aligned together."""
    style = kind.layout.styles[place.style]
    label_style = _coloured(style, kind.layout.styles["label"].colour)
    label_em, value_em = (
        fonts.width_em(label, style.weight) + LABEL_GAP_EM,
        fonts.width_em(value, style.weight),
    )
    setting = fit(value, style, place.width_mm * value_em / (label_em + value_em), fonts)
    if setting is None:
        raise too_long(None, field)
    size_mm = setting.size_pt * MM_PER_PT
    slack_mm = place.width_mm - (label_em + value_em) * size_mm
    x_mm = place.x_mm + {"left": 0.0, "centre": slack_mm / 2, "right": slack_mm}[place.align]
    yield from run_at(label, x_mm, place.y_mm, setting.size_pt, label_style, fonts)
    yield from run_at(
        value, x_mm + label_em * size_mm, place.y_mm, setting.size_pt, style, fonts, field=field
    )


@lru_cache(maxsize=64)
def _coloured(style: Style, colour: str) -> Style:
    """Return *style* in another colour."""
    return style.model_copy(update={"colour": colour})


def _photo(kind: CertificateType, photo: bytes | None) -> Iterator[Picture | Path]:
    box = kind.layout.flow.photo
    if photo is not None:
        yield Picture(
            content=photo,
            media="image/jpeg",
            x_mm=box.x_mm,
            y_mm=box.y_mm,
            width_mm=box.width_mm,
            height_mm=box.height_mm,
            field="photo",
        )
    yield _photo_frame(kind)


@lru_cache(maxsize=32)
def _photo_frame(kind: CertificateType) -> Path:
    return Path(segments=art.rectangle(kind.layout.flow.photo), stroke=kind.layout.frame.wave, width_mm=0.2)


def _signature(content: bytes, box: Box) -> Picture:
    """Place the signature image as large as its box allows, standing on the box's bottom left corner."""
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or not width or not height:
        raise TemplateError("the signature image is not a normalised PNG")
    scale = min(box.width_mm / width, box.height_mm / height)
    return Picture(
        content=content,
        media="image/png",
        x_mm=box.x_mm,
        y_mm=round(box.y_mm + (box.height_mm - height * scale) / 2, 3),
        width_mm=round(width * scale, 3),
        height_mm=round(height * scale, 3),
        field="signature",
    )


def _symbol(place: SymbolPlace, modules: tuple[Sequence[int], ...], field: str = "qr") -> Symbol:
    module_mm = min(place.module_mm, place.size_mm / (len(modules) + 2 * place.quiet_modules))
    if module_mm < place.least_module_mm:
        raise TemplateError(f"layout.toml: the place of {field} is too small for this QR symbol")
    quiet_mm = place.quiet_modules * module_mm
    return Symbol(
        modules=modules,
        x_mm=place.x_mm + quiet_mm,
        y_mm=place.y_mm + quiet_mm,
        module_mm=round(module_mm, 4),
        field=field,
    )
