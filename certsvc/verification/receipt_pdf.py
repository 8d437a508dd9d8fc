"""The verification report for people: one sealed PDF page that carries the signed receipt.

It is passed on with the papers of a tender, so it shows the name in part and the registration number, and
nothing else of a person: enough to see whose certificate was checked, for who has that certificate in hand.
Nothing a caller typed stands on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final, Literal

from certsvc.domain import texts_receipt as texts
from certsvc.domain import wording
from certsvc.domain.clock import BEIJING
from certsvc.domain.identity import mask_name
from certsvc.domain.report import FileOutcome, Finding, Report, Result, Status, Verdict
from certsvc.domain.text import Text
from certsvc.domain.texts_fields import FIELDS
from certsvc.errors import DefectError
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts
from certsvc.page.receipt_sheet import CheckRow, Sheet, Tone, compose_receipt
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.pdf_reference import seal_pdf
from certsvc.sealing.port import Signer
from certsvc.verification.answers import issuer_of
from certsvc.verification.question import Question
from certsvc.verification.receipt import Receipts, input_sha256

Lang = Literal["zh", "en"]

_TONES: Final[dict[Result, Tone]] = {
    Result.PASS: "pass",
    Result.FAIL: "fail",
    Result.UNKNOWN: "unsure",
    Result.SKIP: "idle",
}


class ReportPress:
    """Makes reports; safe to share between threads."""

    def __init__(
        self,
        *,
        receipts: Receipts,
        fonts: FontChain,
        renderer: Callable[[], ReferenceRenderer],
        issuer_name: str,
        public_url: str,
    ) -> None:
        """Take what a page is made of; *renderer*, which is large, is asked for with the first page."""
        self._receipts = receipts
        self._fonts = fonts
        self._renderer = renderer
        self._issuer_name = issuer_name
        self._public_url = public_url

    def get_ready(self) -> None:
        """Load now what the first page would wait half a second for."""
        self._renderer()

    def make(self, report: Report, question: Question, *, lang: Lang) -> bytes:
        """Return the sealed page; its receipt says what the JSON answer's would.

        Raises:
            KeyMaterialError: there is no key for receipts that may sign now.
            DefectError: the sealed page fails our own strict check.
        """
        jws = self._receipts.give(report, question)
        signer = self._receipts.signer_at(report.checked_at)
        page = compose_receipt(self._sheet(report, question, jws, signer, lang), self._fonts)
        made_at = report.checked_at.astimezone(UTC).replace(microsecond=0)
        facts = DocumentFacts(
            title=_said(texts.TITLE, lang),
            document_id=hashlib.sha256(jws.encode()).hexdigest(),
            created_at=made_at.isoformat().replace("+00:00", "Z"),
            metadata=(),
            author=self._issuer_name,
            receipt=jws,
        )
        sealed = seal_pdf(
            self._renderer().render(page, facts),
            signer=signer,
            stamp=page.stamp,
            at=made_at,
            reason=f"{texts.TITLE.zh} {texts.TITLE.en}",
            location=self._issuer_name,
        )
        if check_pdf(sealed, self._receipts.known_keys()).outcome is not FileOutcome.INTACT:
            raise DefectError("a sealed verification report fails the strict check")
        return sealed

    def _sheet(self, report: Report, question: Question, jws: str, signer: Signer, lang: Lang) -> Sheet:
        subject: Literal["file", "record"] = "file" if report.subject == "file" else "record"
        # Of a scan or an altered file the record is only what it claims to be.
        own = report.status in (Status.NO_SIGNATURE, Status.ALTERED)
        test_keys = {key.key_id for key in self._receipts.known_keys() if key.development}
        label = _labels(lang)
        idle = [_said(wording.check_text(one.check), lang) for one in report.findings if _is_idle(one)]
        return Sheet(
            issuer=self._issuer_name,
            title=_said(texts.TITLE, lang),
            not_a_certificate=(texts.NOT_A_CERTIFICATE.zh, texts.NOT_A_CERTIFICATE.en),
            tone=_tone(report),
            heading=_said(wording.report_heading(report), lang),
            status=str(report.status) + ("" if subject == "file" else label["of_record"]),
            advice=_said(_advice(report, subject), lang),
            asked_title=label["asked"],
            asked=tuple(_asked(report, question, self._receipts.specialty_of(question), lang)),
            record_title=label["record_claimed" if own else "record"],
            record=tuple(_record(report, self._issuer_name, lang)),
            record_note=label["masked"],
            checks_title=label["checks"],
            checks=tuple(_checks(report.findings, self._receipts.specialties, lang)),
            idle=f"{label['idle']}{label['colon']}{label['comma'].join(idle)}" if idle else "",
            receipt_title=label["receipt"],
            receipt=(
                (label["digest"], hashlib.sha256(jws.encode()).hexdigest()),
                (label["key"], signer.key_id),
            ),
            how=_said(texts.HOW, lang).format(site=self._public_url),
            seal_line=texts.TITLE.zh,
            # Sealed with a test key it must not pass for a real report on paper either.
            specimen=texts.SPECIMEN.zh if signer.key_id in test_keys else "",
        )


def _asked(
    report: Report, question: Question, specialty: str | None, lang: Lang
) -> Iterator[tuple[str, str]]:
    """Tell what was handed in, and of which instant the answer speaks."""
    label = _labels(lang)
    yield label["kind"], _said(texts.KINDS[report.kind], lang)
    yield label["sha256"], input_sha256(question)
    if specialty is not None:
        yield label["wanted"], specialty
    yield _field("as_of", lang), _instant(report.as_of, lang)
    yield _field("checked_at", lang), _instant(report.checked_at, lang)
    if report.state_now is not None and report.state_now != report.state_at_as_of:
        # With a specialty asked for, EXPIRED may be said of that one alone.
        of_one = specialty is not None and report.state_now is Status.EXPIRED
        state = wording.SPECIALTY_HEADING if of_one else wording.status_text(report.state_now, "record")
        yield _field("state_now", lang), _said(state, lang)


def _record(report: Report, issuer_name: str, lang: Lang) -> Iterator[tuple[str, str]]:
    """Tell which certificate, and which copy of how many."""
    entry, face = report.entry, report.face
    if entry is None or face is None:
        return
    label = _labels(lang)
    yield _field("certificate_type", lang), report.profession or face.certificate_type
    yield _field("registration_number", lang), face.registration_number
    yield _field("name", lang), face.name if face.erased else mask_name(face.name)
    yield _field("issuer", lang), issuer_of(report, issuer_name)
    yield _field("licence_id", lang), entry.version.licence_id
    copy = entry.copy
    if copy is not None and copy.grant is not None:
        window = copy.grant.use_from, copy.grant.use_until
        yield _field("usage_period", lang), " – ".join(_day(day, lang) for day in window)
        yield _field("copy_number", lang), str(copy.copy_number)
        if entry.newest_copy_number == copy.copy_number:
            yield label["newest_copy"], label["this_is_newest"]
        elif entry.newest_copy_number is not None and entry.newest_copy_day is not None:
            yield label["newest_copy"], f"{entry.newest_copy_number} · {_day(entry.newest_copy_day, lang)}"
    if report.changed_fields:
        changed = [_field(name, lang) for name in report.changed_fields]
        yield _field("changed_fields", lang), label["comma"].join(changed)


def _checks(findings: Sequence[Finding], specialties: Collection[str], lang: Lang) -> Iterator[CheckRow]:
    """Tell each check once, with the details of all its findings of one code together.

    Of details only days, names of fields and *specialties* are told: anything else may come out of a
    stranger's file, and must not stand over our seal.
    """
    comma = _labels(lang)["comma"]
    grouped: dict[tuple[str, Result, str], list[str]] = {}
    for finding in findings:
        if not _is_idle(finding):
            details = grouped.setdefault((finding.check, finding.result, finding.code), [])
            parts = finding.detail.split(", ")
            details += [part if part in specialties else _plain(part, lang) for part in parts]
    before, said = "", ""
    for (check, result, code), details in grouped.items():
        sentence = _said(wording.finding_text(code), lang)
        if told := comma.join(filter(None, details)):
            sentence += f"（{told}）" if lang == "zh" else f" ({told})"
        name = _said(wording.check_text(next(one.check for one in findings if one.check == check)), lang)
        yield CheckRow(
            tone=_TONES[result],
            name="" if name == before else name,
            outcome=_said(texts.RESULTS[result], lang),
            # A sentence that would be repeated is said once.
            sentence="" if sentence == said else sentence,
        )
        before, said = name, sentence


def _advice(report: Report, subject: Literal["file", "record"]) -> Text:
    if report.status is Status.VALID and subject == "record":
        return texts.RECORD_ADVICE
    return wording.report_advice(report)


def _tone(report: Report) -> Tone:
    if report.verdict is Verdict.VALID:
        return "pass" if report.subject == "file" else "record"
    return "fail" if report.verdict is Verdict.INVALID else "unsure"


def _is_idle(finding: Finding) -> bool:
    return finding.code == "NOT_APPLICABLE"


def _plain(part: str, lang: Lang) -> str:
    """Write a day or the name of a field as people read it; anything else is left out."""
    if part in FIELDS:
        return _field(part, lang)
    try:
        return _day(date.fromisoformat(part), lang)
    except ValueError:
        return ""


def _labels(lang: Lang) -> dict[str, str]:
    return {name: _said(text, lang) for name, text in texts.SHEET.items()}


def _field(name: str, lang: Lang) -> str:
    return _said(wording.field_text(name), lang)


def _day(day: date, lang: Lang) -> str:
    return _said(wording.day_text(day), lang)


def _instant(instant: datetime, lang: Lang) -> str:
    local = instant.astimezone(BEIJING)
    return f"{_day(local.date(), lang)} {local:%H:%M:%S}{_said(texts.SHEET['beijing'], lang)}"


def _said(text: Text, lang: Lang) -> str:
    return text.en if lang == "en" else text.zh
