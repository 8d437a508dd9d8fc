"""The Report as JSON (contract: Report), whole or masked."""

from __future__ import annotations

from typing import Literal

from certsvc.domain.endorsement import CopyKind
from certsvc.domain.identity import is_name, mask_name
from certsvc.domain.report import Check, Finding, Report, Result
from certsvc.domain.wording import finding_text
from certsvc.verification.receipt import instant_text


def may_show_full(report: Report, typed_name: str | None = None) -> bool:
    """Tell whether a public caller may see the name: a file of ours in hand, or the right name typed."""
    if report.face is None or report.face.erased:
        return False
    if any(one.check is Check.FILE_IS_OURS and one.result is Result.PASS for one in report.findings):
        # Not for a record alone: anybody can make a scan that names somebody's record.
        return True
    return typed_name is not None and is_name(typed_name, report.face.name)


def issuer_of(report: Report, default: str) -> str:
    """Return who issued, as the copy in hand prints it; *default* for a record nobody printed."""
    copy = report.entry.copy if report.entry is not None else None
    return copy.issuer_name if copy is not None else default


def report_body(
    report: Report,
    *,
    issuer_name: str,
    lang: Literal["zh", "en"],
    full: bool,
    receipt: str | None = None,
) -> dict[str, object]:
    """Show a report.

    Args:
        report: what judge said.
        issuer_name: 颁发机构 of this service, for a record that is on no paper.
        lang: language of the findings' sentences; codes never change.
        full: whole name and birth date; else the name is masked and the birth date left out.
        receipt: the signed receipt, when one was asked for.
    """
    return {
        "verdict": str(report.verdict),
        "status": str(report.status),
        "subject": report.subject,
        "kind": str(report.kind),
        "as_of": instant_text(report.as_of),
        "checked_at": instant_text(report.checked_at),
        "state_at_as_of": str(report.state_at_as_of) if report.state_at_as_of else None,
        "state_now": str(report.state_now) if report.state_now else None,
        "wet_signature_required_on_print": report.wet_signature_required_on_print,
        "findings": [_finding(finding, lang) for finding in report.findings],
        "certificate": _certificate(report, issuer_name, full),
        "endorsement": _endorsement(report),
        "changed_fields": list(report.changed_fields),
        "receipt": receipt,
    }


def _finding(finding: Finding, lang: Literal["zh", "en"]) -> dict[str, object]:
    text = finding_text(finding.code)
    return {
        "check": str(finding.check),
        "result": str(finding.result),
        "code": finding.code,
        "message": text.zh if lang == "zh" else text.en,
        "detail": finding.detail,
    }


def _certificate(report: Report, issuer_name: str, full: bool) -> dict[str, object] | None:
    if report.entry is None or report.face is None:
        return None
    version, face = report.entry.version, report.face
    body: dict[str, object] = {
        "licence_id": version.licence_id,
        "version": version.version,
        "certificate_type": face.certificate_type,
        "profession": report.profession,
        "registration_number": face.registration_number,
        "name": face.name if full or face.erased else mask_name(face.name),
        "sex": None if face.sex is None else str(face.sex),
        "employer": face.employer.name,
        "specialties": [
            {
                "name": line.name,
                "valid_from": line.valid_from.isoformat(),
                "valid_to": line.valid_to.isoformat(),
                "days_left": line.days_left,
                "status": line.status,
            }
            for line in report.specialties
        ],
        "issuer": issuer_of(report, issuer_name),
        "issued_at": instant_text(version.created_at),
    }
    if full and face.birth_date is not None:
        body["birth_date"] = face.birth_date.isoformat()
    return body


def _endorsement(report: Report) -> dict[str, object] | None:
    copy = report.entry.copy if report.entry is not None else None
    if copy is None or copy.kind is not CopyKind.ENDORSEMENT or copy.grant is None or report.entry is None:
        return None
    newest_day = report.entry.newest_copy_day
    return {
        "endorsement_id": copy.copy_id,
        "copy_number": copy.copy_number,
        "purpose": copy.purpose,
        "use_from": copy.grant.use_from.isoformat(),
        "use_until": copy.grant.use_until.isoformat(),
        "newest_copy_number": report.entry.newest_copy_number,
        "newest_copy_day": newest_day.isoformat() if newest_day is not None else None,
    }
