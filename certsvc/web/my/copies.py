"""Copies and specialties of 我的证书, line by line and in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from certsvc.access.own_certificates import OwnCertificate, is_endorsed
from certsvc.domain import wording
from certsvc.domain.endorsement import Copy, CopyState
from certsvc.domain.report import Status
from certsvc.domain.specialty import days_left
from certsvc.verification.question import Question
from certsvc.web import rows, texts, texts_my
from certsvc.web.current import services
from certsvc.web.report_page import tone_of
from certsvc.web.texts import Lang


class CopyLine(NamedTuple):
    """One copy."""

    copy_id: str
    title: str
    endorsed: bool
    done: bool
    made_on: str
    purpose: str
    """Empty for an original."""
    window: str
    """Empty for an original."""
    state: str
    """Its status now, as the verifier says."""
    words: str
    """The same in words."""
    tone: str
    token: str


class SpecialtyLine(NamedTuple):
    """One specialty."""

    name: str
    valid_to: str
    left: str
    """Days left in words; empty once it has ended."""
    status: str
    soon: bool
    renewal: str
    """By when to renew, or why not; empty while there is plenty of time."""


def copy_lines(copies: Sequence[Copy], lang: Lang) -> list[CopyLine]:
    """Tell each copy with its state now: the one every verifier is given. It is not counted as a look-up."""
    return [_line(copy, lang) for copy in copies]


def _line(copy: Copy, lang: Lang) -> CopyLine:
    words = texts.words(lang, texts_my.MY)
    endorsed, done = is_endorsed(copy), copy.state is CopyState.DONE
    window = ""
    if copy.grant is not None:
        ends = (rows.day(copy.grant.use_from, lang), rows.day(copy.grant.use_until, lang))
        window = f"{ends[0]} {words['until']} {ends[1]}"
    status: Status | None = None
    version = ""
    if done:
        report = services().verifier.verify(Question(token=copy.token))
        status = report.status
        version = f"{report.entry.version.version:03d}" if report.entry is not None else ""
    title = (
        words["my_copy_nr"].format(number=copy.copy_number)
        if endorsed
        else words["my_copy_original"].format(version=version or "—")
    )
    return CopyLine(
        copy_id=copy.copy_id,
        title=title,
        endorsed=endorsed,
        done=done,
        made_on=rows.day(copy.day, lang),
        purpose=copy.purpose or "",
        window=window,
        state="PENDING" if status is None else str(status),
        words=_state(status, endorsed=endorsed, lang=lang),
        tone="unsure" if status is None else tone_of(status, "file"),
        token=copy.token,
    )


def _state(status: Status | None, *, endorsed: bool, lang: Lang) -> str:
    if status is None:
        return texts.said(texts_my.MY["my_being_made"], lang)
    if status is Status.VALID:
        return texts.said(texts_my.MY["my_usable" if endorsed else "my_original_valid"], lang)
    return texts.said(wording.status_text(status), lang)


def specialty_lines(own: OwnCertificate, lang: Lang) -> list[SpecialtyLine]:
    """Tell each specialty with its last day, the days left, and what to do about it in time."""
    words, soon = texts.words(lang, texts_my.MY), {line.name for line in own.warned}
    lines = []
    for line in own.registration.specialties:
        left, deadline = days_left(line.valid_to, own.today), own.deadline(line)
        renewal = ""
        if left >= 0 and deadline is None:
            renewal = words["my_not_renewable"] if line.name in soon else ""
        elif left >= 0 and deadline is not None:
            late = own.today > deadline
            text = words["my_renew_late" if late else "my_renew_by"]
            renewal = text.format(day=rows.day(deadline, lang))
        lines.append(
            SpecialtyLine(
                name=line.name,
                valid_to=rows.day(line.valid_to, lang),
                left=(words["my_days_left"].format(days=left) if left else words["my_last_day"])
                if left >= 0
                else "",
                status=line.status_on(own.today),
                soon=line.name in soon,
                renewal=renewal,
            )
        )
    return lines
