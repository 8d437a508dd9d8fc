"""What callers get back: the bodies of contract's issuing and reading calls as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from certsvc.domain import identity, specialty
from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy, CopyKind, Warning
from certsvc.domain.events import ERASED, HolderFields
from certsvc.domain.policy import Policy
from certsvc.domain.registration import Registration, Specialty, status_on
from certsvc.domain.wording import error_text
from certsvc.qr.payload import page_url
from certsvc.qr.token import show_code
from certsvc.registry.port import RecordedEvent


@dataclass(frozen=True, slots=True)
class Answer:
    """A body and whether it tells of something new."""

    body: Mapping[str, object]
    created: bool
    """True: 201. False: the same request came before, 200."""


def show_instant(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def warnings_body(warnings: Iterable[Warning]) -> list[dict[str, object]]:
    """Show warnings; the message is the official sentence."""
    return [
        {
            "code": warning.code,
            "message": error_text(warning.code).zh,
            "specialty": warning.specialty,
            "days_left": warning.days_left,
        }
        for warning in warnings
    ]


def certificate_body(version: CertificateVersion) -> dict[str, object]:
    """Show which version of which certificate."""
    return {
        "licence_id": version.licence_id,
        "version": version.version,
        "serial": version.serial,
        "previous_licence_id": version.previous_licence_id,
    }


def specialty_body(line: Specialty, holder: HolderFields, today: date, policy: Policy) -> dict[str, object]:
    """Show one specialty of a registration on *today*; whoever was erased renews nothing."""
    birth_date = holder.birth_date
    left = specialty.days_left(line.valid_to, today)
    renewable = not holder.erased and specialty.is_renewable(line.valid_to, birth_date, policy)
    deadline = specialty.renew_deadline(line.valid_to, birth_date, policy) if renewable else None
    return {
        "name": line.name,
        "code": policy.specialty_code(line.name),
        "valid_from": line.valid_from.isoformat(),
        "valid_to": line.valid_to.isoformat(),
        "days_left": left,
        "status": line.status_on(today),
        "renewable": renewable,
        "renew_deadline": deadline.isoformat() if deadline else None,
        "override_reason": line.override_reason,
    }


def registration_body(
    registration: Registration,
    version: CertificateVersion,
    warnings: Sequence[Warning],
    today: date,
    policy: Policy,
) -> dict[str, object]:
    """Show a registration as of a day; the ID number is masked."""
    holder = registration.holder
    gone = holder.erased
    return {
        "registration_number": registration.registration_number,
        "numbers": list(registration.numbers),
        "certificate_type": registration.certificate_type,
        "status": str(status_on(registration, today)),
        "holder": {
            "name": holder.name,
            "sex": None if holder.sex is None else str(holder.sex),
            "birth_date": None if holder.birth_date is None else holder.birth_date.isoformat(),
            "id_type": None if holder.id_type is None else str(holder.id_type),
            "id_no_masked": None if holder.id_number is None else identity.mask_id_number(holder.id_number),
            "photo": holder.photo_sha256 is not None and not gone,
            "signature": holder.signature_sha256 is not None and not gone,
        },
        "employer": {"name": registration.employer.name, "uscc": registration.employer.uscc},
        "specialties": [specialty_body(line, holder, today, policy) for line in registration.specialties],
        "certificate": certificate_body(version),
        "warnings": warnings_body(warnings),
    }


def without_person(outcome: Mapping[str, object], name: str | None) -> Mapping[str, object]:
    """Return the answer an event was given without what registration_body() shows of the person.

    Args:
        outcome: the answer, or an empty one.
        name: what stands for the name; None: the usual word.
    """
    registration = outcome.get("registration")
    if not isinstance(registration, Mapping):
        return outcome
    holder = {
        "name": name or ERASED,
        "sex": None,
        "birth_date": None,
        "id_type": None,
        "id_no_masked": None,
        "photo": False,
        "signature": False,
    }
    return {**outcome, "registration": {**registration, "holder": holder}}


def history_body(history: Iterable[RecordedEvent], versions: Mapping[str, int]) -> dict[str, object]:
    """Show the events of a registration, oldest recording first.

    Args:
        history: events with what each changed.
        versions: version_id -> version number.
    """
    return {
        "items": [
            {
                "event_id": item.event.event_id,
                "type": str(item.event.type),
                "effective_at": show_instant(item.event.effective_at),
                "recorded_at": show_instant(item.event.recorded_at),
                "changed_fields": list(item.changed_fields),
                "version": versions[item.version_id],
                "reason": (
                    {"code": item.event.reason.code, "text": item.event.reason.text}
                    if item.event.reason
                    else None
                ),
                "override_reason": item.event.override_reason,
            }
            for item in history
        ]
    }


def copy_body(copy: Copy, version: CertificateVersion, public_url: str) -> dict[str, object]:
    """Show an issued copy, original or endorsed, as its POST answered and its GET repeats."""
    body: dict[str, object] = {
        "state": str(copy.state),
        "token": copy.token,
        "code": show_code(copy.code),
        "verify_url": page_url(public_url, copy.token),
        "certificate": certificate_body(version),
        "made_at": show_instant(copy.reserved_at),
    }
    if copy.kind is CopyKind.ORIGINAL:
        number = version.face.registration_number
        return body | {
            "licence_id": version.licence_id,
            "version": version.version,
            "files": _files(copy, f"/api/v1/registrations/{quote(number)}/original"),
        }
    assert copy.grant is not None
    return body | {
        "endorsement_id": copy.copy_id,
        "copy_number": copy.copy_number,
        "day": copy.day.isoformat(),
        "purpose": copy.purpose,
        "use_from": copy.grant.use_from.isoformat(),
        "use_until": copy.grant.use_until.isoformat(),
        "cap_reason": str(copy.grant.cap_reason),
        "files": _files(copy, f"/api/v1/endorsements/{copy.copy_id}"),
        "warnings": warnings_body(copy.grant.warnings),
    }


def _files(copy: Copy, base: str) -> dict[str, object]:
    return {
        fmt: {"url": f"{base}.{fmt}", "sha256": file.sha256, "size": file.size}
        for fmt, file in sorted(copy.files.items())
    }
