"""The photo tool's reports as JSON values, with sentences in one language."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

from certsvc.domain.text import Text
from certsvc.domain.texts_photo import CHANGES, CONCLUSIONS, PHOTO_RULES, SIGNATURE_RULES
from certsvc.photo.rules import Finding, Fixed, Kind, Outcome, PhotoReport

Lang = Literal["zh", "en"]


def photo_body(report: PhotoReport, *, lang: Lang) -> dict[str, object]:
    """Return a report: conclusion, whether the register would take it, and every rule."""
    return {
        "kind": report.kind,
        "conclusion": str(report.conclusion),
        "heading": _said(CONCLUSIONS[report.conclusion], lang),
        "accepted": report.accepted,
        "rules": [finding_body(finding, report.kind, lang=lang) for finding in report.findings],
    }


def finding_body(finding: Finding, kind: Kind, *, lang: Lang) -> dict[str, object]:
    """Return one rule; ``reason`` and ``remedy`` are null where it passed."""
    texts = (PHOTO_RULES if kind == "photo" else SIGNATURE_RULES)[finding.rule]
    reason = remedy = None
    if finding.outcome is Outcome.FAILED:
        own = Text(finding.zh, finding.en) if finding.zh else texts.failed
        reason, remedy = _said(own, lang), _said(texts.remedy, lang)
    elif finding.outcome is Outcome.CANNOT_TELL:
        reason = _said(texts.untold, lang)
        remedy = _said(texts.untold_remedy or texts.remedy, lang)
    return {
        "rule": finding.rule,
        "name": _said(texts.name, lang),
        "result": str(finding.outcome),
        "severity": finding.severity,
        "value": finding.value or None,
        "unit": finding.unit or None,
        "wanted": finding.wanted or None,
        "reason": reason,
        "remedy": remedy,
    }


def fixed_body(fixed: Fixed, *, lang: Lang) -> dict[str, object]:
    """Return what was made of a file; ``file`` is null when nothing could be, or nothing had to be."""
    left = fixed.after or fixed.before
    made = fixed.content if fixed.changes else None
    return {
        "kind": fixed.before.kind,
        "fixed": fixed.after is not None,
        "before": photo_body(fixed.before, lang=lang),
        "after": None if fixed.after is None else photo_body(fixed.after, lang=lang),
        "changes": [{"change": change, "text": _said(CHANGES[change], lang)} for change in fixed.changes],
        "not_fixed": [
            finding_body(finding, left.kind, lang=lang)
            for finding in left.findings
            if finding.outcome is Outcome.FAILED
        ],
        "file": None
        if made is None
        else {
            "media_type": media_type(fixed.before.kind),
            "size": len(made),
            "sha256": hashlib.sha256(made).hexdigest(),
            "content": base64.b64encode(made).decode("ascii"),
        },
    }


def media_type(kind: Kind) -> str:
    """Return the media type of what the tool makes."""
    return "image/jpeg" if kind == "photo" else "image/png"


def _said(text: Text, lang: Lang) -> str:
    return text.en if lang == "en" else text.zh
