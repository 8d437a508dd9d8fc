"""Pages: what a report says to a person, in words, marks and order. Nothing here decides validity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from flask import render_template, request

from certsvc.domain import texts_fields, texts_findings, wording
from certsvc.domain.report import Report, Status
from certsvc.errors import CertsvcError, Fault
from certsvc.web import pictures, texts, texts_offline, texts_photo
from certsvc.web.current import assets, language, nonce, report_pages, services
from certsvc.web.prepared import frame_of
from certsvc.web.report_page import Unmasking, tone_of
from certsvc.web.texts import Lang

_OFFLINE_SCRIPTS: Final = (
    *("symbol.js", "offline_host.js", "offline_bundle.js"),
    *("offline.js", "offline_page.js"),
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


def photo_page(*, faults: Sequence[Fault] = (), told: Mapping[str, object] | None = None) -> str:
    """Compose the page of the photo tool; *told* is what was found in a picture and made of it."""
    lang = language()
    return _render(
        "photo.html",
        switch=f"/photo?{urlencode({'lang': 'zh' if lang == 'en' else 'en'})}",
        t=texts.words(lang, texts_photo.PHOTO),
        faults=[fault.en if lang == "en" else fault.zh for fault in faults],
        told=told,
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
                "tone": tone_of(status, "record"),
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


def report_page(report: Report, *, full: bool, unmasking: Unmasking | None) -> str:
    """Compose the page of one report.

    Args:
        report: what was found.
        full: show the whole name, the birth date, the photo and the signature image.
        unmasking: the form offered while they are hidden; None when there is no way to ask again.
    """
    return report_pages().page(
        report,
        full=full,
        unmasking=unmasking,
        lang=language(),
        of_address=_asked_by_address(),
        nonce=nonce(),
        photo=pictures.photo_of(report) if full else None,
        signature=pictures.signature_of(report) if full else None,
    )


def _asked_by_address() -> bool:
    return request.method in {"GET", "HEAD"}


def _render(template: str, **context: object) -> str:
    """Fill in a template."""
    frame = frame_of(services().settings, language(), of_address=_asked_by_address())
    return render_template(template, **{**frame, "nonce": nonce(), **context})
