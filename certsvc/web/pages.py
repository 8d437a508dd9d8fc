"""Pages: what a report says to a person, in words, marks and order. Nothing here decides validity."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from urllib.parse import urlencode

from flask import render_template, request

from certsvc.domain import identity, wording
from certsvc.domain.clock import BEIJING, beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import EventType
from certsvc.domain.report import Finding, Report, Result, Status
from certsvc.domain.wording import Text
from certsvc.errors import CertsvcError, Fault
from certsvc.web import texts
from certsvc.web.current import language, language_tag, nonce, services
from certsvc.web.texts import Lang

Tone = Literal["verified", "record", "refused", "ended", "unsure"]

_TONES: Final[Mapping[Status, Tone]] = {
    Status.ALTERED: "refused",
    Status.NO_SIGNATURE: "refused",
    Status.NOT_OURS: "refused",
    Status.UNKNOWN: "refused",
    Status.REVOKED: "refused",
    Status.CANCELLED: "refused",
    Status.SUSPENDED: "ended",
    Status.EXPIRED: "ended",
    Status.USE_EXPIRED: "ended",
    Status.SUPERSEDED: "ended",
    Status.NOT_YET: "ended",
    Status.VALID: "verified",
    Status.UNREADABLE: "unsure",
    Status.UNAVAILABLE: "unsure",
}
_ENDED_BY: Final[Mapping[Status, frozenset[EventType]]] = {
    Status.REVOKED: frozenset({EventType.REVOKE, EventType.REVOKE_PENALTY}),
    Status.CANCELLED: frozenset({EventType.CANCEL}),
    Status.SUSPENDED: frozenset({EventType.SUSPEND}),
}
_ORIGINAL_CODE: Final = "ORIGINAL_FOR_VIEWING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One item to compare: its name, its value, and whether the value is a long identifier."""

    label: str
    value: str
    wide: bool = False
    note: str = ""
    whole: tuple[str, ...] = ()
    """The value in pieces that no line may break; empty: it may break anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One specialty."""

    name: str
    valid_to: str
    days_left: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One check."""

    result: str
    """pass, fail, unknown or skip: chooses the mark."""
    name: str
    outcome: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmasking:
    """The form that shows the whole name to somebody who knows it."""

    action: str
    hidden: tuple[tuple[str, str], ...] = ()
    differs: bool = False
    """A name was typed and it was not the right one."""


def report_page(report: Report, *, full: bool, unmasking: Unmasking | None) -> str:
    """Compose the page of one report.

    Args:
        report: what was found.
        full: show the whole name, the birth date and the signature image.
        unmasking: the form offered while they are hidden; None when there is no way to ask again.
    """
    lang = language()
    subject: Literal["file", "record"] = "file" if report.subject == "file" else "record"
    entry = report.entry
    copy = entry.copy if entry is not None else None
    past = report.as_of if report.as_of != report.checked_at else None
    return _render(
        "report.html",
        moment=past.isoformat() if past is not None else "",
        tone=_tone(report.status, subject),
        heading=texts.said(wording.status_text(report.status, subject), lang),
        advice=texts.said(wording.status_advice(report.status, subject), lang),
        since=_since(report, lang),
        original=any(finding.code == _ORIGINAL_CODE for finding in report.findings),
        checked_at=_instant(report.checked_at, lang),
        checked_at_iso=report.checked_at.isoformat(),
        as_of=_instant(past, lang) if past is not None else None,
        state_now=_state(report.state_now, lang) if report.state_now != report.state_at_as_of else None,
        tone_now=_tone(report.state_now, "record") if report.state_now is not None else None,
        rows=_rows(report, full, lang),
        lines=[
            Line(
                name=line.name,
                valid_to=_day(line.valid_to, lang),
                days_left=line.days_left,
                status=line.status,
            )
            for line in report.specialties
        ],
        use=_use(report, copy, lang),
        changed=[texts.said(wording.field_text(name), lang) for name in report.changed_fields],
        wet=report.wet_signature_required_on_print and report.face is not None,
        signature=_signature(report) if full else None,
        unmasking=None if full or report.face is None else unmasking,
        checks=[_check(finding, lang) for finding in report.findings if not _is_idle(finding)],
        idle=[
            texts.said(wording.check_text(finding.check), lang)
            for finding in report.findings
            if _is_idle(finding)
        ],
    )


def verify_page(*, faults: Sequence[Fault] = (), kept: Mapping[str, str] | None = None) -> str:
    """Compose the page with the three ways to ask; *kept* is what stays in the form."""
    lang = language()
    return _render(
        "verify.html",
        faults=[fault.en if lang == "en" else fault.zh for fault in faults],
        kept=kept or {"code": "", "number": ""},
    )


def problem_page(status: int, sentence: str) -> str:
    """Compose the page of an error."""
    title = texts.problem_title(status, language())
    return _render("problem.html", status=status, heading=title, advice=sentence)


def docs_page() -> str:
    """Compose the page around Swagger UI."""
    return _render("docs.html")


def _render(template: str, *, moment: str = "", **context: object) -> str:
    """Fill in a template; *moment* is the as_of that links of the page keep."""
    lang = language()
    settings = services().settings
    other = "zh" if lang == "en" else "en"
    # A page that answers a POST cannot be asked for again in the other language; its form can. The address is
    # never written out: whatever somebody typed into it would come back in the page.
    here = "" if request.method in {"GET", "HEAD"} else "/verify"
    return render_template(
        template,
        t=texts.words(lang),
        f={name: texts.said(wording.field_text(name), lang) for name in texts.FIELDS_SHOWN},
        lang=lang,
        tag=language_tag(),
        nonce=nonce(),
        site=settings.public_url.partition("://")[2],
        issuer_name=settings.issuer_name,
        switch=f"{here}?{urlencode({'lang': other, **({'as_of': moment} if moment else {})})}",
        moment=moment,
        query=f"?lang={lang}",
        **context,
    )


def _tone(status: Status, subject: Literal["file", "record"]) -> Tone:
    """Return the tone; a record in force has another one than a verified file."""
    return "record" if status is Status.VALID and subject == "record" else _TONES[status]


def _since(report: Report, lang: Lang) -> str | None:
    """Return the day on which the state began, for the states an event brings."""
    kinds = _ENDED_BY.get(report.status)
    if kinds is None or report.entry is None:
        return None
    days = [
        event.effective_at
        for event in report.entry.events
        if event.type in kinds and (event.type is EventType.REVOKE or event.effective_at <= report.as_of)
    ]
    return _day(beijing_day(max(days)), lang) if days else None


def _state(status: Status | None, lang: Lang) -> str | None:
    return None if status is None else texts.said(wording.status_text(status, "record"), lang)


def _rows(report: Report, full: bool, lang: Lang) -> list[Row]:
    face, entry = report.face, report.entry
    if face is None or entry is None:
        return []
    held = entry.copy.reserved_at if entry.copy is not None else entry.version.created_at
    shown = {
        "name": face.name if full else identity.mask_name(face.name),
        "sex": str(face.sex) if lang == "zh" else texts.said(texts.SEXES[face.sex], lang),
        "birth_date": _day(face.birth_date, lang) if full else None,
        "registration_number": face.registration_number,
        "employer": face.employer.name,
        "issuer": services().settings.issuer_name,
        "issued_at": _day(beijing_day(held), lang),
        "version": f"{entry.version.version:03d}",
        "licence_id": entry.version.licence_id,
    }
    return [
        Row(label=texts.said(wording.field_text(name), lang), value=value, wide=name == "licence_id")
        for name, value in shown.items()
        if value is not None
    ]


def _use(report: Report, copy: Copy | None, lang: Lang) -> list[Row]:
    """Tell what an endorsed copy is for, from when to when, and which of how many it is."""
    if copy is None or copy.grant is None or report.entry is None:
        return []
    words = texts.words(lang)
    window = (_day(copy.grant.use_from, lang), f"{words['until']} {_day(copy.grant.use_until, lang)}")
    rows = [
        Row(label=words["usage_window"], value=" ".join(window), note=words["both_included"], whole=window),
        Row(label=_field("purpose", lang), value=copy.purpose or ""),
        Row(label=_field("copy_number", lang), value=str(copy.copy_number)),
    ]
    newest, day = report.entry.newest_copy_number, report.entry.newest_copy_day
    if newest == copy.copy_number:
        rows.append(Row(label=words["newest_copy"], value=words["this_is_newest"]))
    elif newest is not None and day is not None:
        rows.append(Row(label=words["newest_copy"], value=f"{newest} · {_day(day, lang)}"))
    return rows


def _signature(report: Report) -> str | None:
    """Return the signature image as a data: URL; a page without it is better than none when it is away."""
    face = report.face
    if face is None or face.signature_sha256 is None:
        return None
    try:
        with services().registry.reading() as session:
            image = session.get_image(face.signature_sha256)
    except CertsvcError:
        return None
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"


def _is_idle(finding: Finding) -> bool:
    """Tell whether a check has nothing to say; such ones share one line."""
    return finding.code == "NOT_APPLICABLE"


def _check(finding: Finding, lang: Lang) -> CheckLine:
    message = texts.said(wording.finding_text(finding.code), lang)
    return CheckLine(
        result=str(finding.result),
        name=texts.said(wording.check_text(finding.check), lang),
        outcome=texts.said(texts.RESULTS[Result(finding.result)], lang),
        message=f"{message} ({finding.detail})" if finding.detail else message,
    )


def _field(name: str, lang: Lang) -> str:
    return texts.said(wording.field_text(name), lang)


def _day(day: date, lang: Lang) -> str:
    return texts.said(wording.day_text(day), lang)


def _instant(instant: datetime, lang: Lang) -> str:
    """Write an instant as Beijing's day and time to the second."""
    local = instant.astimezone(BEIJING)
    shown: Text = wording.day_text(local.date())
    return f"{texts.said(shown, lang)} {local:%H:%M:%S}"
