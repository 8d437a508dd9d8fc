"""What a page shows of a report, item by item and in the reader's language; pages.py puts it in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from certsvc.domain import identity, wording
from certsvc.domain.clock import BEIJING, beijing_day
from certsvc.domain.events import Sex
from certsvc.domain.report import Finding, Report, Result
from certsvc.domain.texts_fields import FIELDS
from certsvc.qr.token import show_code
from certsvc.verification.answers import issuer_of
from certsvc.web import texts
from certsvc.web.texts import Lang

_DAYS_KEPT: Final = 20_000
"""Days in memory as they are written: those of a generation, in both languages."""
_SECONDS_KEPT: Final = 64
SHORT: Final = 8
"""Characters of a value that leaves room for another one beside it on a phone."""


class Row(NamedTuple):
    """One item to compare: its name and its value."""

    label: str
    value: str
    form: str = ""
    """``short``: may share a line; ``long``: an identifier, set smaller."""
    note: str = ""
    whole: tuple[str, ...] = ()
    """The value in pieces that no line may break; empty: it may break anywhere."""


class Line(NamedTuple):
    """One specialty."""

    name: str
    valid_to: str
    days_left: int
    status: str


class CheckLine(NamedTuple):
    """One check."""

    result: str
    """pass, fail, unknown or skip: chooses the mark."""
    name: str
    outcome: str
    message: str
    """Empty when the check above says the same."""


def certificate_rows(report: Report, *, full: bool, lang: Lang) -> list[Row]:
    """Tell whose certificate it is, in the order of its face."""
    face = report.face
    if face is None:
        return []
    if face.erased or face.sex is None or face.birth_date is None:
        erased = texts.words(lang)["erased"]
        rows = [_row("name", erased, lang, short=True), _row("sex", erased, lang, short=True)]
    else:
        name = face.name if full else identity.mask_name(face.name)
        rows = [_row("name", name, lang, short=True), _row("sex", sex(face.sex, lang), lang, short=True)]
    if full and face.birth_date is not None:
        rows.append(_row("birth_date", day(face.birth_date, lang), lang))
    rows.append(_row("certificate_type", report.profession or face.certificate_type, lang))
    rows.append(_row("registration_number", face.registration_number, lang))
    rows.append(_row("employer", face.employer.name, lang))
    return rows


def issuing_rows(report: Report, *, issuer_name: str, lang: Lang) -> list[Row]:
    """Tell who issued it, when, and under which identifiers.

    The code stands on the paper too: beside a symbol cut from another certificate it differs.
    """
    entry = report.entry
    if entry is None or report.face is None:
        return []
    copy = entry.copy
    issued_on = day(beijing_day(entry.version.created_at), lang)
    rows = [_row("issuer", issuer_of(report, issuer_name), lang), _row("issued_at", issued_on, lang)]
    if copy is not None:
        rows.append(_row("code", show_code(copy.code), lang))
    rows.append(_row("version", f"{entry.version.version:03d}", lang))
    rows.append(Row(label=_field("licence_id", lang), value=entry.version.licence_id, form="long"))
    return rows


def use_rows(report: Report, lang: Lang) -> list[Row]:
    """Tell what an endorsed copy is for, from when to when, and which of how many it is."""
    copy = report.entry.copy if report.entry is not None else None
    if copy is None or copy.grant is None or report.entry is None:
        return []
    words = texts.words(lang)
    window = (day(copy.grant.use_from, lang), f"{words['until']} {day(copy.grant.use_until, lang)}")
    rows = [
        Row(label=words["usage_window"], value=" ".join(window), note=words["both_included"], whole=window),
        _row("purpose", copy.purpose or "", lang),
        _row("copy_number", str(copy.copy_number), lang, short=True),
    ]
    newest, made_on = report.entry.newest_copy_number, report.entry.newest_copy_day
    if newest == copy.copy_number:
        rows.append(Row(label=words["newest_copy"], value=words["this_is_newest"], form="short"))
    elif newest is not None and made_on is not None:
        rows.append(Row(label=words["newest_copy"], value=f"{newest} · {day(made_on, lang)}"))
    return rows


def specialty_lines(report: Report, lang: Lang) -> list[Line]:
    """Tell each specialty with its last day."""
    return [
        Line(name=line.name, valid_to=day(line.valid_to, lang), days_left=line.days_left, status=line.status)
        for line in report.specialties
    ]


def check_lines(findings: Sequence[Finding], lang: Lang) -> list[CheckLine]:
    """Tell each check that has something to say; a sentence that would be repeated is said once."""
    lines: list[CheckLine] = []
    said = ""
    for finding in findings:
        if is_idle(finding):
            continue
        message = _message(finding, lang)
        lines.append(
            CheckLine(
                result=str(finding.result),
                name=texts.said(wording.check_text(finding.check), lang),
                outcome=texts.said(texts.RESULTS[Result(finding.result)], lang),
                message="" if message == said else message,
            )
        )
        said = message
    return lines


def is_idle(finding: Finding) -> bool:
    """Tell whether a check has nothing to say; such ones share one line."""
    return finding.code == "NOT_APPLICABLE"


def sex(value: Sex, lang: Lang) -> str:
    """Write the holder's sex as people read it."""
    return str(value) if lang == "zh" else texts.said(texts.SEXES[value], lang)


@lru_cache(maxsize=_DAYS_KEPT)
def day(value: date, lang: Lang) -> str:
    """Write a day as people read it."""
    return texts.said(wording.day_text(value), lang)


def instant(value: datetime, lang: Lang) -> str:
    """Write an instant as Beijing's day and time to the second."""
    return _to_the_second(value.replace(microsecond=0), lang)


@lru_cache(maxsize=_SECONDS_KEPT)
def _to_the_second(value: datetime, lang: Lang) -> str:
    local = value.astimezone(BEIJING)
    return f"{day(local.date(), lang)} {local:%H:%M:%S}"


def _message(finding: Finding, lang: Lang) -> str:
    message = texts.said(wording.finding_text(finding.code), lang)
    if not finding.detail:
        return message
    comma, before, after = (", ", " (", ")") if lang == "en" else ("、", "（", "）")
    detail = comma.join(_plain(part, lang) for part in finding.detail.split(", "))
    return f"{message}{before}{detail}{after}"


def _plain(part: str, lang: Lang) -> str:
    """Write a day or the name of a field as people read it; anything else stays."""
    if part in FIELDS:
        return _field(part, lang)
    try:
        return day(date.fromisoformat(part), lang)
    except ValueError:
        return part


def _row(field: str, value: str, lang: Lang, *, short: bool = False) -> Row:
    form = "short" if short and len(value) <= SHORT else ""
    return Row(label=_field(field, lang), value=value, form=form)


def _field(name: str, lang: Lang) -> str:
    return texts.said(wording.field_text(name), lang)
