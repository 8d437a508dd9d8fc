"""The page of one report, from what was found to HTML. Nothing here decides validity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from certsvc.domain import wording
from certsvc.domain.clock import beijing_day
from certsvc.domain.events import EventType
from certsvc.domain.report import Report, Status
from certsvc.web import rows, texts
from certsvc.web.texts import Lang

Tone = Literal["verified", "record", "refused", "ended", "unsure"]
Subject = Literal["file", "record"]

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
class Unmasking:
    """The form that shows the whole name to somebody who knows it."""

    action: str
    hidden: tuple[tuple[str, str], ...] = ()
    differs: bool = False
    """A name was typed and it was not the right one."""


def report_context(
    report: Report,
    *,
    full: bool,
    unmasking: Unmasking | None,
    lang: Lang,
    issuer_name: str,
    photo: str | None = None,
    signature: str | None = None,
) -> dict[str, Any]:
    """Return what the template of a report is given besides its frame.

    Args:
        report: what was found.
        full: show the whole name and the birth date.
        unmasking: the form offered while they are hidden; None when there is no way to ask again.
        lang: the reader's language.
        issuer_name: of this service, for a record that is on no paper.
        photo: the photo as a data: URL.
        signature: the signature image as one.
    """
    subject: Subject = "file" if report.subject == "file" else "record"
    past = report.as_of if report.as_of != report.checked_at else None
    return {
        "tone": tone_of(report.status, subject),
        "heading": texts.said(wording.report_heading(report), lang),
        "advice": texts.said(wording.report_advice(report), lang),
        "since": since(report, lang),
        "original": any(finding.code == _ORIGINAL_CODE for finding in report.findings),
        "checked_at": rows.instant(report.checked_at, lang),
        "checked_at_iso": report.checked_at.isoformat(),
        "as_of": rows.instant(past, lang) if past is not None else None,
        **_now(report, subject, lang),
        "certificate": rows.certificate_rows(report, full=full, lang=lang),
        "lines": rows.specialty_lines(report, lang),
        "use": rows.use_rows(report, lang),
        "issuing": rows.issuing_rows(report, issuer_name=issuer_name, lang=lang),
        "changed": [texts.said(wording.field_text(name), lang) for name in report.changed_fields],
        "wet": report.wet_signature_required_on_print and report.face is not None,
        "photo": photo,
        "signature": signature,
        "unmasking": None if full or report.face is None or report.face.erased else unmasking,
        "checks": rows.check_lines(report.findings, lang),
        "idle": [
            texts.said(wording.check_text(finding.check), lang)
            for finding in report.findings
            if rows.is_idle(finding)
        ],
    }


def tone_of(status: Status, subject: Subject) -> Tone:
    """Return the tone; a record in force has another one than a verified file."""
    return "record" if status is Status.VALID and subject == "record" else _TONES[status]


def since(report: Report, lang: Lang) -> str | None:
    """Return the day on which the state of *report* began, for the states an event brings."""
    kinds = _ENDED_BY.get(report.status)
    if kinds is None or report.entry is None:
        return None
    days = [
        event.effective_at
        for event in report.entry.events
        if event.type in kinds and (event.type is EventType.REVOKE or event.effective_at <= report.as_of)
    ]
    return rows.day(beijing_day(max(days)), lang) if days else None


def _now(report: Report, subject: Subject, lang: Lang) -> dict[str, str | None]:
    """Return the state now and its tone, when it is another state than at the instant asked about.

    A file that carries a fault of its own is spoken of as a record: it is never called valid.
    """
    if report.state_now is None or report.state_now == report.state_at_as_of:
        return {"state_now": None, "tone_now": None}
    spoken_of = subject if report.status == report.state_at_as_of else "record"
    return {
        "state_now": texts.said(wording.status_text(report.state_now, spoken_of), lang),
        "tone_now": tone_of(report.state_now, spoken_of),
    }
