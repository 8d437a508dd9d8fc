"""The page of a scanned record, filled in from the facts straight into prepared bytes.

What a page is made of, report_page and rows say, and prepared puts it into the template; here the same values
are taken from the report one by one, into forms that prepared has cut. A form is used only if both ways gave
the same values for the report it was first made for; tests/web/test_scanned.py compares whole pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from markupsafe import escape

from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.identity import mask_name
from certsvc.domain.report import Finding, Report
from certsvc.errors import DefectError
from certsvc.qr.token import show_code
from certsvc.web import rows, texts
from certsvc.web.assets import Assets
from certsvc.web.prepared import FONT, NONCE, ReportPages
from certsvc.web.report_page import Unmasking, since
from certsvc.web.texts import Lang

_KEPT: Final = 4096
"""Forms, and sequences of findings, in memory; more than there are."""
_LONG_NUMBER: Final = 10**rows.SHORT
"""A number of more digits leaves no room beside it."""
_SPECIAL: Final = re.compile("[&<>'\"]")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the checks of a report say in one language."""

    findings: Sequence[Finding]
    """Held, so that no other sequence comes to stand at the same place in memory."""
    shape: int
    """The same for sequences that differ in the values of their messages alone."""
    messages: tuple[str, ...]
    missing: frozenset[str]
    """What the static font lacks of them."""
    escaped: tuple[str, ...]
    """As they stand in the page; empty when nothing in them has to be escaped."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A page cut at its values, in UTF-8."""

    pieces: tuple[bytes, ...]
    places: tuple[tuple[int, int], ...]
    missing: frozenset[str]
    """Characters of its own that the static font lacks."""


class RecordPages:
    """Makes the pages of records; safe between threads."""

    def __init__(self, pages: ReportPages, assets: Assets) -> None:
        """Take what makes every page, and the fonts."""
        self._pages = pages
        self._assets = assets
        self._said: dict[tuple[int, Lang], _Said] = {}
        self._shapes: dict[tuple[object, ...], int] = {}
        self._forms: dict[tuple[object, ...], _Form | None] = {}

    def page(self, report: Report, *, action: str, lang: Lang, nonce: str) -> bytes:
        """Return the page in UTF-8.

        Args:
            report: of a token, about now.
            action: where the form with the whole name goes.
            lang: the reader's language.
            nonce: of the style.
        """
        entry, face = report.entry, report.face
        copy = entry.copy if entry is not None else None
        if (
            entry is None
            or face is None
            or copy is None
            or face.sex is None
            or report.as_of != report.checked_at
        ):
            return self._otherwise(report, action, lang, nonce)
        said = self._said.get((id(report.findings), lang))
        if said is None or said.findings is not report.findings:
            said = self._say(report.findings, lang)
        lines = report.specialties
        employer, purpose = face.employer.name, copy.purpose or ""
        # Everything a person or a caller once wrote; the rest is made of our own words and of digits.
        free = "".join(
            [
                *(face.name[:1], face.registration_number, employer, purpose, copy.issuer_name),
                report.profession or "",
                *(entry.version.licence_id, *[line.name for line in lines]),
            ]
        )
        if _SPECIAL.search(free) is not None:
            return self._otherwise(report, action, lang, nonce)
        missing = self._assets.missing(free) | said.missing
        newest = entry.newest_copy_number
        key = (
            *(lang, said.shape, report.status, report.state_at_as_of, report.state_now, report.subject),
            *(report.changed_fields, copy.grant is None, newest is None or entry.newest_copy_day is None),
            *(newest == copy.copy_number, bool(missing)),
            copy.copy_number is not None and copy.copy_number >= _LONG_NUMBER,
            tuple([line.status for line in lines]),
        )
        values = _values(report, copy, said.messages, action, lang)
        form = self._forms.get(key)
        if form is None:
            if key not in self._forms:
                form = self._prepare(key, report, values, action, lang, missing)
            if form is None:
                return self._otherwise(report, action, lang, nonce)
        if said.escaped:
            values[-len(said.escaped) :] = said.escaped
        values[NONCE] = nonce
        missing |= form.missing
        if missing:
            values[FONT] = self._assets.font_of(missing)
        pieces = list(form.pieces)
        for place, value in form.places:
            pieces[place] = values[value].encode()
        return b"".join(pieces)

    def _otherwise(self, report: Report, action: str, lang: Lang, nonce: str) -> bytes:
        """Return the page as every other page is made."""
        return self._pages.page(
            report, full=False, unmasking=Unmasking(action=action), lang=lang, of_address=True, nonce=nonce
        ).encode()

    def _prepare(
        self,
        key: tuple[object, ...],
        report: Report,
        found: Sequence[str],
        action: str,
        lang: Lang,
        missing: frozenset[str],
    ) -> _Form | None:
        """Keep the form of a report, or that it has none; *found* are the values the quick way found."""
        unmasking = Unmasking(action=action)
        form, values = self._pages.form_of(report, unmasking=unmasking, lang=lang, missing=missing)
        if len(self._forms) >= _KEPT:
            self._forms.clear()
        self._forms[key] = None
        if values == found:
            pieces = tuple([piece.encode() for piece in form.pieces])
            self._forms[key] = _Form(pieces, form.places, form.missing)
        return self._forms[key]

    def _say(self, findings: Sequence[Finding], lang: Lang) -> _Said:
        lines = rows.check_lines(findings, lang)
        messages = tuple([line.message for line in lines])
        shape = (
            tuple([(one.check, one.result, one.code) for one in findings]),
            tuple([bool(message) for message in messages]),
        )
        if len(self._said) >= _KEPT:
            self._said.clear()
        text = "".join(messages)
        number = self._shapes.setdefault(shape, len(self._shapes))
        escaped = tuple([str(escape(one)) for one in messages]) if _SPECIAL.search(text) else ()
        said = _Said(findings, number, messages, self._assets.missing(text), escaped)
        self._said[id(findings), lang] = said
        return said


@lru_cache(maxsize=_KEPT)
def _window(first: date, last: date, lang: Lang) -> tuple[str, str, str]:
    """Return the days of use as rows.use_rows() writes them: in one, and in two pieces."""
    begin, end = rows.day(first, lang), f"{texts.words(lang)['until']} {rows.day(last, lang)}"
    return f"{begin} {end}", begin, end


def _values(report: Report, copy: Copy, messages: Sequence[str], action: str, lang: Lang) -> list[str]:
    """Return what stands in the places of a form; in the order, and made as, prepared and rows have it."""
    entry, face = report.entry, report.face
    if entry is None or face is None or face.sex is None:
        raise DefectError("only the page of a record that was found is filled in")
    version, grant, newest = entry.version, copy.grant, entry.newest_copy_number
    values = [
        *("", "", rows.instant(report.checked_at, lang), report.checked_at.isoformat()),
        *(since(report, lang) or "", action),
        *(mask_name(face.name), rows.sex(face.sex, lang), report.profession or face.certificate_type),
        *(face.registration_number, face.employer.name),
    ]
    if grant is not None:
        values += _window(grant.use_from, grant.use_until, lang)
        values += (copy.purpose or "", str(copy.copy_number))
        if newest == copy.copy_number:
            values.append(texts.words(lang)["this_is_newest"])
        elif newest is not None and entry.newest_copy_day is not None:
            values.append(f"{newest} · {rows.day(entry.newest_copy_day, lang)}")
    values += (copy.issuer_name, rows.day(beijing_day(version.created_at), lang))
    values += (show_code(copy.code), f"{version.version:03d}", version.licence_id)
    for line in report.specialties:
        values += (line.name, rows.day(line.valid_to, lang), str(line.days_left))
    values += messages
    return values
