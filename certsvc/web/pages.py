"""Pages: what a report says to a person, in words, marks and order. Nothing here decides validity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from flask import render_template, request

from certsvc.domain import texts_fields, texts_findings, wording
from certsvc.domain.clock import beijing_day
from certsvc.domain.events import EventType
from certsvc.domain.report import Report, Status
from certsvc.errors import CertsvcError, Fault
from certsvc.web import pictures, rows, texts, texts_offline
from certsvc.web.current import assets, language, language_tag, nonce, services
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
_OFFLINE_SCRIPTS: Final = (
    *("symbol.js", "offline_host.js", "offline_bundle.js"),
    *("offline.js", "offline_page.js"),
)
_ORIGINAL_CODE: Final = "ORIGINAL_FOR_VIEWING"


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
        full: show the whole name, the birth date, the photo and the signature image.
        unmasking: the form offered while they are hidden; None when there is no way to ask again.
    """
    lang = language()
    subject: Literal["file", "record"] = "file" if report.subject == "file" else "record"
    past = report.as_of if report.as_of != report.checked_at else None
    return _render(
        "report.html",
        moment=past.isoformat() if past is not None else "",
        tone=_tone(report.status, subject),
        heading=texts.said(wording.report_heading(report), lang),
        advice=texts.said(wording.report_advice(report), lang),
        since=_since(report, lang),
        original=any(finding.code == _ORIGINAL_CODE for finding in report.findings),
        checked_at=rows.instant(report.checked_at, lang),
        checked_at_iso=report.checked_at.isoformat(),
        as_of=rows.instant(past, lang) if past is not None else None,
        **_now(report, subject, lang),
        certificate=rows.certificate_rows(report, full=full, lang=lang),
        lines=rows.specialty_lines(report, lang),
        use=rows.use_rows(report, lang),
        issuing=rows.issuing_rows(report, issuer_name=services().settings.issuer_name, lang=lang),
        changed=[texts.said(wording.field_text(name), lang) for name in report.changed_fields],
        wet=report.wet_signature_required_on_print and report.face is not None,
        photo=pictures.photo_of(report) if full else None,
        signature=pictures.signature_of(report) if full else None,
        unmasking=None if full or report.face is None else unmasking,
        checks=rows.check_lines(report.findings, lang),
        idle=[
            texts.said(wording.check_text(finding.check), lang)
            for finding in report.findings
            if rows.is_idle(finding)
        ],
    )


def verify_page(*, faults: Sequence[Fault] = (), kept: Mapping[str, str] | None = None) -> str:
    """Compose the page with the ways to ask; *kept* is what stays in the form."""
    lang = language()
    return _render(
        "verify.html",
        faults=[fault.en if lang == "en" else fault.zh for fault in faults],
        kept=kept or {"code": "", "number": ""},
    )


def offline_page() -> str:
    """Compose the page that checks offline codes alone: script, style, font and trust bundle stand in it."""
    lang = language()
    held = assets()
    words = json.dumps(_offline_words(lang), ensure_ascii=False, separators=(",", ":"))
    try:
        bundle = services().trust_material.bundle().body.decode()
    except CertsvcError:
        # Without it the page still takes a bundle from a file.
        bundle = "null"
    return _render(
        "offline.html",
        home=services().settings.public_url.rstrip("/"),
        t=texts.words(lang, texts_offline.OFFLINE),
        font=held.own_font(words + services().settings.issuer_name),
        style=held.style,
        words=_in_script(words),
        bundle=_in_script(bundle),
        reader=held.text("vendor/jsQR.js"),
        script=held.joined(*_OFFLINE_SCRIPTS),
    )


def _offline_words(lang: Lang) -> dict[str, object]:
    """Return every sentence the offline page may have to say."""
    return {
        "page": texts.words(lang, texts_offline.OFFLINE),
        "fields": {name: texts.said(text, lang) for name, text in texts_fields.FIELDS.items()},
        "checks": {name: texts.said(text, lang) for name, text in texts_fields.CHECKS.items()},
        "findings": {code: texts.said(text, lang) for code, text in texts_findings.FINDINGS.items()},
        "results": {result: texts.said(text, lang) for result, text in texts.RESULTS.items()},
        "sexes": ["男", "女"] if lang == "zh" else [text.en for text in texts.SEXES.values()],
        "statuses": {
            status: {
                "heading": texts.said(
                    texts_offline.HEADINGS.get(status) or wording.status_text(status, "record"), lang
                ),
                "advice": texts.said(
                    texts_offline.ADVICE.get(status) or wording.status_advice(status, "record"), lang
                ),
                "tone": _tone(status, "record"),
            }
            for status in Status
        },
    }


def _in_script(text: str) -> str:
    """Return JSON as it may stand inside a script element."""
    return text.replace("<", "\\u003c")


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
    given: dict[str, object] = {"home": "", "t": texts.words(lang), **context}
    return render_template(
        template,
        f={name: texts.said(wording.field_text(name), lang) for name in texts.FIELDS_SHOWN},
        lang=lang,
        tag=language_tag(),
        nonce=nonce(),
        public_url=settings.public_url.rstrip("/"),
        site=settings.public_url.partition("://")[2],
        issuer_name=settings.issuer_name,
        switch=f"{here}?{urlencode({'lang': other, **({'as_of': moment} if moment else {})})}",
        moment=moment,
        query=f"?lang={lang}",
        **given,
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
    return rows.day(beijing_day(max(days)), lang) if days else None


def _now(report: Report, subject: Literal["file", "record"], lang: Lang) -> dict[str, str | None]:
    """Return the state now and its tone, when it is another state than at the instant asked about.

    A file that carries a fault of its own is spoken of as a record: it is never called valid.
    """
    if report.state_now is None or report.state_now == report.state_at_as_of:
        return {"state_now": None, "tone_now": None}
    spoken_of = subject if report.status == report.state_at_as_of else "record"
    return {
        "state_now": texts.said(wording.status_text(report.state_now, spoken_of), lang),
        "tone_now": _tone(report.state_now, spoken_of),
    }
