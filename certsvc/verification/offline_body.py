"""The report of a check without a connection as JSON: the API's report, filled from what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from certsvc.domain.offline_claims import Claims, Told
from certsvc.domain.report import SpecialtyLine
from certsvc.verification.answers import report_body
from certsvc.verification.licence_data import LicenceData
from certsvc.verification.offline import OfflineReport
from certsvc.verification.receipt import instant_text
from certsvc.verification.trust_bundle import Bundle


def offline_body(answer: OfflineReport, bundle: Bundle, *, lang: Literal["zh", "en"]) -> dict[str, object]:
    """Show an answer with the whole face: who asks has the paper or the file in hand.

    ``offline`` names the bundle and the list it rests on. Where nothing that was handed in is believed,
    ``list_issued_at`` is that of the oldest list there is; it is null when no list speaks of the copy.
    A text of which the code holds only a digest is null and named in ``left_out``.
    """
    report, listed = answer.report, answer.list_issued_at
    if answer.claims is None and answer.data is None:
        listed = bundle.status_issued_at
    body = report_body(report, issuer_name=bundle.issuer, lang=lang, full=True)
    said = _of_claims(answer.claims, bundle) if answer.claims is not None else {}
    said |= _of_file(answer.data) if answer.data is not None else {}
    certificate = said.get("certificate")
    if isinstance(certificate, dict):
        certificate["specialties"] = [_line(one) for one in report.specialties]
    return (
        body
        | said
        | {
            "offline": {
                "list_issued_at": instant_text(listed) if listed is not None else None,
                "bundle_issued_at": instant_text(bundle.issued_at),
                "public_url": bundle.public_url,
                "trust_key": bundle.trust_key,
                "left_out": list(answer.claims.left_out) if answer.claims is not None else [],
            }
        }
    )


def _of_claims(claims: Claims, bundle: Bundle) -> dict[str, object]:
    return {
        "certificate": {
            "licence_id": claims.licence_id,
            "version": _version(claims.licence_id),
            "profession": claims.profession,
            "registration_number": claims.registration_number,
            "name": _text(claims.name),
            "sex": str(claims.sex),
            "birth_date": claims.birth_date.isoformat(),
            "employer": _text(claims.employer),
            "issuer": bundle.issuer,
        },
        "endorsement": {
            "copy_number": claims.copy_number,
            "purpose": _text(claims.purpose),
            "use_from": claims.use_from.isoformat(),
            "use_until": claims.use_until.isoformat(),
            "issued_at": instant_text(claims.issued_at),
        },
    }


def _of_file(data: LicenceData) -> dict[str, object]:
    said, signed = data.elements, data.signed
    certificate = {
        "licence_id": said.get("ZZBS"),
        "version": _version(said.get("ZZBS", "")),
        "profession": said.get("KZ_certClass"),
        "registration_number": said.get("ZZBH"),
        "name": said.get("CZZT"),
        "employer": said.get("KZ_empEnp"),
        "issuer": said.get("ZZBFJG"),
    }
    if signed.use_from is None or signed.use_until is None:
        return {"certificate": certificate}
    return {
        "certificate": certificate,
        "endorsement": {
            "purpose": said.get("JZJZZSY"),
            "use_from": signed.use_from.isoformat(),
            "use_until": signed.use_until.isoformat(),
            "issued_at": instant_text(signed.issued_at),
        },
    }


def _line(line: SpecialtyLine) -> Mapping[str, object]:
    return {
        "name": line.name,
        "valid_from": line.valid_from.isoformat(),
        "valid_to": line.valid_to.isoformat(),
        "days_left": line.days_left,
        "status": line.status,
    }


def _text(told: Told) -> str | None:
    return told if isinstance(told, str) else None


def _version(licence_id: str) -> int | None:
    """Return the version, the last part but one of a licence id."""
    parts = licence_id.split(".")
    return int(parts[-2]) if len(parts) > 2 and parts[-2].isdecimal() else None
